"""What senders send that nobody can read: made of a good record, so that any topic gets its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shared.contracts.catalog import ASBUILT_TOPICS
from shared.contracts.envelope import MAX_EVENT_BYTES, MAX_FACT_BYTES
from shared.testing import feed
from shared.testing.topics import Sent


@dataclass(frozen=True)
class Rubbish:
    """A record that cannot be understood: why it stands aside, and what the person who looks is told."""

    record: Sent
    reason: str
    told: str


def rubbish_like(good: Sent) -> list[Rubbish]:
    """One of each kind, on the topic of a good record, each with a key of its own."""
    type_ = json.loads(good.value or b"")["type"]
    elsewhere, belongs_on = _from_elsewhere(good)
    bodies: list[tuple[str, Callable[[bytes], bytes | None], str, str]] = [
        ("truncated", lambda body: body.rstrip()[:-20], "not-json", "not JSON"),
        ("empty", lambda _: b"", "empty-body", "empty"),
        ("prose", lambda _: b"step 1 started", "not-json", "not JSON"),
        ("latin-1", lambda body: body.replace(b'"data"', b'"d\xe4ta"'), "not-utf8", "byte"),
        ("list", lambda _: b"[1, 2]", "not-cloudevent", "object"),
        (
            "unknown-type",
            lambda body: _with(body, type="plant.step.exploded.v1"),
            "unknown-type",
            "plant.step.exploded.v1",
        ),
        ("version-9", lambda body: _with(body, type=type_.replace(".v1", ".v9")), "unknown-version", type_),
        ("no-id", lambda body: _without(body, "id"), "not-cloudevent", "id is missing"),
        ("no-source", lambda body: _without(body, "source"), "not-cloudevent", "source is missing"),
        ("no-type", lambda body: _without(body, "type"), "not-cloudevent", "type is missing"),
        ("no-data", lambda body: _without(body, "data"), "data-invalid", "data"),
        ("forged", lambda body: _with(elsewhere.value or b"", id=json.loads(body)["id"]), "wrong-topic", belongs_on),
        ("tombstone", lambda _: None, "tombstone", "no body"),
    ]
    spoiled = [
        Rubbish(_keyed(good, name, spoil(_with(good.value or b"", id=f"{name} on {good.topic}"))), reason, told)
        for name, spoil, reason, told in bodies
    ]
    return [*spoiled, *_with_strange_headers(good)]


def too_large_like(good: Sent) -> Rubbish:
    """A body of megabytes, more than is read on the topic of a good record."""
    most = MAX_FACT_BYTES if good.topic in {topic.name for topic in ASBUILT_TOPICS} else MAX_EVENT_BYTES
    body = (good.value or b"") + b" " * most
    return Rubbish(_keyed(good, "too-large", body), "too-large", str(most))


def oddly_headed(good: Sent) -> Sent:
    """A good record with headers that mean nothing: without a value, and not text."""
    return replace(good, headers=(*good.headers, ("trace", None), ("blob", b"\xff\x00\xfe")))


def keyed_wrongly(good: Sent) -> list[Sent]:
    """A good event said again under other ids, without a key and with somebody else's. It is about nobody who is known:
    a run keeps what was refused of it.
    """
    key = good.key or b""
    body = (good.value or b"").replace(b'"%s"' % key, b'"%s"' % named_wrongly(key))
    no_key = replace(good, key=None, value=_with(body, id=f"no-key on {good.topic}"))
    return [no_key, replace(good, key=b"wrong", value=_with(body, id=f"wrong-key on {good.topic}"))]


def named_wrongly(key: bytes) -> bytes:
    """Whom an event with a wrong key is about."""
    return b"nobody-like-" + key


def _with_strange_headers(good: Sent) -> list[Rubbish]:
    named = replace(good, headers=(*good.headers, ("pr\udcfcfstand", b"7")))
    return [
        Rubbish(_keyed(_binary(good, ce_source=None), "null-header"), "header-unreadable", "ce_source"),
        Rubbish(_keyed(_binary(good, ce_id=b"\xff\xfe"), "raw-header"), "header-unreadable", "ce_id"),
        Rubbish(_keyed(named, "strange-name"), "header-unreadable", r"pr\xfcfstand"),
    ]


def _binary(good: Sent, **headers: bytes | None) -> Sent:
    """In binary mode, with some headers replaced."""
    event = json.loads(good.value or b"")
    attributes: dict[str, bytes | None] = {f"ce_{name}": event[name].encode() for name in ("id", "source", "type")}
    attributes |= {"ce_specversion": b"1.0", "content-type": b"application/json"}
    return replace(good, value=json.dumps(event["data"]).encode(), headers=tuple((attributes | headers).items()))


def _from_elsewhere(good: Sent) -> tuple[Sent, str]:
    """Where services speak, what a plant system says; where plant systems speak, what a service says."""
    topic = "plant.steps" if good.topic in {topic.name for topic in ASBUILT_TOPICS} else "asbuilt.runs"
    return next(record for wave in feed.waves([topic]) for record in wave.records), topic


def _keyed(record: Sent, name: str, *body: bytes | None) -> Sent:
    keyed = replace(record, key=f"{name} on {record.topic}".encode())
    return replace(keyed, value=body[0]) if body else keyed


def _without(body: bytes, attribute: str) -> bytes:
    event = json.loads(body)
    del event[attribute]
    return json.dumps(event).encode()


def _with(body: bytes, **attributes: Any) -> bytes:
    return json.dumps(json.loads(body) | attributes).encode()
