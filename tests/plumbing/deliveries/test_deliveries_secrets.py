"""Secrets sign deliveries, are shown once, and nowhere else."""

from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

OWN = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def test_a_secret_is_shown_once_and_nowhere_else(webhooks: Any, receiver: Any) -> None:
    """Not in the list, not in an announcement, not in the log."""
    document = {"url": receiver.url, "events": ["*"], "secret": OWN}
    endpoint = webhooks.post("/endpoints", document, 201)
    assert endpoint["secret"] == OWN
    webhooks.registered.append(endpoint["endpoint_id"])
    told = webhooks.plant.announced(
        "asbuilt.notifications", lambda heard: any(one.key == endpoint["endpoint_id"] for one in heard)
    )
    shown = [str(webhooks.get(path)) for path in ("/endpoints", f"/endpoints/{endpoint['endpoint_id']}")]
    log = webhooks.plant.process("notification").log.read_text()
    assert all(endpoint["endpoint_id"] in one for one in shown)
    for text in (*(one.value.decode() for one in told), *shown, log):
        assert OWN.removeprefix("whsec_") not in text


def test_after_a_rotation_both_secrets_sign_for_a_while(
    webhooks: Any, receiver: Any, verify: Callable[..., Any]
) -> None:
    """The receiver changes over when it likes."""
    endpoint = webhooks.register(receiver.url, "unit.*")
    rotated = webhooks.post(f"/endpoints/{endpoint['endpoint_id']}/secret", {"old_for_s": 3600})
    assert rotated["secret"] != endpoint["secret"]
    webhooks.announce("U-1")
    (got,) = receiver.wait(1)
    assert verify(got, rotated["secret"]) == verify(got, endpoint["secret"])


def test_a_leaked_secret_is_replaced_at_once(webhooks: Any, receiver: Any, verify: Callable[..., Any]) -> None:
    """With no time left for the old one, it signs nothing more."""
    endpoint = webhooks.register(receiver.url, "unit.*")
    rotated = webhooks.post(f"/endpoints/{endpoint['endpoint_id']}/secret", {"old_for_s": 0})
    webhooks.announce("U-1")
    (got,) = receiver.wait(1)
    verify(got, rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        verify(got, endpoint["secret"])


def test_a_delivery_is_resent_under_its_own_id(webhooks: Any, receiver: Any) -> None:
    """An ERP that lost its data asks again, and can still tell what it has."""
    webhooks.register(receiver.url, "unit.*")
    webhooks.announce("U-1")
    (got,) = receiver.wait(1)
    webhooks.wait_state(got.webhook_id, "delivered")
    webhooks.post(f"/deliveries/{got.webhook_id}/resend", status=202)
    again = receiver.wait(2)[1]
    assert (again.webhook_id, again.body) == (got.webhook_id, got.body)
    problem = webhooks.post("/deliveries/none/resend", status=404)
    assert problem["code"] == "unknown-delivery"
