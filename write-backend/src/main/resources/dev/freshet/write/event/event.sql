create table ${table} (
  stream  text not null,
  version bigint not null check (version > 0),
  type    text not null,
  data    jsonb not null,
  meta    jsonb not null default coalesce(nullif(current_setting('freshet.meta', true), '')::jsonb, '{}'),
  at      timestamptz not null default clock_timestamp(),
  primary key (stream, version)
);

-- Whoever is a member may delete a stream, as the law may ask for; nobody may change one.
do $$ begin
  create role freshet_eraser nologin;
exception when duplicate_object then null;
end $$;

create function ${table}_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and pg_has_role(current_user, 'freshet_eraser', 'member') then
    return old;
  end if;
  raise exception 'Events are not changed and not deleted; append one that says what is so now.'
    using errcode = 'PT409';
end $$;

create trigger append_only before update or delete on ${table} for each row execute function ${table}_is_append_only();
create trigger append_only_as_a_whole before truncate on ${table} for each statement execute function ${table}_is_append_only();
