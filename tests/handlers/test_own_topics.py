"""Services that listen to what they say: audit keeps it, notification sends it on; neither answers itself for ever."""

from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.catalog import TOPICS
from shared.kernel import WrongKey
from shared.testing import feed
from shared.testing.topics import Sent
from tests.handlers.bench import Bench
from tests.handlers.floor_records import recorded, rubbish

LISTENING = [name for name in feed.services() if feed.service(name).own_topics & set(feed.service(name).topics)]


def failing(name: str, error: Exception) -> Bench:
    """A service that takes nothing: whatever comes, it fails."""

    def fail(_: object) -> Any:
        raise error

    return Bench(replace(feed.service(name), everything=fail))


def coming_back(bench: Bench, name: str) -> list[Sent]:
    """What a service has told so far, as it hears it."""
    (topic,) = feed.own_topics(name)
    return [Sent(topic, one.key.encode(), one.body) for one in bench.work.tables.outbox]


def test_audit_listens_to_every_topic() -> None:
    """Its own included: who set a record aside, and who gave it up, is part of the history."""
    assert set(feed.service("audit").topics) == {topic.name for topic in TOPICS}
    assert LISTENING == ["audit", "notification"]


@pytest.mark.parametrize("name", LISTENING)
@pytest.mark.parametrize(
    ("error", "ending"), [(ValueError("a defect"), "parked"), (WrongKey(key="a", expected="b"), "refused")]
)
async def test_a_service_that_fails_at_what_it_says_itself_says_it_once(
    name: str, error: Exception, ending: str
) -> None:
    """It tells of the record of another topic that it could not take; of that announcement, nothing."""
    bench = failing(name, error)
    assert +await bench.takes(recorded()) == {ending: 1}
    assert len(bench.told) == 1
    assert +await bench.takes(*coming_back(bench, name)) == {ending: 1}
    assert len(bench.told) == 1


async def test_rubbish_on_its_own_topic_stands_aside_untold() -> None:
    """It is kept, and counted, as any other that cannot be read."""
    bench = Bench(feed.service("notification"))
    spoiled = replace(rubbish(b"{"), topic="asbuilt.notifications")
    assert +await bench.takes(spoiled) == {"parked": 1}
    assert [one.reason for one in bench.aside] == ["not-json"]
    assert bench.told == []
