"""The notification service's tables, and the statements with which the road writes them."""

from sqlalchemy import text

TABLES_V1 = """
create table endpoint (
    endpoint_id text primary key,
    version bigint not null,
    is_enabled boolean not null,
    registered_at timestamptz not null,
    body jsonb not null
);

create table endpoint_health (
    endpoint_id text primary key,
    last_success_at timestamptz not null
);

create table delivery (
    position bigint generated always as identity primary key,
    delivery_id text not null unique,
    endpoint_id text not null,
    lane text not null,
    event_id text not null,
    event_type text not null,
    body bytea not null,
    traceparent text,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given_up', 'skipped')),
    queued_at timestamptz not null default now(),
    attempts int not null default 0,
    first_attempt_at timestamptz,
    last_attempt_at timestamptz,
    ended_at timestamptz
);
create index delivery_heads on delivery (endpoint_id, lane, position) where state = 'waiting';
create index delivery_by_endpoint on delivery (endpoint_id, position);
create index delivery_queued_at on delivery using brin (queued_at);

create table lane (
    endpoint_id text not null,
    lane text not null,
    due_at timestamptz not null,
    primary key (endpoint_id, lane)
);
create index lane_due on lane (endpoint_id, due_at);

create table attempt (
    attempt_id bigint generated always as identity primary key,
    delivery_id text not null references delivery (delivery_id) on delete cascade,
    number int not null,
    started_at timestamptz not null,
    duration_ms double precision not null,
    status int,
    answer text,
    error text
);
create index attempt_by_delivery on attempt (delivery_id, number);
"""
"""A lane is one key of one endpoint with something waiting: its oldest waiting delivery is the next to be sent, and
``due_at`` says when. Whoever adds to a lane writes its row anew, and who ends a delivery locks it, so none is
forgotten.
"""

ENDPOINTS = text("select endpoint_id, version, body from endpoint order by registered_at, endpoint_id")
"""All of them, unlocked: a delivery that is queued while its endpoint changes is as good as one before or after."""

LOCK_ENDPOINTS = text("""
    select endpoint_id, version, body from endpoint where endpoint_id = any(cast(:ids as text[]))
    order by endpoint_id for update""")

LOCK_DELIVERIES = text("""
    select delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent from delivery
    where delivery_id = any(cast(:ids as text[])) order by delivery_id for update""")

CREATE_ENDPOINTS = text("""
    insert into endpoint (endpoint_id, version, is_enabled, registered_at, body)
    select * from unnest(cast(:endpoint_id as text[]), cast(:version as bigint[]), cast(:is_enabled as boolean[]),
                         cast(:registered_at as timestamptz[]), cast(:body as jsonb[]))
    on conflict (endpoint_id) do nothing""")

UPDATE_ENDPOINTS = text("""
    update endpoint set version = new.version, is_enabled = new.is_enabled, body = new.body
    from unnest(cast(:endpoint_id as text[]), cast(:version as bigint[]), cast(:is_enabled as boolean[]),
                cast(:body as jsonb[])) as new (endpoint_id, version, is_enabled, body)
    where endpoint.endpoint_id = new.endpoint_id""")

OPEN_LANES = text("""
    insert into lane (endpoint_id, lane, due_at)
    select endpoint_id, lane, now()
    from unnest(cast(:endpoint_id as text[]), cast(:lane as text[])) as new (endpoint_id, lane)
    group by endpoint_id, lane order by endpoint_id, lane
    on conflict (endpoint_id, lane) do update set due_at = lane.due_at""")
"""The update changes nothing, locks the lane and makes a version of it that nobody has seen as empty. In one order, or
two transactions would deadlock.
"""

QUEUE = text("""
    with opened as (
        insert into lane (endpoint_id, lane, due_at)
        select endpoint_id, lane, now()
        from unnest(cast(:endpoint_id as text[]), cast(:lane as text[])) as new (endpoint_id, lane)
        group by endpoint_id, lane order by endpoint_id, lane
        on conflict (endpoint_id, lane) do update set due_at = lane.due_at
        returning 1
    )
    insert into delivery (delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent)
    select delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent
    from unnest(cast(:delivery_id as text[]), cast(:endpoint_id as text[]), cast(:lane as text[]),
                cast(:event_id as text[]), cast(:event_type as text[]), cast(:body as bytea[]),
                cast(:traceparent as text[])) with ordinality
        as new (delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent, number)
    where (select count(*) from opened) > 0
    order by number
    on conflict (delivery_id) do nothing""")
"""The lanes first, as in `OPEN_LANES`. A delivery that is there already came with an event that was replayed after the
inbox forgot it.
"""

QUEUE_AGAIN = text("""
    update delivery set state = 'waiting', attempts = 0, first_attempt_at = null, ended_at = null
    where delivery_id = any(cast(:ids as text[]))""")

HURRY = text("""
    with locked as (
        select endpoint_id, lane from lane where endpoint_id = any(cast(:ids as text[]))
        order by endpoint_id, lane for update
    )
    update lane set due_at = now() from locked
    where lane.endpoint_id = locked.endpoint_id and lane.lane = locked.lane""")
"""An endpoint that recovered need not wait out the gaps of its outage."""

BEGIN_ANEW = text("""
    update delivery set attempts = 0, first_attempt_at = null
    where endpoint_id = any(cast(:ids as text[])) and state = 'waiting' and attempts > 0""")
"""Nor is a delivery given up because of the time in which its endpoint was disabled."""

CLOSE_LANES = text("""
    with locked as (
        select endpoint_id, lane from lane where endpoint_id = any(cast(:ids as text[]))
        order by endpoint_id, lane for update
    )
    delete from lane using locked where lane.endpoint_id = locked.endpoint_id and lane.lane = locked.lane""")

SKIP = text("""
    update delivery set state = 'skipped', ended_at = now()
    where endpoint_id = any(cast(:ids as text[])) and state = 'waiting'""")

SKIPPED = text("""
    select delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent, attempts from delivery
    where endpoint_id = :endpoint_id and state = 'waiting' and event_type = any(cast(:told as text[]))
    order by position""")
"""Of what is about to be skipped, what is told. The lanes are locked before, so nothing is added meanwhile."""

NOTIFY = text("select pg_notify('deliveries', '')")
"""Wakes the sender when this transaction commits, in whichever process it runs."""
