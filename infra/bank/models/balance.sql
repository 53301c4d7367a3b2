/*
key: account
version: version
aggregates: true
stores: [search]
*/
select stream as account, max(version) as version, max(data ->> 'owner') as owner,
  sum(case when type in ('Deposited', 'Received') then (data ->> 'amount')::numeric(14,2)
           when type in ('Withdrawn', 'Sent') then -(data ->> 'amount')::numeric(14,2)
           else 0.00 end) as balance
from event
group by stream
