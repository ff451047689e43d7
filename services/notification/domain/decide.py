"""What notification says to a command: events, or a refusal. No clock, no id, no I/O."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import assert_never

from services.notification.domain import events, patterns
from services.notification.domain.commands import (
    AnyCommand,
    ChangeEndpoint,
    Deliver,
    DisableEndpoint,
    EnableEndpoint,
    EndpointCommand,
    RegisterEndpoint,
    Resend,
    RotateSecret,
)
from services.notification.domain.endpoint import EVERYBODY, Delivery, Endpoint, Subscriptions
from services.notification.domain.refusals import EndpointExists, SecretInvalid, UnknownDelivery, UnknownEndpoint
from shared.kernel import derived_id

Known = Mapping[str, Endpoint | Delivery | Subscriptions]
Events = tuple[events.AnyEvent, ...]

SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, not one
SECRET_BYTES = range(24, 65)
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""


def decide(known: Known, command: AnyCommand) -> Events:
    """The events that follow from a command; none when nothing changes.

    :raises Refused: when the rules say no.
    """
    match command:
        case RegisterEndpoint():
            return _register(known, command)
        case ChangeEndpoint():
            return _change(_endpoint(known, command), command)
        case RotateSecret():
            return _rotate(_endpoint(known, command), command)
        case DisableEndpoint():
            return _disable(_endpoint(known, command), command)
        case EnableEndpoint():
            return _enable(_endpoint(known, command), command)
        case Deliver():
            return _deliver(known, command)
        case Resend():
            return _resend(known, command)
        case _:
            assert_never(command)


def _endpoint(known: Known, command: EndpointCommand) -> Endpoint:
    found = known.get(command.endpoint_id)
    if not isinstance(found, Endpoint):
        raise UnknownEndpoint(endpoint_id=command.endpoint_id)
    return found


def _register(known: Known, command: RegisterEndpoint) -> Events:
    if command.endpoint_id in known:
        raise EndpointExists(endpoint_id=command.endpoint_id)
    command.policy.check(command.url)
    patterns.check(command.events, command.offered)
    _check_secret(command.secret)
    registered = events.EndpointRegistered(
        command.by,
        command.at,
        command.endpoint_id,
        command.url,
        command.description,
        command.events,
        command.secret,
    )
    return (registered,)


def _change(endpoint: Endpoint, command: ChangeEndpoint) -> Events:
    url = endpoint.url if command.url is None else command.url
    description = endpoint.description if command.description is None else command.description
    wanted = endpoint.events if command.events is None else command.events
    command.policy.check(url)
    patterns.check(wanted, command.offered)
    if (url, description, wanted) == (endpoint.url, endpoint.description, endpoint.events):
        return ()
    return (events.EndpointChanged(command.by, command.at, command.endpoint_id, url, description, wanted),)


def _rotate(endpoint: Endpoint, command: RotateSecret) -> Events:
    _check_secret(command.secret)
    if endpoint.secrets[0].text == command.secret:
        return ()
    return (events.SecretRotated(command.by, command.at, command.endpoint_id, command.secret, command.old_until),)


def _disable(endpoint: Endpoint, command: DisableEndpoint) -> Events:
    if not endpoint.is_enabled:
        return ()
    return (events.EndpointDisabled(command.by, command.at, command.endpoint_id, command.reason),)


def _enable(endpoint: Endpoint, command: EnableEndpoint) -> Events:
    if endpoint.is_enabled:
        return ()
    return (events.EndpointRecovered(command.by, command.at, command.endpoint_id, command.recover),)


def _deliver(known: Known, command: Deliver) -> Events:
    everybody = known.get(EVERYBODY)
    if not isinstance(everybody, Subscriptions):
        return ()
    return tuple(
        events.DeliveryQueued(command.by, command.at, _delivery(endpoint, command), endpoint.url, endpoint.description)
        for endpoint in everybody.of(command.event_type)
    )


def _delivery(endpoint: Endpoint, command: Deliver) -> Delivery:
    at_ms = int(command.at.timestamp() * 1000)
    return Delivery(
        derived_id(at_ms, command.source, command.event_id, endpoint.endpoint_id),
        endpoint.endpoint_id,
        command.lane,
        command.event_id,
        command.event_type,
        command.body,
        command.traceparent,
    )


def _resend(known: Known, command: Resend) -> Events:
    delivery = known.get(command.delivery_id)
    if not isinstance(delivery, Delivery):
        raise UnknownDelivery(delivery_id=command.delivery_id)
    return (events.DeliveryResent(command.by, command.at, delivery),)


def _check_secret(secret: str) -> None:
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretInvalid from None
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise SecretInvalid
