/*
key: type
aggregates: true
*/
select type, count(*) as events, sum((data ->> 'amount')::numeric(14,2)) as amount
from event
group by type
