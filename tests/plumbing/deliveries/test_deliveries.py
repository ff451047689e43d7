"""Deliveries as an endpoint sees them, from a real service process: signed, in order, never lost."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

from shared.testing.conditions import eventually

WITHIN_S = 20.0


def test_an_event_arrives_with_its_exact_bytes_signed(webhooks: Any, receiver: Any, verify: Callable[..., Any]) -> None:
    """The standard's own library verifies it, and every attempt is logged."""
    endpoint = webhooks.register(receiver.url, "unit.*")
    (sent,) = webhooks.announce("U-1")
    (got,) = receiver.wait(1)
    assert verify(got, endpoint["secret"])["data"]["unit_id"] == "U-1"
    assert got.body == sent.value
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    delivery = webhooks.wait_state(got.webhook_id, "delivered")
    assert [(one["number"], one["status"], one["error"]) for one in delivery["log"]] == [(1, 204, None)]


def test_the_trace_goes_on_to_the_endpoint(webhooks: Any, receiver: Any) -> None:
    """The request names the trace of the event, with a span of its own."""
    webhooks.register(receiver.url, "unit.*")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    webhooks.plant.publish.event(
        "asbuilt.unit.freed.v1",
        {"by": {}, "unit_id": "U-1", "run_id": "R-1"},
        traceparent=f"00-{trace}-00f067aa0ba902b7-01",
    )
    (got,) = receiver.wait(1)
    _, trace_id, span_id, _ = got.headers["traceparent"].split("-")
    assert trace_id == trace
    assert span_id != "00f067aa0ba902b7"


def test_only_what_is_subscribed_to_is_delivered(webhooks: Any, make_receiver: Callable[[], Any]) -> None:
    """Each endpoint gets the types of its patterns, once even where two of them match."""
    units, runs = make_receiver(), make_receiver()
    by_unit = webhooks.register(units.url, "unit.*", "unit.freed")
    by_run = webhooks.register(runs.url, "run.*")
    canceled = {"by": {}, "run_id": "R-9", "unit_id": "U-1", "reason": ""}
    webhooks.plant.publish.event("asbuilt.run.canceled.v1", canceled)
    webhooks.announce("U-1", "U-2")
    assert {json.loads(one.body)["type"] for one in runs.wait(1)} == {"asbuilt.run.canceled.v1"}
    assert sorted(json.loads(one.body)["data"]["unit_id"] for one in units.wait(2)) == ["U-1", "U-2"]
    assert [one["event_type"] for one in webhooks.deliveries(by_unit["endpoint_id"])] == ["asbuilt.unit.freed.v1"] * 2
    assert [one["event_type"] for one in webhooks.deliveries(by_run["endpoint_id"])] == ["asbuilt.run.canceled.v1"]


def test_an_event_that_comes_twice_is_delivered_once(webhooks: Any, receiver: Any) -> None:
    """In one batch or in two; the event after it shows that nothing more is to come."""
    webhooks.register(receiver.url, "unit.*")
    (sent,) = webhooks.announce("U-1")
    receiver.wait(1)
    webhooks.plant.publish.all([sent, sent])
    (last,) = webhooks.announce("U-1")
    receiver.wait(2)
    assert receiver.bodies == [sent.value, last.value]


def test_the_next_event_of_a_unit_waits_for_the_one_before(
    webhooks: Any, receiver: Any, said: Callable[..., Any]
) -> None:
    """The first fails twice: the others of its unit wait, another unit's does not; the id stays the same."""
    webhooks.register(receiver.url, "unit.*")
    gate = Event()

    def answer(one: Any) -> Any:
        if json.loads(one.body)["data"]["run_id"] != "R-0" or one.number > 2:
            return said()
        gate.wait(WITHIN_S)
        return said(500)

    receiver.answer = answer
    first, second, third, other = webhooks.announce("U-1", "U-1", "U-1", "U-2")
    eventually(lambda: other.value in receiver.bodies, WITHIN_S, "the other unit's event arrives meanwhile")
    gate.set()
    received = receiver.wait(6)
    ours = [one for one in received if one.body != other.value]
    assert [one.body for one in ours] == [first.value] * 3 + [second.value, third.value]
    assert len({one.webhook_id for one in ours[:3]}) == 1
    log = webhooks.wait_state(ours[0].webhook_id, "delivered")["log"]
    assert [(one["number"], one["status"]) for one in log] == [(3, 204), (2, 500), (1, 500)]


def test_a_hanging_endpoint_delays_no_other(
    webhooks: Any, make_receiver: Callable[[], Any], said: Callable[..., Any]
) -> None:
    """One endpoint answers nothing at all; the other gets everything meanwhile."""
    hanging, well = make_receiver(), make_receiver()
    never = Event()
    hanging.answer = lambda _: said(after=never)
    stuck = webhooks.register(hanging.url, "unit.*")
    webhooks.register(well.url, "unit.*")
    sent = webhooks.announce(*(f"U-{number}" for number in range(200)))
    well.wait(200)
    assert sorted(well.bodies) == sorted(one.value for one in sent)
    assert len(hanging.wait(8)) == 8, "as many as one endpoint may have in the air"
    assert {one["attempts"] for one in webhooks.deliveries(stuck["endpoint_id"])} == {0}, "and none of them has ended"
    never.set()


def test_a_redirect_is_a_failure_and_never_followed(
    webhooks: Any, make_receiver: Callable[[], Any], said: Callable[..., Any]
) -> None:
    """An endpoint must not send a signed delivery elsewhere."""
    receiver, elsewhere = make_receiver(), make_receiver()
    receiver.answer = lambda one: said(307, {"location": elsewhere.url}) if one.number == 1 else said()
    webhooks.register(receiver.url, "unit.*")
    webhooks.announce("U-1")
    log = webhooks.wait_state(receiver.wait(2)[0].webhook_id, "delivered")["log"]
    assert [one["status"] for one in log] == [204, 307]
    assert elsewhere.received == []


def test_of_an_answer_only_the_first_bytes_are_kept(webhooks: Any, receiver: Any, said: Callable[..., Any]) -> None:
    """An endpoint cannot fill our memory or our log."""
    receiver.answer = lambda one: said(500, body=b"x" * 5_000_000) if one.number == 1 else said(200, body=b"thanks")
    webhooks.register(receiver.url, "unit.*")
    webhooks.announce("U-1")
    log = webhooks.wait_state(receiver.wait(2)[0].webhook_id, "delivered")["log"]
    assert [(one["status"], one["answer"]) for one in log] == [(200, "thanks"), (500, "x" * 1_024)]
