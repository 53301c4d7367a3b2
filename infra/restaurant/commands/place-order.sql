/*
request: POST /orders
body:
  required: [kind, items]
  properties:
    kind: { enum: [dine-in, takeaway] }
    table_no: { type: integer, minimum: 1, maximum: 10000 }
    customer: { type: string, minLength: 1, maxLength: 200 }
    items:
      type: array
      minItems: 1
      maxItems: 100
      items:
        required: [sku, quantity]
        properties:
          sku: { type: string, minLength: 1, maxLength: 100 }
          quantity: { type: integer, minimum: 1, maximum: 1000 }
  allOf:
    - if: { properties: { kind: { const: dine-in } }, required: [kind] }
      then: { required: [table_no] }
    - if: { properties: { kind: { const: takeaway } }, required: [kind] }
      then: { required: [customer], properties: { table_no: false } }
answer: 201 /orders/{id}
*/

-- No dish of the order leaves the menu until the order is placed.
select sku from menu_item
where sku in (select item ->> 'sku' from jsonb_array_elements(:items) item)
order by sku for key share;

select 'invalid' as refused, format('/items/%s/sku', i.n - 1) as pointer,
  case when m.sku is null then format('the menu has no ''%s''', i.sku) else format('''%s'' is not available now', i.sku) end as message
from rows from (jsonb_to_recordset(:items) as (sku text, quantity int)) with ordinality as i(sku, quantity, n)
left join menu_item m on m.sku = i.sku
where m.sku is null or not m.available
order by i.n;

with placed as (
  insert into orders (id, kind, table_no, customer, status, version, placed_at, updated_at)
  values (gen_random_uuid(), :kind, :table_no, :customer, 'placed', 1, now(), now())
  returning id, status, version
), lines as (
  insert into order_item (order_id, line, sku, quantity, unit_price)
  select placed.id, i.line, i.sku, i.quantity, m.price
  from placed
  cross join rows from (jsonb_to_recordset(:items) as (sku text, quantity int)) with ordinality as i(sku, quantity, line)
  join menu_item m on m.sku = i.sku
  returning quantity * unit_price as price
)
select id, status, version, (select sum(price) from lines) as total from placed;
