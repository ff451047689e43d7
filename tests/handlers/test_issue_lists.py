"""The list of issues, on a real PostgreSQL that holds twenty thousand."""

from collections.abc import Iterator

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from services.issue.adapters.lists import Sort, Wanted, paged
from shared.runtime.pages import Page
from shared.testing.databases import Database, Databases

FILL = """
    insert into issue (issue_id, version, state, is_open, title, run_id, unit_id, disposition, availability,
                       opened_by, opened_at, body)
    select 'I-' || n, 1, case when n % 9 = 0 then 'pending' else 'resolved' end, n % 9 = 0, 't', 'RUN-' || n % 99,
           'U-' || n % 99, case when n % 7 = 0 then 'rework' else 'scrap' end, 'immediate',
           case when n % 5 = 0 then 'omar' else 'lena' end, now() - n * interval '1 minute', '{}'
    from generate_series(1, 20000) n returning 1"""

ABOUT = """
    insert into issue_about (kind, name, opened_at, issue_id)
    select kind, upper(left(kind, 1)) || '-' || n % 99, opened_at, issue_id
    from (select issue_id, opened_at, cast(substr(issue_id, 3) as int) as n from issue) one,
         unnest(array['unit', 'part']) kind returning 1"""


@pytest.fixture(scope="module")
def many(databases: Databases) -> Iterator[Database]:
    """The issue service's database, with twenty thousand issues; nothing here changes it."""
    made = databases.of("issue")
    for statement in (FILL, ABOUT, "analyze issue, issue_about"):
        made.rows(statement)
    yield made
    databases.drop(made)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(run_id="RUN-7"),
        Wanted(unit_id="U-7"),
        Wanted(state="pending"),
        Wanted(is_open=True),
        Wanted(disposition="rework"),
        Wanted(opened_by="omar"),
        Wanted(part_number="P-7"),
    ],
    ids=str,
)
@pytest.mark.parametrize("sort", Sort)
def test_a_page_of_issues_reads_no_further_than_the_page(many: Database, wanted: Wanted, sort: Sort) -> None:
    """However many there are: along an index, without sorting."""
    statement = paged(Page(50, None), wanted, sort).compile(
        dialect=dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    plan = "\n".join(row["QUERY PLAN"] for row in many.rows(f"explain {statement}"))
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan
