"""Of deliveries, those of completions and reopenings are told; nothing that is told of one leads to another."""

import json
from typing import Any

import pytest

from services.notification.announcements import announce
from services.notification.domain.endpoint import Delivery
from services.notification.domain.events import (
    DeliveryDelivered,
    DeliveryGivenUp,
    DeliveryQueued,
    DeliveryResent,
    EndpointChanged,
    EndpointRegistered,
)
from services.notification.domain.target import bare
from services.notification.domain.told import TOLD
from services.notification.handlers import HANDLERS, OFFERED
from shared.contracts import notification, run
from shared.contracts.base import Contract
from shared.contracts.catalog import BY_CONTRACT, CATALOG, COMPLETIONS
from tests.rules.notification.test_endpoints import BY, NOON

URL = "https://erp:secret@erp.example.com:8443/hooks?token=abc#top"


def delivery(event_type: str, data: dict[str, Any]) -> Delivery:
    """An event on its way to E-1."""
    body = json.dumps({"source": "urn:asbuilt:run", "data": data}).encode()
    return Delivery("delivery-1", "E-1", "asbuilt.runs/R-7", "event-1", event_type, body, None)


COMPLETED = delivery("asbuilt.run.completed.v1", {"run_id": "R-7", "record": {"number": 2}})
REOPENED = delivery("asbuilt.run.reopened.v1", {"run_id": "R-7", "number": 1})


@pytest.mark.parametrize(("one", "number"), [(COMPLETED, 2), (REOPENED, 1)])
def test_a_delivery_of_a_completion_is_told_with_its_run_and_record(one: Delivery, number: int) -> None:
    """When it is queued, when the endpoint took it, and when it was given up."""
    queued = announce(DeliveryQueued(BY, NOON, one, URL, "The ERP"))
    delivered = announce(DeliveryDelivered(BY, NOON, one, URL, "The ERP", 1))
    given_up = announce(DeliveryGivenUp(BY, NOON, one, URL, "The ERP", 41))
    assert isinstance(queued, notification.DeliveryQueued)
    assert isinstance(delivered, notification.DeliveryDelivered)
    assert isinstance(given_up, notification.DeliveryGivenUp)
    for told in (queued, delivered, given_up):
        assert (told.run_id, told.number, told.event_id, told.event_type) == ("R-7", number, "event-1", one.event_type)
    assert (delivered.attempts, given_up.attempts) == (1, 41)


def test_of_other_deliveries_nobody_is_told() -> None:
    """Their number is the plant's: a word about each would be as much again."""
    signed = delivery("asbuilt.step.signed-off.v1", {"run_id": "R-7"})
    assert announce(DeliveryQueued(BY, NOON, signed, URL, "The ERP")) is None
    assert announce(DeliveryDelivered(BY, NOON, signed, URL, "The ERP", 1)) is None
    assert announce(DeliveryResent(BY, NOON, COMPLETED)) is None


def test_what_is_told_are_the_types_of_the_completion_topic() -> None:
    """No more, and no less."""
    assert {entry.type for entry in CATALOG.values() if COMPLETIONS in entry.topics} == TOLD


def test_a_url_is_told_without_what_opens_a_door() -> None:
    """Name and password, the query and the fragment stay with the endpoint."""
    assert bare(URL) == "https://erp.example.com:8443/hooks"


@pytest.mark.parametrize(
    "contract",
    [notification.DeliveryQueued, notification.DeliveryDelivered, notification.DeliveryGivenUp, run.DeliveryNoted],
)
def test_a_word_about_a_delivery_is_never_delivered(contract: type[Contract]) -> None:
    """Whatever an endpoint subscribes to: there is no chain of deliveries about deliveries."""
    assert contract not in HANDLERS
    assert BY_CONTRACT[contract].type not in {*OFFERED, *TOLD}


def test_what_is_told_of_an_endpoint_holds_none_of_its_secrets() -> None:
    """Neither in its URL nor besides: the topic and the history are read by many."""
    for told in (
        announce(EndpointRegistered(BY, NOON, "E-1", URL, "The ERP", ("*",), "whsec_c2VjcmV0")),
        announce(EndpointChanged(BY, NOON, "E-1", URL, "The ERP", ("*",))),
    ):
        assert told is not None
        document = told.model_dump_json()
        assert "https://erp.example.com:8443/hooks" in document
        assert not [word for word in ("secret", "abc", "whsec", "erp:", "top") if word in document]


@pytest.mark.parametrize("url", ["", "?key=word", "https://[x?key=word", "//user:word@host/a#word", "a@b?word"])
def test_of_whatever_was_written_no_secret_is_shown(url: str) -> None:
    """Also where it is no URL."""
    assert "word" not in bare(url)
