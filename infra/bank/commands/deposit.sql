/*
request: POST /accounts/{account}/deposits
body: { required: [amount], properties: { amount: { type: number, exclusiveMinimum: 0, maximum: 1000000, multipleOf: 0.01 } } }
state: select version, balance from read.balance where account = :account
retry: 10
*/
insert into event (stream, version, type, data)
values (:account, :state.version + 1, 'Deposited', jsonb_build_object('amount', :amount))
returning stream as account, version, :state.balance + :amount as balance;
