/*
request: PUT /orders/{id}/status
path: { id: uuid }
body: { required: [status], properties: { status: { enum: [placed, preparing, ready, served, cancelled] } } }
state: select status, version from orders where id = :id for update
*/
select 'conflict' as refused, format('The order is %s and can''t become %s.', :state.status, :status) as detail
where (:state.status, :status) not in (
  ('placed', 'preparing'), ('preparing', 'ready'), ('ready', 'served'),
  ('placed', 'cancelled'), ('preparing', 'cancelled'), ('ready', 'cancelled'));

update orders set status = :status, version = version + 1, updated_at = now() where id = :id
returning id, status, version,
  (select coalesce(sum(quantity * unit_price), 0) from order_item where order_id = :id) as total;
