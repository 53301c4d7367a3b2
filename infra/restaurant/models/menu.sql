/*
key: sku
indexes: [name]
stores: [search]
*/
select m.sku, m.name, m.price, m.available,
  coalesce(sum(i.quantity) filter (where o.status <> 'cancelled'), 0)::bigint as sold
from menu_item m
  left join order_item i on i.sku = m.sku
  left join orders o on o.id = i.order_id
group by m.sku
