"""What a service gives to the road: handlers, rules, announcements. No machinery of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from shared.contracts.base import By, Contract
from shared.contracts.catalog import ASBUILT_TOPICS, BY_CONTRACT, CATALOG
from shared.kernel import Actor
from shared.messaging.messages import Ask, Message


class Event(Protocol):
    """What every domain event tells: when it happened, and who did it."""

    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> Actor: ...


Known = Mapping[str, Any]
"""The aggregates that a decision may look at, by id; one that is absent does not exist."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How a message becomes a command. ``None`` from ``to_ask`` means: none of this service's business.

    ``permission`` is what the sender's role needs; facts of other services need none. ``also`` tells of a message what
    it needs besides. ``heeds``, where given, tells from a fact alone that nothing comes of it, so that it is not even
    noted as seen: only for facts of which many come and few matter.
    """

    to_ask: Callable[[Message], Ask[Any] | None]
    permission: str | None = None
    also: Callable[[Contract], str | None] | None = None
    heeds: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A record was not taken: the rules refused it, or it stands aside. ``code`` is the refusal's, or the reason."""

    code: str
    obstacle: str

    @property
    def name(self) -> str:
        """Tells its announcements from others about the same record."""
        return f"noted-{self.code}"


@dataclass(frozen=True, slots=True)
class Dealt:
    """A record that had stood aside does so no more: it was taken after all, or somebody gave it up."""

    by: Actor
    reason: str

    @property
    def name(self) -> str:
        """Tells its announcements from others about the same record."""
        return "dealt"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the road sees it.

    ``decide`` looks at what is known and returns events, or raises a refusal. ``evolve`` applies one event to
    the one aggregate that ``subject_of`` names. ``announce`` gives the public contract of an event; ``None``
    only for services that tell nobody. ``everything``, where given, takes every record once, unreadable ones too,
    and an event on two topics twice. ``noted``, where given, says what to note about a record that was not taken, and
    when it was dealt with; what it asks for is decided in the same transaction, and never refused.
    """

    name: str
    topics: tuple[str, ...]
    decide: Callable[[Known, Any], Sequence[Any]]
    evolve: Callable[[Any, Any], Any]
    subject_of: Callable[[Any], str]
    announce: Callable[[Any], Contract | None]
    handlers: Mapping[type[Contract], Handler] = field(default_factory=dict)
    everything: Callable[[Message], Ask[Any]] | None = None
    appeared: Callable[[Any], str | None] = lambda _event: None
    noted: Callable[[Message, Trouble | Dealt], Ask[Any] | None] = lambda _message, _what: None

    @property
    def heeded(self) -> frozenset[str]:
        """The types that something comes of here."""
        return frozenset(CATALOG if self.everything else (BY_CONTRACT[one].type for one in self.handlers))

    @property
    def source(self) -> str:
        """The CloudEvents source of its announcements."""
        return f"urn:asbuilt:{self.name}"

    def ignores(self, message: Message) -> bool:
        """Whether a record is none of its business: it changes nothing here, however often it comes."""
        if message.data is None or message.ask is not None or self.everything is not None:
            return False
        handler = self.handlers.get(type(message.data))
        if handler is None or handler.heeds is None:
            return handler is None
        return message.key == message.expected_key and not handler.heeds(message.data)

    @property
    def own_topics(self) -> frozenset[str]:
        """Where it announces; it may listen there too."""
        return frozenset(topic.name for topic in ASBUILT_TOPICS if topic.owner == self.name)


@lru_cache(maxsize=10_000)
def by(actor: Actor) -> By:
    """An actor as contracts carry one."""
    return By.model_construct(person=actor.person, machine=actor.machine)
