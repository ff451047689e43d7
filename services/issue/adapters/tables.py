"""The issue service's table and the statements on it; each has a name and a reason."""

from sqlalchemy import text

TABLES_V1 = """
create table issue (
    issue_id text primary key,
    version bigint not null,
    state text not null,
    title text not null,
    run_id text,
    unit_id text,
    disposition text,
    opened_at timestamptz not null,
    body jsonb not null
);
create index issue_by_opening on issue (opened_at desc, issue_id desc);
create index issue_by_run on issue (run_id, opened_at desc, issue_id desc) where run_id is not null;
create index issue_by_unit on issue (unit_id, opened_at desc, issue_id desc) where unit_id is not null;
"""

LOCK = text("""
    select issue_id, version from issue where issue_id = any(cast(:ids as text[])) order by issue_id for update""")

LOAD = text("select issue_id, version, body from issue where issue_id = any(cast(:ids as text[]))")

CREATE = text("""
    insert into issue (issue_id, version, state, title, run_id, unit_id, disposition, opened_at, body)
    select * from unnest(cast(:issue_id as text[]), cast(:version as bigint[]), cast(:state as text[]),
                         cast(:title as text[]), cast(:run_id as text[]), cast(:unit_id as text[]),
                         cast(:disposition as text[]), cast(:opened_at as timestamptz[]), cast(:body as jsonb[]))
    on conflict (issue_id) do nothing""")

UPDATE = text("""
    update issue set version = new.version, state = new.state, disposition = new.disposition, body = new.body
    from unnest(cast(:issue_id as text[]), cast(:version as bigint[]), cast(:state as text[]),
                cast(:disposition as text[]), cast(:body as jsonb[]))
        as new (issue_id, version, state, disposition, body)
    where issue.issue_id = new.issue_id""")
"""What was found never changes, so its columns are not written again."""
