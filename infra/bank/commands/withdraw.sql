/*
request: POST /accounts/{account}/withdrawals
body: { required: [amount], properties: { amount: { type: number, exclusiveMinimum: 0, maximum: 1000000, multipleOf: 0.01 } } }
state: select version, balance from read.balance where account = :account
problems: { not-enough: 409 }
retry: 10
*/
select 'not-enough' as refused, format('The account has %s.', :state.balance) as detail
where :state.balance < :amount;

insert into event (stream, version, type, data)
values (:account, :state.version + 1, 'Withdrawn', jsonb_build_object('amount', :amount))
returning stream as account, version, :state.balance - :amount as balance;
