-- Migrations: ./freshet up runs those that have not run. Change this by a V2__….sql.
create table note (
  id         bigint primary key generated always as identity,
  text       text not null check (text <> ''),
  version    bigint not null default 1,
  created_at timestamptz not null default now()
);
