"""The history's table, what keeps it insert-only, and the statements on it; each has a name and a reason."""

from sqlalchemy import BigInteger, DateTime, LargeBinary, Text, column, table, text

TABLES_V1 = """
create table history (
    position bigint generated always as identity primary key,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    record_timestamp bigint not null,
    key bytea,
    value bytea,
    headers json not null,
    event_source text,
    event_id text,
    event_type text,
    happened_at timestamptz not null,
    recorded_at timestamptz not null default statement_timestamp(),
    person text,
    machine text,
    run_id text,
    step_id text,
    unit_id text,
    parent_unit_id text,
    issue_id text,
    trace_id text,
    unreadable text,
    detail text,
    unique (topic, partition, record_offset, record_timestamp)
);
create index history_by_run on history (run_id, position) where run_id is not null;
create index history_by_unit on history (unit_id, position) where unit_id is not null;
create index history_by_parent on history (parent_unit_id, position) where parent_unit_id is not null;
create index history_by_issue on history (issue_id, position) where issue_id is not null;
create index history_by_person on history (person, position) where person is not null;
create index history_by_machine on history (machine, position) where machine is not null;
create index history_by_type on history (event_type, position) where event_type is not null;
create index history_by_event on history (event_id) where event_id is not null;
create index history_by_time on history using brin (happened_at timestamptz_minmax_multi_ops);
"""

INSERT_ONLY_V1 = (
    """
    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception 'the history is never changed: % is refused', tg_op using errcode = 'insufficient_privilege';
    end $$""",
    """
    create trigger history_is_insert_only before update or delete or truncate on history
    for each statement execute function refuse_change()""",
    "alter table history enable always trigger history_is_insert_only",
    "grant select, insert on history to audit",
    "grant select, insert, update, delete on inbox, outbox, parked to audit",
)
"""The service's role may read and append; the trigger holds for the owner and in replication roles as well."""

IN_ORDER = text("select pg_advisory_xact_lock(:key)")
"""One appends at a time, so that positions become visible in their order and no page passes one by."""

APPEND_LOCK = 0x6173_6275_696C_7403

KNOWN = text("""
    select topic, partition, record_offset, record_timestamp
    from unnest(cast(:topic as text[]), cast(:partition as int[]), cast(:first as bigint[]), cast(:last as bigint[]))
             as asked (in_topic, in_partition, first_offset, last_offset)
         cross join lateral (
             select topic, partition, record_offset, record_timestamp from history
             where topic = in_topic and partition = in_partition and record_offset between first_offset and last_offset
             union all
             select topic, partition, record_offset, record_timestamp from parked
             where topic = in_topic and partition = in_partition and record_offset between first_offset and last_offset
             offset 0
         ) as known""")
"""Of some stretches of partitions, what is here already: mostly nothing. The place of a record is never appended twice,
however long ago it came.
"""

HISTORY = table(
    "history",
    column("position", BigInteger),
    column("happened_at", DateTime(timezone=True)),
    column("value", LargeBinary),
    *(
        column(name, Text)
        for name in (
            "event_source",
            "event_id",
            "event_type",
            "person",
            "machine",
            "run_id",
            "step_id",
            "unit_id",
            "parent_unit_id",
            "issue_id",
            "trace_id",
            "topic",
            "unreadable",
            "detail",
        )
    ),
    *(column(name) for name in ("recorded_at", "partition", "record_offset", "record_timestamp", "key", "headers")),
)
"""For questions whose filters are put together as they are asked."""
