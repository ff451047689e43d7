"""A service on a bench: its road over an in-memory unit of work, with a clock that stands until it is moved."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from shared.contracts import envelope
from shared.kernel import Actor
from shared.messaging.messages import Ask, KeptRecord
from shared.messaging.road import Answer, Heeded, Road, command
from shared.messaging.service import Service
from shared.messaging.walk import Outcome
from shared.messaging.watch import Unwatched
from shared.runtime.permissions import PERMISSIONS, allowing
from shared.testing.memory import MemoryUnitOfWork, Widened
from shared.testing.topics import Sent

Told = dict[str, Any]
EARLY_FOR = timedelta(minutes=10)
BY = {"by": {"person": "olga", "machine": "scanner-4"}}


class Bench:
    """Takes records in, shows what came out."""

    def __init__(
        self,
        service: Service,
        widened: Widened = lambda keys, _: keys,
        permissions: Any = PERMISSIONS,
        heeded: Heeded | None = None,
    ) -> None:
        self.now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
        self.work = MemoryUnitOfWork(widened)
        self._offsets = count()
        self._looked_at = 0
        self.road = Road(
            service,
            self.work,
            clock=lambda: self.now,
            early_for=EARLY_FOR,
            allows=allowing(permissions),
            is_waiting=lambda _: False,
            watch=Unwatched(),
            heeded=heeded,
        )

    async def takes(self, *batch: Sent) -> Counter[str]:
        """One batch; how many records ended in which way."""
        endings = await self.road.take([self._record(one) for one in batch])
        self._look_at_announcements()
        return endings

    def _look_at_announcements(self) -> None:
        told = self.work.tables.outbox
        ids = Counter((one.topic, one.event_id) for one in told)
        assert max(ids.values(), default=1) == 1, "two announcements under one id: who knows the first drops the second"
        for one in told[self._looked_at :]:
            read = envelope.read(one.body, (), envelope.MAX_FACT_BYTES)
            _, contract = envelope.contract_of(read)
            again = contract.model_dump(mode="json", exclude_none=True)
            assert json.loads(one.body)["data"] == again, "what is told is what its contract says, and nothing else"
        self._looked_at = len(told)

    async def waits(self, minutes: float) -> None:
        """Time goes by, and the records that stand aside are looked at."""
        self.now += timedelta(minutes=minutes)
        await self.road.take_up()

    async def asked(self, asked: Any, *keys: str, key: str = "key-1", body: str = "body") -> Answer:
        """A person's command, with an idempotency key and a body."""
        by = Actor("lena")
        message = command(
            type(asked).__name__, Ask(keys, asked), by=by, roles=frozenset({"lead"}), at=self.now, request_id=key
        )
        return await self.road.command(message, body, _answer)

    @property
    def told(self) -> list[Told]:
        """Every announcement, in order; one that goes to two topics is there twice."""
        return [json.loads(one.body) for one in self.work.tables.outbox]

    @property
    def types(self) -> list[str]:
        """The types of what was announced, without prefix and version."""
        return [one["type"].removeprefix("asbuilt.").removesuffix(".v1") for one in self.told]

    def said(self, type_: str) -> list[Mapping[str, Any]]:
        """What announcements of one type say."""
        return [one["data"] for one in self.told if one["type"] == f"asbuilt.{type_}.v1"]

    @property
    def refusals(self) -> list[str]:
        """The codes of all refusals."""
        return [one["data"]["code"] for one in self.told if one["type"].endswith("change-refused.v1")]

    def state(self, key: str) -> Any:
        """An aggregate as it stands."""
        return self.work.tables.aggregates[key].state

    @property
    def aside(self) -> Iterable[Any]:
        """What stands aside now."""
        return [one.parked for one in self.work.tables.parked.values() if one.settled_as is None]

    def _record(self, sent: Sent) -> KeptRecord:
        at_ms = int(self.now.timestamp() * 1000)
        return KeptRecord(sent.topic, 0, next(self._offsets), at_ms, sent.key, sent.value, tuple(sent.headers))


def _answer(outcome: Outcome) -> Answer:
    if outcome.refusal is not None:
        return Answer(409, {"code": outcome.refusal.code})
    return Answer(200, {"events": len(outcome.events)})
