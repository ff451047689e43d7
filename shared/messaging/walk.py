"""The pure middle of the road: a batch of messages walks through the rules, in arrival order.

Later messages see what earlier ones did. No I/O, no clock: everything needed was loaded before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from shared.contracts.base import ChangeRefused, Contract
from shared.contracts.catalog import PARKINGS, REFUSALS
from shared.kernel import RefusalKind, Refused, Unknown, WrongKey
from shared.messaging.announcing import announcements_of, subject_of
from shared.messaging.messages import Ask, Message
from shared.messaging.service import Dealt, Service, Trouble, by
from shared.messaging.transaction import Announcement, Change, Held, Lane, Parked, Parking

Allows = Callable[[frozenset[str], str], bool]
"""Whether one of these roles has a permission."""


class PermissionMissing(Refused):
    """This needs the permission {permission}, which the role {roles} does not have."""

    code = "permission-missing"
    kind = RefusalKind.FORBIDDEN
    resolve = "Ask someone whose role has {permission}."


@dataclass(slots=True)
class Outcome:
    """How one message ended: events, or a refusal; and its first key's state and version afterwards."""

    events: tuple[Any, ...] = ()
    refusal: Refused | None = None
    state: Any = None
    version: int = 0


DONE = Outcome()
"""Of a record: nobody asks for more."""


BEFORE_THE_BATCH = -1
"""Where a record stands that stood aside when the batch began."""


@dataclass(slots=True)
class Walk:
    """A batch on its way through the rules, and all that is to be written when it arrives.

    What cannot be read is set aside before the rules see what came before it. So ``blocked`` says of a lane where in
    the batch its first record that stands aside was: only what came after that one waits behind it.
    """

    service: Service
    now: datetime
    early_for: timedelta
    allows: Allows
    blocked: dict[Lane, int] = field(default_factory=dict)
    number: int = 0
    held: dict[str, Held[Any]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Held[Any] | None] = field(default_factory=dict)
    happened: dict[str, list[Any]] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    set_aside: list[tuple[int, Parked]] = field(default_factory=list)
    settled: list[tuple[int, str]] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    defects: list[tuple[Parked, Exception]] = field(default_factory=list)
    notes: list[tuple[Message, Ask[Any], str]] = field(default_factory=list)

    def stood_aside(self, lanes: Iterable[Lane]) -> None:
        """In these lanes a record stood aside when the batch began."""
        self.blocked |= dict.fromkeys(lanes, BEFORE_THE_BATCH)

    def ask(self, message: Message, number: int) -> Ask[Any] | None:
        """What the ``number``-th message asks for. ``None`` when the road ends here: parked, refused, or not our
        business.
        """
        self.number = number
        if self.service.ignores(message):
            self._settle(message, "done")
            return None
        if self._is_behind(message):
            self._park(message, Parking.BEHIND, "behind", "An earlier record of its key stands aside.")
            return None
        if message.ask is not None:
            return message.ask
        try:
            return self._asked(message)
        except Refused as refused:
            self._refuse(message, refused)
        except Exception as error:  # noqa: BLE001 - a defect of ours stops one record, never its batch
            self._park_defect(message, error)
        return None

    def load(self, held: Mapping[str, Held[Any]]) -> None:
        """Take what was locked and loaded."""
        self.held = dict(held)
        self.known = {key: one.state for key, one in held.items()}

    def take(self, message: Message, ask: Ask[Any], number: int = 0) -> Outcome | None:
        """Let the rules decide on the ``number``-th message. ``None`` when it was set aside."""
        self.number = number
        if self._is_behind(message):
            self._park(message, Parking.BEHIND, "behind", "An earlier record of its key stands aside.")
            return None
        try:
            events = tuple(self.service.decide(self.known, ask.command))
            written = self._written(message, events)
        except Unknown as unknown:
            return self._early(message, unknown, ask)
        except Refused as refused:
            return self._refuse(message, refused, ask)
        except Exception as error:
            if message.record is None:
                raise
            self._park_defect(message, error)
            return None
        self._apply(written)
        self._settle(message, "done")
        if message.parked_id is not None:
            self.note(message, Dealt(message.actor, "It was taken after all."))
        return DONE if message.record is not None else self._outcome(ask, events)

    def note(self, message: Message, what: Trouble | Dealt) -> None:
        """Remember what the service wants to note about a record; it is decided when the batch has been walked."""
        if message.record is not None:
            ask = self.service.noted(message, what)
            if ask is not None:
                # A record may be noted more than once in its life, and each time under an id of its own.
                self.notes.append((message, ask, f"{what.name}-"))

    @property
    def noted_keys(self) -> set[str]:
        """What the notes so far may change."""
        return {key for _, ask, _ in self.notes for key in ask.keys}

    def take_notes(self) -> None:
        """Decide what is noted; a note that cannot be taken is left out, for the record itself has its ending."""
        for message, ask, name in self.notes:
            try:
                events = tuple(self.service.decide(self.known, ask.command))
                self._apply(self._written(message, events, name))
            except Exception as error:  # noqa: BLE001 - a defect in a note must not take the record's ending away
                self.refusals.append(error.code if isinstance(error, Refused) else "note-defect")

    def _outcome(self, ask: Ask[Any], events: tuple[Any, ...]) -> Outcome:
        held = self.held.get(ask.keys[0]) if ask.keys else None
        return Outcome(events) if held is None else Outcome(events, None, held.state, held.version)

    @property
    def changes(self) -> list[Change[Any]]:
        """Every aggregate that changed, before and after."""
        return [Change(key, self.before[key], self.held[key], tuple(events)) for key, events in self.happened.items()]

    @property
    def parked(self) -> list[Parked]:
        """What was set aside, in the order in which it came, which is the order in which it is tried again."""
        return [parked for _, parked in sorted(self.set_aside, key=itemgetter(0))]

    @property
    def created(self) -> list[str]:
        """What early records may have waited for: new aggregates, and what the service says."""
        new = [key for key, before in self.before.items() if before is None]
        appeared = (self.service.appeared(event) for events in self.happened.values() for event in events)
        return new + [key for key in appeared if key is not None]

    def _asked(self, message: Message) -> Ask[Any] | None:
        if self.service.everything is not None:
            return self.service.everything(message)
        if message.unreadable is not None:
            self._park_unreadable(message)
            return None
        handler = self.service.handlers[type(message.data)]  # type: ignore[index]
        if message.key != message.expected_key:
            raise WrongKey(key=message.key or "missing", expected=message.expected_key)
        self._permit(message, handler.permission)
        if handler.also is not None and message.data is not None:
            self._permit(message, handler.also(message.data))
        ask = handler.to_ask(message)
        if ask is None:
            self._settle(message, "done")
        return ask

    def _permit(self, message: Message, permission: str | None) -> None:
        if permission and not self.allows(message.roles, permission):
            raise PermissionMissing(permission=permission, roles=", ".join(sorted(message.roles)))

    def _written(
        self, message: Message, events: Iterable[Any], prefix: str = ""
    ) -> list[tuple[str, Held[Any], Any, list[Announcement]]]:
        """The events of one message applied and announced, kept back until all of them went well. ``prefix`` tells what
        is noted about a message from what the message led to.
        """
        fresh: dict[str, Held[Any]] = {}
        written = []
        for number, event in enumerate(events):
            key = self.service.subject_of(event)
            held = fresh.get(key) or self.held.get(key)
            state = self.service.evolve(None if held is None else held.state, event)
            after = fresh[key] = Held(1 if held is None else held.version + 1, state)
            told = self.service.announce(event)
            rows = (
                [] if told is None else self._announcement(message, told, f"{prefix}{number}", after.version, event.at)
            )
            written.append((key, after, event, rows))
        return written

    def _apply(self, written: list[tuple[str, Held[Any], Any, list[Announcement]]]) -> None:
        for key, after, event, rows in written:
            if key not in self.before:
                self.before[key] = self.held.get(key)
            self.held[key] = after
            self.known[key] = after.state
            self.happened.setdefault(key, []).append(event)
            self.announcements += rows

    def _announcement(
        self, cause: Message, told: Contract, what: str, sequence: int | None, at: datetime
    ) -> list[Announcement]:
        return announcements_of(told, cause, what, source=self.service.source, sequence=sequence, at=at, now=self.now)

    def _refuse(self, message: Message, refused: Refused, ask: Ask[Any] | None = None) -> Outcome:
        subject = ask.keys[0] if ask and ask.keys else message.expected_key or message.key or self.service.name
        if not self._comes_back(message):
            self._announce_refused(message, refused, ask, subject)
        self.refusals.append(refused.code)
        self._settle(message, "refused")
        self.note(message, Trouble(refused.code, refused.obstacle))
        return Outcome((), refused, self.known.get(subject))

    def _announce_refused(self, message: Message, refused: Refused, ask: Ask[Any] | None, subject: str) -> None:
        contract = REFUSALS[self.service.name]
        told = contract(
            by=by(message.actor),
            subject_id=subject,
            refused_id=message.id,
            refused_source=message.source,
            refused_type=message.type,
            code=refused.code,
            obstacle=refused.obstacle,
            resolve=refused.resolution,
            run_id=self._named("run_id", message, ask, subject),
            unit_id=self._named("unit_id", message, ask, subject),
            **{name: self._named(name, message, ask, subject) for name in _besides(contract)},
        )
        self.announcements += self._announcement(message, told, "refused", None, message.happened_at)

    def _named(self, name: str, message: Message, ask: Ask[Any] | None, subject: str) -> str | None:
        """The run or unit that a refusal is about, as the message, the command or the aggregate names it."""
        naming = (message.data, ask and ask.command, self.known.get(subject))
        return next((named for one in naming if (named := getattr(one, name, None))), None)

    def _early(self, message: Message, unknown: Unknown, ask: Ask[Any]) -> Outcome | None:
        if message.record is None or message.is_overdue:
            return self._refuse(message, unknown, ask)
        self._park(
            message,
            Parking.EARLY,
            "early",
            f"{unknown.obstacle} Waiting for it to appear.",
            waits_for=unknown.waits_for,
        )
        return None

    def _park_unreadable(self, message: Message) -> None:
        unreadable = message.unreadable
        assert unreadable is not None  # noqa: S101 - for the type checker; the caller looked
        self._park(message, Parking.STUCK, unreadable.reason, unreadable.detail)

    def _park_defect(self, message: Message, error: Exception) -> None:
        self._park(message, Parking.STUCK, "defect", f"{type(error).__name__}: {error}"[:2000])
        self.defects.append((self.set_aside[-1][1], error))

    def park_culprit(self, message: Message, error: Exception) -> None:
        """Set aside the one message that makes its batch's transaction fail."""
        self._park_defect(message, error)

    def _park(
        self,
        message: Message,
        parking: Parking,
        reason: str,
        detail: str,
        waits_for: str | None = None,
    ) -> None:
        record = message.record
        assert record is not None  # noqa: S101 - only records are set aside, commands are answered
        is_unread = message.unreadable is not None and message.unreadable.envelope is None
        parked = Parked(
            record=record,
            parking=parking,
            reason=reason,
            detail=detail,
            event_id=None if is_unread else message.id,
            event_type=None if is_unread else message.type,
            waits_for=waits_for,
            deadline=self.now + self.early_for,
            parked_id=message.parked_id,
        )
        self.set_aside.append((self.number, parked))
        if message.lane is not None:
            self.blocked[message.lane] = min(self.number, self.blocked.get(message.lane, self.number))
        if message.parked_id is None and not self._comes_back(message):
            self._announce_parked(message, parked)
        if parking is not Parking.BEHIND:  # who waits behind another goes on with it
            self.note(message, Trouble(reason, detail))
        self.endings["parked"] += 1

    def _announce_parked(self, message: Message, parked: Parked) -> None:
        told = PARKINGS[self.service.name](
            by=by(message.actor),
            subject_id=subject_of(message.key, self.service),
            topic=parked.record.topic,
            partition=parked.record.partition,
            offset=parked.record.offset,
            reason=parked.reason,
            detail=parked.detail,
            parked_id=parked.event_id,
            parked_type=parked.event_type,
        )
        self.announcements += self._announcement(message, told, "parked", None, message.happened_at)

    def _comes_back(self, message: Message) -> bool:
        """A service may listen to what it says. It tells nobody there that it could not take a record of its own:
        that would come back too, fail as well, and so on for ever.
        """
        return message.record is not None and message.record.topic in self.service.own_topics

    def _is_behind(self, message: Message) -> bool:
        if not self.blocked or message.lane is None or self.service.everything is not None:
            return False
        return self.blocked.get(message.lane, self.number) < self.number

    def _settle(self, message: Message, ending: str) -> None:
        self.endings[ending] += 1
        if message.parked_id is not None:
            self.settled.append((message.parked_id, ending))


@lru_cache(maxsize=16)
def _besides(contract: type[ChangeRefused]) -> tuple[str, ...]:
    """What the refusals of one service name that those of others do not."""
    return tuple(contract.model_fields.keys() - ChangeRefused.model_fields.keys())
