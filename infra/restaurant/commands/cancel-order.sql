/*
request: DELETE /orders/{id}
path: { id: uuid }
state: select status, version from orders where id = :id for update
answer: 204
*/
select 'conflict' as refused, 'The order is served and can''t be cancelled.' as detail
where :state.status = 'served';

-- Cancelling twice is fine: the order is as the client wants it.
update orders set status = 'cancelled', version = version + 1, updated_at = now()
where id = :id and status <> 'cancelled';

select version from orders where id = :id;
