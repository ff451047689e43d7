"""Endpoints: registered, changed, disabled, enabled; and what is queued for them."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from services.notification.domain import commands, events, refusals
from services.notification.domain.decide import decide
from services.notification.domain.endpoint import EVERYBODY, Endpoint, Secret, Subscriptions
from services.notification.domain.evolve import evolve
from services.notification.domain.target import TargetPolicy
from shared.kernel import Actor
from shared.testing.story import Rules

BY = Actor(person="w.admin")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OFFERED = ("asbuilt.run.completed.v1", "asbuilt.unit.freed.v1")
SECRET, OTHER = (f"whsec_{b64encode(letter * 32).decode()}" for letter in (b"a", b"b"))
ENDPOINTS: Rules[Endpoint] = Rules(decide, evolve, lambda event: event.subject)


def register(url: str = "https://erp.example.com/", *patterns: str, secret: str = SECRET) -> commands.RegisterEndpoint:
    """A registration of E-1."""
    wanted = patterns or ("run.*",)
    return commands.RegisterEndpoint(BY, NOON, "E-1", url, "The ERP", wanted, secret, OFFERED, TargetPolicy())


def change(url: str | None = None, patterns: tuple[str, ...] | None = None) -> commands.ChangeEndpoint:
    """A change of E-1."""
    return commands.ChangeEndpoint(BY, NOON, "E-1", url, None, patterns, OFFERED, TargetPolicy())


DISABLE = commands.DisableEndpoint(BY, NOON, "E-1", "It is being moved.")
ENABLE = commands.EnableEndpoint(BY, NOON, "E-1", recover=True)


def test_a_registered_endpoint_takes_deliveries() -> None:
    """From its registration on."""
    story = ENDPOINTS.given().when(register()).then(events.EndpointRegistered)
    assert story.state("E-1").is_enabled


def test_an_endpoint_is_registered_once() -> None:
    """Under its id; what is to be other about it is a change."""
    ENDPOINTS.given(register()).when(register()).is_refused(refusals.EndpointExists, naming="E-1")


def test_a_delivery_that_was_forgotten_is_not_sent_again() -> None:
    """Nor one that never was."""
    resend = commands.Resend(BY, NOON, "D-1")
    ENDPOINTS.given(register()).when(resend).is_refused(refusals.UnknownDelivery, naming="D-1")


def test_an_endpoint_with_a_refused_target_or_pattern_is_not_registered() -> None:
    """Nor changed to one."""
    ENDPOINTS.given().when(register("http://erp.example.com/")).is_refused(refusals.TargetRefused, naming="https")
    ENDPOINTS.given().when(register("https://erp.example.com/", "order.*")).is_refused(refusals.PatternUnknown)
    ENDPOINTS.given(register()).when(change(url="https://10.0.0.1/")).is_refused(refusals.TargetRefused)
    ENDPOINTS.given(register()).when(change(patterns=("order.*",))).is_refused(refusals.PatternUnknown)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", SECRET.removeprefix("whsec_")])
def test_a_secret_that_the_standard_does_not_know_is_refused(secret: str) -> None:
    """And it is not repeated in the refusal."""
    ENDPOINTS.given().when(register(secret=secret)).is_refused(refusals.SecretInvalid)


def test_a_change_keeps_what_it_does_not_name() -> None:
    """And the same again is no change."""
    story = ENDPOINTS.given(register()).when(change(patterns=("*",))).then(events.EndpointChanged)
    assert (story.state("E-1").url, story.state("E-1").events) == ("https://erp.example.com/", ("*",))
    story.when(change(patterns=("*",))).nothing_happens()


def test_an_endpoint_is_disabled_once_and_enabled_once() -> None:
    """Two reasons at the same moment are one."""
    story = ENDPOINTS.given(register()).when(DISABLE).then(events.EndpointDisabled)
    assert story.state("E-1").disabled_because == "It is being moved."
    story.when(DISABLE).nothing_happens().when(ENABLE).then(events.EndpointRecovered).when(ENABLE).nothing_happens()


def test_an_unknown_endpoint_is_refused() -> None:
    """By every command."""
    for command in (DISABLE, ENABLE, change(), commands.RotateSecret(BY, NOON, "E-1", OTHER, NOON)):
        ENDPOINTS.given().when(command).is_refused(refusals.UnknownEndpoint, naming="E-1")


def test_the_secret_before_signs_until_its_time_is_up() -> None:
    """A third one ends the first."""
    later = NOON + timedelta(hours=1)
    story = ENDPOINTS.given(register()).when(commands.RotateSecret(BY, NOON, "E-1", OTHER, later))
    endpoint = story.then(events.SecretRotated).state("E-1")
    assert endpoint.live_secrets(NOON) == (OTHER, SECRET)
    assert endpoint.live_secrets(later) == (OTHER,)


def test_secrets_do_not_show_when_something_is_printed() -> None:
    """A log line or a traceback may hold a command, an event or an endpoint."""
    story = ENDPOINTS.given().when(register())
    assert SECRET not in f"{register()!r}{story.events!r}{story.state('E-1')!r}"


def endpoint(endpoint_id: str, *patterns: str, disabled: str | None = None) -> Endpoint:
    """An endpoint as it stands."""
    return Endpoint(endpoint_id, "https://erp.example.com/", "", patterns, (Secret(SECRET),), disabled)


COMPLETED = commands.Deliver(
    BY, NOON, "urn:asbuilt:run", "1", "asbuilt.run.completed.v1", "asbuilt.runs/R-1", b"{}", None
)


def queued(*endpoints: Endpoint) -> dict[str, str]:
    """The delivery id for each endpoint that gets the event."""
    happened = decide({EVERYBODY: Subscriptions(endpoints)}, COMPLETED)
    return {
        one.delivery.endpoint_id: one.delivery.delivery_id for one in happened if isinstance(one, events.DeliveryQueued)
    }


def test_an_event_is_queued_once_for_each_endpoint_that_subscribes() -> None:
    """However many of its patterns match; a disabled one gets it when it is enabled."""
    wanted = queued(
        endpoint("E-1", "run.*", "*"),
        endpoint("E-2", "unit.*"),
        endpoint("E-3", "run.completed", disabled="It is being moved."),
    )
    assert list(wanted) == ["E-1", "E-3"]


def test_the_webhook_id_follows_from_event_and_endpoint() -> None:
    """So a replay of the topic sends nothing under a new id."""
    assert queued(endpoint("E-1", "*")) == queued(endpoint("E-1", "run.*"))
    assert queued(endpoint("E-1", "*"))["E-1"] != queued(endpoint("E-2", "*"))["E-2"]
