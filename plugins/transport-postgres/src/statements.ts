/** A statement that each connection prepares once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Session, ids, queues, milliseconds left, bodies: answers `id` of each that nobody listens for. */
export const SEND_CALLS: Statement = {
  name: "send_calls",
  text: "select messaging.send_calls($1, $2::text[], $3::text[], $4::float8[], $5::bytea[]) as id",
};

/** Queues, session, most. What is taken is never handed out again; the row stays, empty, until the answer is there. */
export const TAKE_CALLS: Statement = {
  name: "take_calls",
  text: `with next as materialized (
    select id, body from messaging.calls
    where queue = any ($1::text[]) and worker is null and expires_at > clock_timestamp()
    order by number limit $3 for update skip locked
  )
  update messaging.calls c set worker = $2, body = '' from next where c.id = next.id
  returning c.id, c.caller, next.body,
    (extract(epoch from c.expires_at - clock_timestamp()) * 1000)::float8 as "timeLeft"`,
};

/** Ids: ends those whose worker, or last listener, is gone. */
export const ABANDON_CALLS: Statement = {
  name: "abandon_calls",
  text: `delete from messaging.calls
  where id = any ($1::text[])
    and case when worker is null then not messaging.is_heard(queue) else not messaging.is_alive(worker) end
  returning id, worker is null as unheard`,
};

/** Sessions, calls, types, codes, bodies. */
export const SEND_ANSWERS: Statement = {
  name: "send_answers",
  text: `with said as materialized (
    select * from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::bytea[])
      with ordinality as a (session, call, type, code, body, nth)
  ), done as (
    delete from messaging.calls where id in (select call from said where type <> 'beat')
  ), put as (
    insert into messaging.answers (session, call, type, code, body)
    select session, call, type, code, body from said order by nth returning session
  )
  select pg_notify('kilonova_answers_' || session, '') from (select distinct session from put) as sessions`,
};

/** Session, most. */
export const TAKE_ANSWERS: Statement = {
  name: "take_answers",
  text: `with next as materialized (
    select session, number from messaging.answers where session = $1 order by number limit $2
  )
  delete from messaging.answers a using next where a.session = next.session and a.number = next.number
  returning a.number, a.call, a.type, a.code, a.body`,
};

/** Queues, bodies. */
export const SEND_CASTS: Statement = {
  name: "send_casts",
  text: `with put as (
    insert into messaging.casts (queue, body) select queue, body
    from unnest($1::text[], $2::bytea[]) with ordinality as a (queue, body, nth) order by nth returning queue
  )
  select pg_notify(messaging.channel_of(queue), 'cast') from (select distinct queue from put) as queues`,
};

/** Queues, session, most. It is the session's until it is done, has failed, or the session is no more. */
export const TAKE_CASTS: Statement = {
  name: "take_casts",
  text: `with next as materialized (
    select id from messaging.casts
    where queue = any ($1::text[]) and taken_by is null and due_at <= clock_timestamp()
    order by due_at, id limit $3 for update skip locked
  )
  update messaging.casts c set taken_by = $2, deliveries = deliveries + 1 from next where c.id = next.id
  returning c.id, c.body, c.deliveries`,
};

/** Ids, sessions that took them. */
export const FINISH_CASTS: Statement = {
  name: "finish_casts",
  text: `delete from messaging.casts c using unnest($1::bigint[], $2::integer[]) as done (id, session)
  where c.id = done.id and c.taken_by = done.session`,
};

/** Id, session that took it, reason, milliseconds of pause, deliveries from which on it is given up. */
export const FAIL_CAST: Statement = {
  name: "fail_cast",
  text: `with given_up as (
    delete from messaging.casts where id = $1 and taken_by = $2 and deliveries >= $5 returning queue, deliveries, body
  ), dead as (
    insert into messaging.dead_letters (topic, queue, deliveries, reason, body)
    select split_part(queue, '/', 1), queue, deliveries, $3, body from given_up
  )
  update messaging.casts
  set taken_by = null, reason = $3, due_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
  where id = $1 and taken_by = $2 and deliveries < $5`,
};

/** Topic, body. */
export const SEND_FANOUT: Statement = {
  name: "send_fanout",
  text: `with put as (insert into messaging.fanouts (body) values ($2) returning id)
  select pg_notify(messaging.channel_of($1), 'fanout ' || id) from put`,
};

export const READ_FANOUT: Statement = {
  name: "read_fanout",
  text: "select body from messaging.fanouts where id = $1",
};

/** Session, id, queues. */
export const ADD_LISTENER: Statement = {
  name: "add_listener",
  text: `insert into messaging.listeners (id, queue, session) select $2, queue, $1 from unnest($3::text[]) as queue
  on conflict (queue, id) do update set session = excluded.session`,
};

/** Id, queues. */
export const REMOVE_LISTENER: Statement = {
  name: "remove_listener",
  text: "delete from messaging.listeners where id = $1 and queue = any ($2::text[])",
};

/** Delivery limit, rows of each kind at most. */
export const SWEEP: Statement = { name: "sweep", text: "select messaging.sweep($1, $2)" };

/** Queues. */
export const QUEUE_DEPTHS: Statement = {
  name: "queue_depths",
  text: `select asked as queue, 'call' as kind,
    (select count(*)::integer from messaging.calls where queue = asked and worker is null) as messages
  from unnest($1::text[]) as asked
  union all select asked, 'cast',
    (select count(*)::integer from messaging.casts where queue = asked and taken_by is null)
  from unnest($1::text[]) as asked
  union all select asked, 'dead', (select count(*)::integer from messaging.dead_letters where topic = asked)
  from unnest($2::text[]) as asked`,
};
