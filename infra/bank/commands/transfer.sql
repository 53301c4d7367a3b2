/*
request: POST /transfers
body:
  required: [from, to, amount]
  properties:
    from: { type: string }
    to: { type: string }
    amount: { type: number, exclusiveMinimum: 0, maximum: 1000000, multipleOf: 0.01 }
state: >-
  select f.version as from_version, f.balance, t.version as to_version
  from read.balance f, read.balance t where f.account = :from and t.account = :to
state-missing: null
problems: { not-enough: 409 }
idempotency: required
retry: 10
*/
select 'invalid' as refused, pointer, message
from (values ('/from', 'there is no such account'), ('/to', 'there is no such account')) as side(pointer, message)
where not exists (select from event where stream = case pointer when '/from' then :from else :to end)
union all
select 'invalid', '/to', 'is the same account' where :from = :to;

select 'not-enough' as refused, format('The account has %s.', :state.balance) as detail
where :state.balance < :amount;

-- Both or neither. Ordered, so that two transfers meet at the same account first.
with moved as (
  insert into event (stream, version, type, data)
  select stream, version, type, jsonb_build_object('amount', :amount, 'other', other)
  from (values (:from, :state.from_version + 1, 'Sent', :to), (:to, :state.to_version + 1, 'Received', :from)) as side(stream, version, type, other)
  order by stream
  returning stream, version
)
select stream as account, version, :state.balance - :amount as balance from moved where stream = :from;
