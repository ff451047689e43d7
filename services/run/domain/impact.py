"""What reopening a run would touch, before anybody does it: what its unit is in, which runs would warn, what went out.

What this service cannot know is said, and not guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.run.domain.delivery import DeliveryState
from services.run.domain.run import Completed, Run, RunStatus

TOPICS_ARE_KAFKAS = "Who reads asbuilt.runs and asbuilt.completions, and so has the record, is Kafka's to say."
READING_IS_FREE = "Who read or exported the record over the API is not noted."
WEBHOOKS_COME_LATER = "What happened to a webhook's delivery in this moment is told here a little later."
REPORTS_ARE_MADE_WHEN_ASKED_FOR = "A report is made of its record whenever one asks for it; who did is not noted."


class Above(NamedTuple):
    """A unit that the run's unit is in, directly or not, and the run that builds it or built it last, where known."""

    unit_id: str
    run_id: str | None
    status: RunStatus | None


class Delivered(NamedTuple):
    """A delivery of a completion, or of its reopening, to a webhook, as the notification service last said it stands:
    ``at`` is when the endpoint took it, when it was given up, or since when it is on its way; how often it was tried is
    known (``attempts``) when it has ended.
    """

    endpoint_id: str
    url: str
    description: str
    event_id: str
    event_type: str
    state: DeliveryState
    attempts: int | None
    at: datetime


class Sent(NamedTuple):
    """A completion record that was announced; ``is_on_its_way`` while the relay has still to send it. ``deliveries``
    are those of its completion and of its reopening.
    """

    number: int
    completed_at: datetime
    content_hash: str
    superseded_at: datetime | None
    is_on_its_way: bool
    deliveries: tuple[Delivered, ...] = ()


class Warns(NamedTuple):
    """A run that would warn of this one: at once, or as soon as it is reopened itself."""

    run_id: str
    unit_id: str
    warns_at_once: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """What reopening would touch. ``obstacle`` says why the run cannot be reopened, where it cannot."""

    run_id: str
    unit_id: str
    status: RunStatus
    supersedes: int | None
    obstacle: str | None
    installed_in: tuple[Above, ...]
    warns: tuple[Warns, ...]
    completions: tuple[Sent, ...]
    cannot_be_known: tuple[str, ...]


def impact(run: Run, above: Sequence[Above], completions: Sequence[Sent]) -> Impact:
    """What reopening the run would touch; ``above`` is from its unit's parent to the top."""
    number = run.decision.number if isinstance(run.decision, Completed) else None
    nameless = [one.unit_id for one in above if one.run_id is None or one.status is None]
    return Impact(
        run_id=run.run_id,
        unit_id=run.order.target.unit_id,
        status=run.status,
        supersedes=number,
        obstacle=None if number is not None else f"The run is {run.status}, so there is nothing to reopen.",
        installed_in=tuple(above),
        warns=tuple(_warning(one.run_id, one) for one in above if one.run_id is not None and _goes_on(one)),
        completions=tuple(completions),
        cannot_be_known=(
            *(f"Which run builds {unit_id} is not known here." for unit_id in nameless),
            TOPICS_ARE_KAFKAS,
            WEBHOOKS_COME_LATER,
            REPORTS_ARE_MADE_WHEN_ASKED_FOR,
            READING_IS_FREE,
        ),
    )


def _goes_on(one: Above) -> bool:
    """A canceled run warns nobody any more."""
    return one.status not in (None, RunStatus.CANCELED)


def _warning(run_id: str, one: Above) -> Warns:
    return Warns(run_id, one.unit_id, one.status is not RunStatus.COMPLETE)
