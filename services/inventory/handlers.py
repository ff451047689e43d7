"""Message to command: what each event asks of inventory, and which units it may change."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from services.inventory.domain import commands
from services.inventory.domain.lookup import awaited, split_from, taken_out, within
from services.inventory.domain.unit import Identification, IssueSays, Requirement
from shared.contracts import issue, plant, run
from shared.contracts.base import Contract
from shared.contracts.catalog import CATALOG
from shared.kernel import split_id
from shared.messaging.messages import Ask, Message
from shared.messaging.service import Handler

C = TypeVar("C", bound=Contract)


def receive(message: Message) -> Ask[commands.ReceiveUnit]:
    """The warehouse received a unit."""
    data = _is(message, plant.UnitReceived)
    return Ask((data.unit_id,), receipt(data, message))


def receipt(data: plant.UnitReceived, message: Message) -> commands.ReceiveUnit:
    """The command in a receipt."""
    came = Identification(
        data.unit_id,
        data.part_number,
        data.revision,
        data.serial,
        data.lot,
        data.quantity,
        data.unit_of_measure,
        data.location,
    )
    return commands.ReceiveUnit(data.unit_id, message.actor, message.happened_at, came, data.delivery)


def move(message: Message) -> Ask[commands.MoveUnit]:
    """A unit was brought to another location, with everything in it."""
    data = _is(message, plant.UnitMoved)
    part = split_id(data.unit_id, message.derived_id("part"))
    command = commands.MoveUnit(data.unit_id, message.actor, message.happened_at, data.location, data.quantity, part)
    return Ask((data.unit_id, part, within(data.unit_id)), command)


def scrap(message: Message) -> Ask[commands.ScrapUnit]:
    """A unit, or part of it, was scrapped."""
    data = _is(message, plant.UnitScrapped)
    part = split_id(data.unit_id, message.derived_id("part"))
    command = commands.ScrapUnit(data.unit_id, message.actor, message.happened_at, data.reason, data.quantity, part)
    return Ask((data.unit_id, part), command)


def give_back(message: Message) -> Ask[commands.ReturnUnit]:
    """A unit, or part of it, went back to its supplier."""
    data = _is(message, plant.UnitReturned)
    part = split_id(data.unit_id, message.derived_id("part"))
    command = commands.ReturnUnit(data.unit_id, message.actor, message.happened_at, data.reason, data.quantity, part)
    return Ask((data.unit_id, part), command)


def claim(message: Message) -> Ask[commands.ClaimTarget]:
    """A run was created: it builds its target, and its requirements are inventory's from here on."""
    data = _is(message, run.RunCreated)
    target = data.target
    wanted = Identification(
        data.unit_id,
        data.part_number,
        data.revision,
        target.serial,
        target.lot,
        target.quantity,
        target.unit_of_measure,
        data.place.work_center or data.place.line,
    )
    requirements = {one.requirement_id: _requirement(one, target.quantity) for one in data.requirements}
    command = commands.ClaimTarget(data.unit_id, message.actor, message.happened_at, data.run_id, wanted, requirements)
    return Ask((data.unit_id,), command)


def install(message: Message) -> Ask[commands.Install]:
    """A plant system put a component into a unit."""
    data = _is(message, plant.UnitInstalled)
    installation_id = message.derived_id("installation")
    part_unit_id = split_id(data.unit_id, installation_id)
    command = commands.Install(
        data.parent_unit_id,
        message.actor,
        message.happened_at,
        data.unit_id,
        data.requirement_id,
        data.designator,
        data.quantity,
        installation_id,
        part_unit_id,
    )
    return Ask((data.parent_unit_id, data.unit_id, part_unit_id, within(data.unit_id)), command)


def remove(message: Message) -> Ask[commands.Remove]:
    """A plant system took a component out of a unit."""
    data = _is(message, plant.UnitRemoved)
    installation_id = message.derived_id("installation")
    part = split_id(data.unit_id, installation_id)
    command = commands.Remove(
        data.parent_unit_id,
        message.actor,
        message.happened_at,
        data.unit_id,
        data.reason,
        data.requirement_id,
        data.designator,
        data.scrapped,
        data.quantity,
        installation_id,
        part,
    )
    return Ask((*taken_out(data.parent_unit_id, data.unit_id), part), command)


def release(message: Message) -> Ask[commands.Release]:
    """A run was completed: its unit is released, what is in it is consumed."""
    data = _is(message, run.RunCompleted)
    record = data.record
    relied_on = {
        one.installation_id: commands.ReliedOn(one.unit_id, one.requirement_id, one.designator, one.quantity)
        for one in record.installations
    }
    part = split_id(data.unit_id, message.derived_id("scrapped"))
    command = commands.Release(
        data.unit_id,
        message.actor,
        message.happened_at,
        data.run_id,
        record.number,
        record.as_built_version,
        relied_on,
        record.scrapped_quantity or Decimal(0),
        part,
        record.quantity,
        {one.requirement_id: one.required for one in record.counts.requirements},
    )
    named = (data.unit_id, part, split_from(data.unit_id))
    return Ask((*named, *(one.unit_id for one in record.installations)), command)


def reopen(message: Message) -> Ask[commands.Reopen]:
    """A run was reopened: its unit is work in progress again."""
    data = _is(message, run.RunReopened)
    command = commands.Reopen(data.unit_id, message.actor, message.happened_at, data.run_id)
    return Ask((data.unit_id, split_from(data.unit_id)), command)


def fail(message: Message) -> Ask[commands.FailBuild]:
    """A run failed for good: its unit stays work in progress, and says why."""
    data = _is(message, run.RunFailed)
    command = commands.FailBuild(data.unit_id, message.actor, message.happened_at, data.run_id, data.reason)
    return Ask((data.unit_id,), command)


def free(message: Message) -> Ask[commands.Free]:
    """A run was canceled: its target is free."""
    data = _is(message, run.RunCanceled)
    command = commands.Free(data.unit_id, message.actor, message.happened_at, data.run_id)
    return Ask((data.unit_id, split_from(data.unit_id)), command)


def note_issue(message: Message) -> Ask[commands.NoteIssue]:
    """An issue changed: its unit, and the parts that it had put in quarantine, are withheld for it or not."""
    command = _as_it_stands(message)
    its_unit = () if command.unit_id is None else (awaited(command.unit_id),)
    return Ask((*_spoken_of(command), *its_unit), command)


def quarantine(message: Message) -> Ask[commands.Quarantine]:
    """An issue has part of a unit split off and held. A refusal is about the issue, which hears of it."""
    part = _is(message, issue.IssueQuarantined).part
    noted = _as_it_stands(message)
    command = commands.Quarantine(
        part.of_unit_id, message.actor, message.happened_at, part.unit_id, part.quantity, noted
    )
    return Ask((*_spoken_of(noted), part.of_unit_id), command)


def _as_it_stands(message: Message) -> commands.NoteIssue:
    data = _is(message, issue.IssueFact)
    says = IssueSays(data.issue_id, data.disposition, data.availability, data.state == "resolved")
    parts = tuple(commands.PartHeld(one.unit_id, one.of_unit_id) for one in data.quarantined if one.state != "refused")
    who = (message.actor, message.happened_at)
    return commands.NoteIssue(data.unit_id, *who, says, parts, part_numbers=data.part_numbers)


def _spoken_of(command: commands.NoteIssue) -> tuple[str, ...]:
    """The issue, which is no unit, stands first: a refusal is about it."""
    units = [one.unit_id for one in command.parts]
    if command.unit_id is not None:
        units.append(command.unit_id)
    return (command.issue_id, *units, *map(split_from, units))


ISSUE_FACTS: tuple[type[Contract], ...] = tuple(
    entry.contract for entry in CATALOG.values() if issubclass(entry.contract, issue.IssueFact)
)
"""Whatever happens to an issue, it says how it stands."""


def _scraps(data: Contract) -> str | None:
    return "unit:scrap" if isinstance(data, plant.UnitRemoved) and data.scrapped else None


HANDLERS: Mapping[type[Contract], Handler] = MappingProxyType(
    {
        plant.UnitReceived: Handler(receive, "unit:receive"),
        plant.UnitMoved: Handler(move, "unit:move"),
        plant.UnitScrapped: Handler(scrap, "unit:scrap"),
        plant.UnitReturned: Handler(give_back, "unit:move"),
        plant.UnitInstalled: Handler(install, "unit:install"),
        plant.UnitRemoved: Handler(remove, "unit:remove", _scraps),
        run.RunCreated: Handler(claim),
        run.RunCompleted: Handler(release),
        run.RunReopened: Handler(reopen),
        run.RunFailed: Handler(fail),
        run.RunCanceled: Handler(free),
        **dict.fromkeys(ISSUE_FACTS, Handler(note_issue)),
        issue.IssueQuarantined: Handler(quarantine),
    }
)


def _is(message: Message, contract: type[C]) -> C:
    assert isinstance(message.data, contract)  # noqa: S101 - for the type checker; the table chose by type
    return message.data


def _requirement(ordered: plant.RequirementOrdered, run_quantity: Decimal) -> Requirement:
    return Requirement(
        ordered.requirement_id,
        ordered.part_number,
        ordered.quantity * run_quantity,
        ordered.revision,
        ordered.designators,
        ordered.substitutes,
        ordered.interchangeable_revisions,
        ordered.unit_of_measure,
        ordered.step_id,
    )
