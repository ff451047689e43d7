"""What the relay takes out of the outbox in one round."""

from collections.abc import Callable

import asyncpg
import pytest

from shared.messaging.relay import FETCH
from shared.testing.databases import Database

WRITE = """
    insert into outbox (event_id, topic, key, body)
    select n::text, 'asbuilt.runs', 'RUN-1', convert_to(repeat('x', $2), 'utf8') from generate_series(1, $1) n
"""


@pytest.mark.parametrize(
    ("written", "body", "most", "most_bytes", "taken"),
    [(5, 100, 3, 1_000, 3), (5, 100, 5, 250, 3), (5, 100, 5, 1_000, 5), (3, 1_000, 5, 10, 1)],
    ids=["as many as it may", "as much as it may", "all there is", "one, however large"],
)
async def test_a_round_is_bounded_by_number_and_by_size(
    database: Callable[[str], Database], written: int, body: int, most: int, most_bytes: int, taken: int
) -> None:
    """The oldest, in order, and never none: thousands of large documents do not go into memory at once."""
    run = database("run")
    run.rows(WRITE, written, body)
    connection = await asyncpg.connect(run.url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(FETCH, most, most_bytes)
    finally:
        await connection.close()
    oldest = [row["outbox_id"] for row in run.rows("select outbox_id from outbox order by outbox_id limit $1", taken)]
    assert [row[0] for row in rows] == oldest
    assert {(row[1], row[2], len(row[3])) for row in rows} == {("asbuilt.runs", "RUN-1", body)}
