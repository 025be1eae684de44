/** The version of {@link SCHEMA_TEXT}. A later one is for a release that can live with both. */
export const SCHEMA_VERSION = 1;

/** First number of all advisory locks of this transport; the second is a session, or one of the two below. */
export const LOCK_CLASS = 1_263_094_094;
export const SCHEMA_LOCK = -1;

/**
 * All that the transport keeps (docs/decisions/0021-a-broker-in-postgresql.md). Casts and dead letters outlive a crash of the server; the
 * rest, which nobody waits for after one, is unlogged.
 */
export const SCHEMA_TEXT = `
create schema if not exists messaging;

create table messaging.schema_version (version integer not null);
insert into messaging.schema_version values (${SCHEMA_VERSION});

create sequence messaging.session_ids as integer cycle;
create unlogged table messaging.sessions (id integer primary key, lease_until timestamptz not null);
create unlogged table messaging.listeners (
  id uuid not null, queue text not null, session integer not null, primary key (queue, id)
);
create index on messaging.listeners (session);

create unlogged table messaging.calls (
  id text primary key,
  number bigint generated always as identity,
  queue text not null,
  caller integer not null,
  worker integer,
  expires_at timestamptz not null,
  body bytea not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index on messaging.calls (queue, number) where worker is null;
create index on messaging.calls (expires_at);

create unlogged table messaging.answers (
  session integer not null,
  number bigint generated always as identity,
  call text not null,
  type text not null,
  code text not null,
  body bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (session, number)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index on messaging.answers (at);

create unlogged table messaging.fanouts (
  id bigint generated always as identity primary key,
  body bytea not null,
  at timestamptz not null default clock_timestamp()
);
create index on messaging.fanouts (at);

create table messaging.casts (
  id bigint generated always as identity primary key,
  queue text not null,
  body bytea not null,
  cast_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  deliveries integer not null default 0,
  taken_by integer,
  reason text not null default ''
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index on messaging.casts (queue, due_at, id) where taken_by is null;
create index on messaging.casts (due_at) where taken_by is null;
create index on messaging.casts (taken_by) where taken_by is not null;
create index on messaging.casts (cast_at) where taken_by is null and strpos(queue, '/') > 0;

create table messaging.dead_letters (
  id uuid primary key default gen_random_uuid(),
  topic text not null,
  queue text not null,
  at timestamptz not null default clock_timestamp(),
  deliveries integer not null,
  reason text not null,
  body bytea not null
);
create index on messaging.dead_letters (topic, at);
create index on messaging.dead_letters (at);

create unlogged table messaging.sweeps (one boolean primary key, at timestamptz not null);

create function messaging.channel_of(queue text) returns text language sql immutable as $$
  select 'kilonova_queue_' || substr(encode(sha256(convert_to(queue, 'UTF8')), 'hex'), 1, 32)
$$;

create function messaging.open_session(lease interval) returns integer language plpgsql as $$
declare
  session integer := nextval('messaging.session_ids');
begin
  perform pg_advisory_lock(${LOCK_CLASS}, session);
  insert into messaging.sessions values (session, clock_timestamp() + lease)
    on conflict (id) do update set lease_until = excluded.lease_until;
  return session;
end $$;

-- A session holds its lock as long as its connection lasts, and renews its lease as long as its process does.
create function messaging.is_alive(session integer) returns boolean language sql volatile as $$
  select case
    when exists (select from messaging.sessions s where s.id = session and s.lease_until > clock_timestamp())
      then not pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, session)
    else false
  end
$$;

create function messaging.is_heard(asked text) returns boolean language sql volatile as $$
  select exists (select from messaging.listeners l where l.queue = asked and messaging.is_alive(l.session))
$$;

-- Puts calls into their queues and answers the ids of those that nobody listens for.
create function messaging.send_calls(caller integer, ids text[], queues text[], times_left float8[], bodies bytea[])
returns setof text language plpgsql as $$
declare
  heard text[];
begin
  select coalesce(array_agg(queue), '{}') into heard
    from (select distinct unnest(queues) as queue) as asked where messaging.is_heard(queue);
  insert into messaging.calls (id, queue, caller, expires_at, body)
    select a.id, a.queue, send_calls.caller, clock_timestamp() + a.time_left * interval '1 millisecond', a.body
    from unnest(ids, queues, times_left, bodies) with ordinality as a (id, queue, time_left, body, nth)
    where a.queue = any (heard) order by a.nth;
  perform pg_notify(messaging.channel_of(queue), 'call') from unnest(heard) as queue;
  return query select a.id from unnest(ids, queues) as a (id, queue) where a.queue <> all (heard);
end $$;

-- Gives back, or gives up, what sessions held that are no more.
create function messaging.release_casts(delivery_limit integer) returns void language plpgsql as $$
declare
  freed text;
begin
  with given_up as (
    delete from messaging.casts c
    where c.taken_by is not null and c.deliveries >= delivery_limit
      and not exists (select from messaging.sessions s where s.id = c.taken_by)
    returning c.*
  )
  insert into messaging.dead_letters (topic, queue, deliveries, reason, body)
    select split_part(queue, '/', 1), queue, deliveries, 'Whoever worked on it is gone.', body from given_up;
  for freed in
    with given_back as (
      update messaging.casts c set taken_by = null, due_at = clock_timestamp(), reason = 'Whoever worked on it is gone.'
      where c.taken_by is not null and not exists (select from messaging.sessions s where s.id = c.taken_by)
      returning c.queue
    )
    select distinct queue from given_back
  loop
    perform pg_notify(messaging.channel_of(freed), 'cast');
  end loop;
end $$;

create function messaging.end_session(session integer, delivery_limit integer) returns void language plpgsql as $$
begin
  delete from messaging.listeners l where l.session = end_session.session;
  delete from messaging.answers a where a.session = end_session.session;
  delete from messaging.sessions s where s.id = end_session.session;
  perform messaging.release_casts(delivery_limit);
end $$;

-- Every process asks for it, one in a second does it.
create function messaging.sweep(delivery_limit integer, most integer) returns void language plpgsql as $$
declare
  gone integer[];
begin
  if not pg_try_advisory_xact_lock(${LOCK_CLASS}, 0) then return; end if;
  insert into messaging.sweeps values (true, clock_timestamp())
    on conflict (one) do update set at = excluded.at where sweeps.at < clock_timestamp() - interval '900 milliseconds';
  if not found then return; end if;
  select coalesce(array_agg(id), '{}') into gone from messaging.sessions where not messaging.is_alive(id);
  delete from messaging.listeners where session = any (gone);
  delete from messaging.answers where session = any (gone);
  delete from messaging.sessions where id = any (gone);
  perform messaging.release_casts(delivery_limit);
  perform pg_notify(messaging.channel_of(queue), 'cast') from (
    select distinct queue from (
      select queue from messaging.casts
      where taken_by is null and due_at < clock_timestamp() - interval '1 second' order by due_at limit most
    ) as overdue
  ) as queues;
  delete from messaging.calls where id in (
    select id from messaging.calls where expires_at < clock_timestamp() limit most for update skip locked);
  delete from messaging.answers where (session, number) in (
    select session, number from messaging.answers where at < clock_timestamp() - interval '10 minutes' limit most);
  delete from messaging.fanouts where id in (
    select id from messaging.fanouts where at < clock_timestamp() - interval '1 minute' limit most);
  delete from messaging.dead_letters where id in (
    select id from messaging.dead_letters where at < clock_timestamp() - interval '7 days' limit most);
  delete from messaging.casts where id in (
    select id from messaging.casts
    where taken_by is null and strpos(queue, '/') > 0 and cast_at < clock_timestamp() - interval '7 days'
    limit most for update skip locked);
end $$;
`;
