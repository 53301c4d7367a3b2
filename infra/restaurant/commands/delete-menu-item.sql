/*
request: DELETE /menu/{sku}
state: select sku from menu_item where sku = :sku for update
answer: 204
*/
select 'conflict' as refused,
  format('%s open order(s) have ''%s''. Serve or cancel them first, or make the dish unavailable.', count(distinct o.id), :sku) as detail
from order_item i join orders o on o.id = i.order_id
where i.sku = :sku and o.status not in ('served', 'cancelled')
having count(*) > 0;

delete from menu_item where sku = :sku;
