/*
key: hour
*/
select date_trunc('hour', o.placed_at at time zone 'UTC') as hour,
  count(distinct o.id) as orders,
  coalesce(sum(i.quantity * i.unit_price), 0)::numeric(14,2) as revenue
from orders o
  left join order_item i on i.order_id = o.id
where o.status <> 'cancelled'
group by date_trunc('hour', o.placed_at at time zone 'UTC')
