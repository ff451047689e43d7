"""The tables of the road, the same in every service's database, as its first migration makes them."""

ROAD_TABLES_V1 = """
create table inbox (
    source text not null,
    id text not null,
    received_at timestamptz not null default now(),
    fingerprint text,
    answer jsonb,
    primary key (source, id)
);
create index inbox_received_at on inbox using brin (received_at);

create table outbox (
    outbox_id bigint generated always as identity primary key,
    event_id text not null,
    topic text not null,
    key text not null,
    body bytea not null,
    written_at timestamptz not null default now()
);

create table parked (
    parked_id bigint generated always as identity primary key,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    record_timestamp bigint not null,
    key text,
    raw_key bytea,
    value bytea,
    headers jsonb not null,
    parking text not null check (parking in ('stuck', 'early', 'behind', 'retry')),
    reason text not null,
    detail text not null,
    event_id text,
    event_type text,
    waits_for text,
    deadline timestamptz not null,
    parked_at timestamptz not null default now(),
    settled_at timestamptz,
    settled_as text,
    unique (topic, partition, record_offset, record_timestamp)
);
create index parked_lane on parked (topic, key, parked_id) where settled_at is null;
"""
"""Released as it stands; a change is a new constant and a new migration in every service."""
