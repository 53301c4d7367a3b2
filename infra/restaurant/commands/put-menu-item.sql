/*
request: PUT /menu/{sku}
body:
  required: [name, price, available]
  properties:
    name: { type: string, minLength: 1, maxLength: 200 }
    price: { type: number, minimum: 0, maximum: 99999999.99, multipleOf: 0.01 }
    available: { type: boolean }
answer: { created: 201 /menu/{sku}, else: 200 }
*/
insert into menu_item (sku, name, price, available)
values (:sku, :name, :price, :available)
on conflict (sku) do update set name = excluded.name, price = excluded.price, available = excluded.available
returning sku, name, price, available, xmax = 0 as created;
