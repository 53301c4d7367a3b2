/*
key: [account, version]
*/
select stream as account, version, type, (data ->> 'amount')::numeric(14,2) as amount, data ->> 'other' as other,
  sum(case when type in ('Deposited', 'Received') then (data ->> 'amount')::numeric(14,2)
           when type in ('Withdrawn', 'Sent') then -(data ->> 'amount')::numeric(14,2)
           else 0.00 end) over (partition by stream order by version) as balance,
  at
from event
