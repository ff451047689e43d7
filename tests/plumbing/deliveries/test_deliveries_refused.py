"""Where webhooks may not go, and what becomes of an endpoint that does not take them."""

import json
from collections.abc import Callable
from typing import Any

from shared.testing.conditions import eventually

WITHIN_S = 20.0


def disabling(endpoint_id: str) -> Callable[[list[Any]], list[Any]]:
    """The announcements that an endpoint was disabled, among those that were heard."""
    return lambda heard: [one for one in heard if (one.type, one.key) == ("asbuilt.endpoint.disabled.v1", endpoint_id)]


def told_disabled(webhooks: Any, endpoint_id: str) -> Any:
    """The announcement that an endpoint was disabled."""
    found = disabling(endpoint_id)
    (told,) = found(webhooks.plant.announced("asbuilt.notifications", found))
    return told


def test_a_loopback_target_is_refused_unless_listed(own: Any, receiver: Any) -> None:
    """A literal address when it is registered, saying what to do; a name that leads there when it is connected to."""
    own.plant.serve("notification", ASBUILT_WEBHOOK_ALLOWED_NETWORKS="[]")
    problem = own.post("/endpoints", {"url": receiver.url, "events": ["*"]}, 422)
    assert problem["code"] == "target-refused"
    assert "127.0.0.1 is not a public address" in problem["obstacle"]
    assert "ASBUILT_WEBHOOK_ALLOWED_NETWORKS" in problem["resolve"]
    own.register(f"http://localhost:{receiver.port}/", "unit.*")
    own.announce("U-1")
    database = own.plant.database("notification")
    errors = eventually(lambda: database.rows("select error, status from attempt"), WITHIN_S, "an attempt is made")
    assert "SSRFProtectionError" in errors[0]["error"]
    assert errors[0]["status"] is None
    assert receiver.received == []


def test_an_endpoint_that_is_gone_is_disabled_and_gets_the_rest_when_enabled(
    webhooks: Any, receiver: Any, said: Callable[..., Any]
) -> None:
    """410 disables, announced; what came meanwhile waits, and arrives in order."""
    receiver.answer = lambda _: said(410)
    endpoint_id = webhooks.register(receiver.url, "unit.*")["endpoint_id"]
    first = webhooks.announce("U-1")
    told = told_disabled(webhooks, endpoint_id)
    assert (told.data["reason"], told.sequence) == ("It answered 410 Gone.", 2)
    rest = webhooks.announce("U-1", "U-1")
    eventually(lambda: len(webhooks.deliveries(endpoint_id)) == 3, WITHIN_S, "what comes is queued")
    shown = webhooks.get(f"/endpoints/{endpoint_id}")
    assert (shown["enabled"], shown["waiting"]) == (False, 3)
    assert len(receiver.received) == 1
    receiver.answer = lambda _: said()
    webhooks.post(f"/endpoints/{endpoint_id}/enable", {})
    assert [one.body for one in receiver.wait(4)[1:]] == [one.value for one in [*first, *rest]]


def test_an_endpoint_enabled_from_now_on_gets_nothing_of_what_waited(webhooks: Any, receiver: Any) -> None:
    """Whoever enables it says whether it wants what it missed."""
    endpoint_id = webhooks.register(receiver.url, "unit.*")["endpoint_id"]
    webhooks.post(f"/endpoints/{endpoint_id}/disable", {"reason": "The ERP is being moved."})
    webhooks.announce("U-1", "U-2")
    eventually(lambda: len(webhooks.deliveries(endpoint_id)) == 2, WITHIN_S, "what comes is queued")
    webhooks.post(f"/endpoints/{endpoint_id}/enable", {"recover": False})
    (sent,) = webhooks.announce("U-1")
    assert receiver.wait(1)[0].body == sent.value
    page = webhooks.get(f"/endpoints/{endpoint_id}/deliveries?state=skipped")
    assert [one["state"] for one in page["items"]] == ["skipped", "skipped"]


def test_when_time_is_up_the_one_at_fault_is_given_up_on(
    own: Any, make_receiver: Callable[[], Any], said: Callable[..., Any]
) -> None:
    """An endpoint that took nothing is disabled, and its deliveries wait for it. One that takes others loses just the
    event that it cannot take, and the next one of its unit goes on.
    """
    own.plant.serve("notification", ASBUILT_WEBHOOK_GIVE_UP_AFTER_S="2")
    down, picky = make_receiver(), make_receiver()
    down.answer = lambda _: said(503)
    picky.answer = lambda one: said(400 if json.loads(one.body)["data"]["run_id"] == "R-0" else 204)
    down_id, picky_id = (own.register(one.url, "unit.*")["endpoint_id"] for one in (down, picky))
    refused, next_one, other = own.announce("U-1", "U-1", "U-2")
    assert told_disabled(own, down_id).data["reason"].startswith("Nothing but failures for")
    eventually(lambda: refused.value in picky.bodies, WITHIN_S, "the event that it cannot take is tried")
    refused_id = next(one.webhook_id for one in picky.received if one.body == refused.value)
    assert own.wait_state(refused_id, "given_up")["attempts"] >= 2
    eventually(lambda: {next_one.value, other.value} <= set(picky.bodies), WITHIN_S, "the others arrive")
    of_the_unit = [body for body in picky.bodies if body != other.value]
    assert of_the_unit.index(next_one.value) == of_the_unit.count(refused.value), "the next one came after the last try"
    assert own.get(f"/endpoints/{picky_id}")["enabled"]
    down.answer = lambda _: said()
    own.post(f"/endpoints/{down_id}/enable", {})
    for one in own.deliveries(down_id):
        own.wait_state(one["delivery_id"], "delivered")
