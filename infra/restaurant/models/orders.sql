/*
key: id
version: version
indexes: [status, "placed_at desc"]
stores: [search]
*/
select o.id, o.kind, o.table_no, o.customer, o.status, o.version, o.placed_at, o.updated_at,
  coalesce(sum(i.quantity * i.unit_price), 0)::numeric(12,2) as total,
  coalesce(
    jsonb_agg(
      jsonb_build_object('line', i.line, 'sku', i.sku, 'name', m.name,
        'quantity', i.quantity, 'unit_price', i.unit_price)
      order by i.line) filter (where i.line is not null),
    '[]') as items
from orders o
  left join order_item i on i.order_id = o.id
  left join menu_item m on m.sku = i.sku
group by o.id
