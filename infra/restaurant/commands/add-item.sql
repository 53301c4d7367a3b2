/*
request: POST /orders/{id}/items
path: { id: uuid }
body:
  required: [sku, quantity]
  properties:
    sku: { type: string, minLength: 1, maxLength: 100 }
    quantity: { type: integer, minimum: 1, maximum: 1000 }
state: select status from orders where id = :id for update
*/
select 'conflict' as refused, format('The order is %s and takes no further dishes.', :state.status) as detail
where :state.status not in ('placed', 'preparing');

-- The dish stays on the menu until this is done.
select sku from menu_item where sku = :sku for key share;

select 'invalid' as refused, '/sku' as pointer,
  case when m.sku is null then format('the menu has no ''%s''', i.sku) else format('''%s'' is not available now', i.sku) end as message
from (select :sku::text as sku) i left join menu_item m on m.sku = i.sku
where m.sku is null or not m.available;

insert into order_item (order_id, line, sku, quantity, unit_price)
select :id, coalesce((select max(line) from order_item where order_id = :id), 0) + 1, m.sku, :quantity, m.price
from menu_item m where m.sku = :sku;

update orders set version = version + 1, updated_at = now() where id = :id
returning id, status, version,
  (select sum(quantity * unit_price) from order_item where order_id = :id) as total;
