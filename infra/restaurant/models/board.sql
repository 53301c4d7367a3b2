/*
key: order_id
indexes: [placed_at]
*/
select o.id as order_id, o.kind,
  case o.kind when 'dine-in' then 'table ' || o.table_no else o.customer end as place,
  o.status, o.placed_at,
  coalesce(sum(i.quantity), 0)::integer as dishes,
  coalesce(
    jsonb_agg(
      jsonb_build_object('sku', i.sku, 'name', m.name, 'quantity', i.quantity)
      order by i.line) filter (where i.line is not null),
    '[]') as items
from orders o
  left join order_item i on i.order_id = o.id
  left join menu_item m on m.sku = i.sku
where o.status in ('placed', 'preparing', 'ready')
group by o.id
