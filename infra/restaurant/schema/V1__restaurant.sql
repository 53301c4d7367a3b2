-- The write side of the restaurant: normalised, and nothing in it for the convenience of readers.

create table menu_item (
  sku       text primary key check (sku <> ''),
  name      text not null check (name <> ''),
  price     numeric(10,2) not null check (price >= 0),
  available boolean not null
);

create table orders (
  id         uuid primary key,
  kind       text not null check (kind in ('dine-in', 'takeaway')),
  table_no   integer check (table_no > 0),
  customer   text check (customer <> ''),
  status     text not null check (status in ('placed', 'preparing', 'ready', 'served', 'cancelled')),
  version    bigint not null default 1,
  placed_at  timestamptz not null,
  updated_at timestamptz not null,
  check (kind <> 'dine-in' or table_no is not null),
  check (kind <> 'takeaway' or customer is not null)
);

-- No foreign key to menu_item: a dish may leave the menu once its orders are closed, and what was
-- sold stays sold. Open orders are guarded by the command that takes a dish off the menu.
create table order_item (
  order_id   uuid not null references orders on delete cascade,
  line       integer not null check (line > 0),
  sku        text not null,
  quantity   integer not null check (quantity > 0),
  unit_price numeric(10,2) not null,
  primary key (order_id, line)
);

create index order_item_sku on order_item (sku);
