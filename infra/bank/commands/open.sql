/*
request: PUT /accounts/{account}
body: { required: [owner], properties: { owner: { type: string, minLength: 1, maxLength: 200 } } }
constraints: { event_pkey: 409 there is an account of this name already }
answer: 201 /balance/{account}
*/
insert into event (stream, version, type, data) values (:account, 1, 'Opened', jsonb_build_object('owner', :owner::text))
returning stream as account, version, data ->> 'owner' as owner, 0.00 as balance;
