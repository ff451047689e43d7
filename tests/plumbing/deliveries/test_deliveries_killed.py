"""A sender that dies in the middle of its work."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest


def test_killed_in_mid_delivery_nothing_is_lost_and_nothing_overtakes(
    own: Any, receiver: Any, said: Callable[..., Any]
) -> None:
    """What was in the air is sent again first, with the same id; then the rest of its unit, in order."""
    own.plant.serve("notification")
    own.register(receiver.url, "unit.*")
    held = Event()
    receiver.answer = lambda _: said(after=held)
    sent = own.announce("U-1", "U-1", "U-1", "U-2")
    before = receiver.wait(2)
    own.plant.process("notification").kill()
    receiver.answer = lambda _: said()
    held.set()
    own.plant.serve("notification")
    after = receiver.wait(6)[2:]
    assert sorted(one.webhook_id for one in before) == sorted({one.webhook_id for one in after if one.number == 2})
    assert [one.body for one in after if one.body != sent[3].value] == [one.value for one in sent[:3]]


@pytest.mark.real_kafka
def test_another_replica_goes_on_when_the_sending_one_dies(own: Any, receiver: Any) -> None:
    """Two processes share a database; one sends at a time, so nothing is sent twice and all of it arrives."""
    own.plant.serve("notification")
    first = own.plant.process("notification")
    own.plant.serve("notification")
    own.register(receiver.url, "unit.*")
    own.announce(*["U-1"] * 5)
    for one in receiver.wait(5):
        own.wait_state(one.webhook_id, "delivered")  # or the one that was in the air would rightly come again
    first.kill()
    sent = own.announce(*["U-1"] * 5)
    assert [one.body for one in receiver.wait(10)[-5:]] == [one.value for one in sent]
