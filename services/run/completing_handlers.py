"""What others say around a run's completion, as commands; the rest of what a run hears stands in `handlers`."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from services.run.domain import commands
from services.run.domain.delivery import Delivery, DeliveryState
from services.run.domain.run import Placement, RefusedEvidence
from shared.contracts import inventory, notification
from shared.kernel import derived_id, plain
from shared.messaging.asides import storable
from shared.messaging.messages import Ask, Message
from shared.messaging.service import Dealt, Trouble

CREATED = "asbuilt.run.created.v1"
OF_THE_PLANT = "plant."
"""What topics and types of plant systems begin with."""
LONGEST_OBSTACLE = 2_000
DELIVERIES: Mapping[type[notification.DeliveryNotice], DeliveryState] = MappingProxyType(
    {
        notification.DeliveryQueued: DeliveryState.ON_ITS_WAY,
        notification.DeliveryDelivered: DeliveryState.DELIVERED,
        notification.DeliveryGivenUp: DeliveryState.GIVEN_UP,
    }
)
SHOWN = 10
"""Differences that a reason names, at most."""


def hear_refusal(message: Message) -> Ask[commands.LoseTarget | commands.NoteEvidence] | None:
    """Inventory refused to claim the run's target, for whatever reason, or what a plant system said of it."""
    data = message.data
    assert isinstance(data, inventory.UnitChangeRefused)  # noqa: S101 - for the type checker; the table chose by type
    if data.run_id is None:
        return None
    who = (data.run_id, message.actor, message.happened_at)
    if data.refused_type == CREATED:
        return Ask((data.run_id,), commands.LoseTarget(*who, f"{data.code}: {data.obstacle}"))
    if not data.refused_type.startswith(OF_THE_PLANT):
        return None
    identity = (data.refused_source, data.refused_id, data.refused_type)
    evidence = _evidence(*identity, data.code, data.obstacle, message.happened_at)
    return Ask((data.run_id,), commands.NoteEvidence(*who, evidence))


def note_component(message: Message) -> Ask[commands.NoteComponent] | None:
    """Inventory says that the own run of a component of the run's unit is reopened, or is so no more."""
    data = message.data
    assert isinstance(data, inventory.ComponentReopened | inventory.ComponentCleared)  # noqa: S101 - as above
    if data.run_id is None:
        return None
    its_run = data.component_run_id if isinstance(data, inventory.ComponentReopened) else None
    who = (data.run_id, message.actor, message.happened_at)
    return Ask((data.run_id,), commands.NoteComponent(*who, data.component_id, its_run))


def note_placement(message: Message) -> Ask[commands.NotePlacement] | None:
    """Inventory put the run's unit into a parent, or took it out."""
    data = message.data
    assert isinstance(data, inventory.UnitPlaced)  # noqa: S101 - as above
    if data.run_id is None:
        return None
    parent = None if data.parent_unit_id is None else Placement(data.parent_unit_id, data.parent_run_id)
    return Ask((data.run_id,), commands.NotePlacement(data.run_id, message.actor, message.happened_at, parent))


def reopen_contested(message: Message) -> Ask[commands.ReopenRun]:
    """Inventory contests a completion: the as-built had moved past what was reviewed."""
    data = message.data
    assert isinstance(data, inventory.CompletionContested)  # noqa: S101 - as above
    changed = ", ".join(map(_difference, data.differences[:SHOWN]))
    if len(data.differences) > SHOWN:
        changed += f" and {len(data.differences) - SHOWN} more"
    reason = f"completion contested: the as-built is version {data.as_built_version}, not {data.relied_on_version}"
    reason = f"{reason} ({changed})" if changed else reason
    return Ask(
        (data.run_id,),
        commands.ReopenRun(data.run_id, message.actor, message.happened_at, reason, data.number),
    )


def _difference(one: inventory.InstallationDifference) -> str:
    if one.change == "requirement":
        return f"requirement {one.requirement_id} {_wants(one)}"
    if one.change != "quantity" or one.was is None or one.now is None:
        return f"{one.unit_id} {one.change}"
    return f"{plain(one.now)} of {one.unit_id}, not {plain(one.was)}"


def _wants(one: inventory.InstallationDifference) -> str:
    if one.was is None or one.now is None:
        return "added" if one.was is None else "removed"
    if one.was == one.now:
        return "edited"
    return f"wants {plain(one.now)}, not {plain(one.was)}"


def note_delivery(message: Message) -> Ask[commands.NoteDelivery]:
    """The notification service says how a delivery of this run's completion or reopening stands."""
    data = message.data
    assert isinstance(data, notification.DeliveryNotice)  # noqa: S101 - as above
    delivery = Delivery(
        data.delivery_id,
        data.number,
        data.endpoint_id,
        data.url,
        data.description,
        data.event_id,
        data.event_type,
        DELIVERIES[type(data)],
        getattr(data, "attempts", 0),
    )
    return Ask((data.run_id,), commands.NoteDelivery(data.run_id, message.actor, message.happened_at, delivery))


def note_evidence(
    message: Message, what: Trouble | Dealt
) -> Ask[commands.NoteEvidence | commands.DealWithEvidence] | None:
    """A record of a plant system was refused or stands aside, or was dealt with since: its run is to know."""
    record, run_id = message.record, getattr(message.data, "run_id", None) or message.key
    if record is None or run_id is None or not record.topic.startswith(OF_THE_PLANT):
        return None
    code, obstacle = (what.code, what.obstacle) if isinstance(what, Trouble) else ("", "")
    evidence = _evidence(message.source, message.id, message.type, code, obstacle, message.happened_at)
    if isinstance(what, Trouble):
        return Ask((run_id,), commands.NoteEvidence(run_id, message.actor, message.happened_at, evidence))
    dealt = commands.DealWithEvidence(run_id, what.by, message.happened_at, evidence.evidence_id, what.reason)
    return Ask((run_id,), dealt)


def _evidence(source: str, event_id: str, type_: str, code: str, obstacle: str, at: datetime) -> RefusedEvidence:
    evidence_id = derived_id(int(at.timestamp() * 1000), source, event_id)
    return RefusedEvidence(
        evidence_id,
        _kept(source),
        _kept(event_id),
        _kept(type_),
        code,
        _kept(obstacle)[:LONGEST_OBSTACLE],
        at,
    )


def _kept(text: str) -> str:
    """What a plant system wrote, as a database takes it."""
    return storable(text) or ""
