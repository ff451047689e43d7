"""Message to command: what each event asks of a run, and which run it is about."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from services.run.completing_handlers import (
    hear_refusal,
    note_component,
    note_delivery,
    note_placement,
    reopen_contested,
)
from services.run.domain import commands
from services.run.domain.order import (
    FieldDefinition,
    FieldKind,
    GateDefinition,
    Order,
    OutOfRange,
    Requirement,
    StepDefinition,
    Target,
)
from services.run.domain.refusals import OrderInvalid
from services.run.domain.run import Installation, Issue
from shared.contracts import inventory, issue, notification, plant
from shared.contracts.base import Contract
from shared.kernel import unit_id_of
from shared.messaging.messages import Ask, Message
from shared.messaging.service import Handler

C = TypeVar("C", bound=Contract)


def order_of(snapshot: plant.OrderSnapshot) -> Order:
    """The order as the domain knows it: per-assembly quantities times the run's, limits as min and max."""
    target, place = snapshot.target, snapshot.place
    return Order(
        run_id=snapshot.run_id,
        part_number=snapshot.part_number,
        revision=snapshot.revision,
        procedure=snapshot.procedure.name,
        procedure_version=snapshot.procedure.version,
        target=Target(
            unit_id_of(snapshot.part_number, target.serial, target.lot),
            target.serial,
            target.lot,
            target.quantity,
            target.unit_of_measure,
        ),
        work_order=snapshot.work_order,
        plant=place.plant,
        line=place.line,
        work_center=place.work_center,
        steps=tuple(step_of(step) for step in snapshot.steps),
        requirements=tuple(_requirement(one, target.quantity) for one in snapshot.requirements),
        gates=tuple(GateDefinition(g.gate_id, g.name, g.role, g.required) for g in snapshot.gates),
    )


def order_run(message: Message) -> Ask[commands.OrderRun]:
    """Planning orders a run."""
    data = _is(message, plant.RunOrdered)
    command = commands.OrderRun(data.run_id, message.actor, message.happened_at, order_of(data))
    return Ask((data.run_id,), command)


def cancel_run(message: Message) -> Ask[commands.CancelRun]:
    """Planning takes an order back."""
    data = _is(message, plant.RunCanceled)
    return Ask((data.run_id,), commands.CancelRun(data.run_id, message.actor, message.happened_at, data.reason))


def start_step(message: Message) -> Ask[commands.StartStep]:
    """A plant system says that work on a step began."""
    data = _is(message, plant.StepStarted)
    command = commands.StartStep(data.run_id, message.actor, message.happened_at, data.step_id)
    return Ask((data.run_id,), command)


def record_value(message: Message) -> Ask[commands.RecordValue]:
    """A plant system measured, read or noted something."""
    data = _is(message, plant.ValueRecorded)
    command = commands.RecordValue(
        data.run_id,
        message.actor,
        message.happened_at,
        data.step_id,
        data.field_id,
        data.value,
        message.roles,
    )
    return Ask((data.run_id,), command)


def sign_off(message: Message) -> Ask[commands.SignOff]:
    """A plant system signs a step off in a person's name."""
    data = _is(message, plant.StepSignedOff)
    return Ask((data.run_id,), commands.SignOff(data.run_id, message.actor, message.happened_at, data.step_id))


def comment(message: Message) -> Ask[commands.Comment]:
    """A plant system, or a person at it, says something about a step."""
    data = _is(message, plant.StepCommented)
    comment_id = message.derived_id("comment")
    command = commands.Comment(data.run_id, message.actor, message.happened_at, comment_id, data.text, data.step_id)
    return Ask((data.run_id,), command)


def fail_step(message: Message) -> Ask[commands.FailStep]:
    """A plant system says that a step cannot be done as it should be."""
    data = _is(message, plant.StepFailed)
    command = commands.FailStep(data.run_id, message.actor, message.happened_at, data.step_id, data.reason)
    return Ask((data.run_id,), command)


def hold_step(message: Message) -> Ask[commands.HoldStep]:
    """A plant system says that nobody is to work on a step for now."""
    data = _is(message, plant.StepHeld)
    command = commands.HoldStep(data.run_id, message.actor, message.happened_at, data.step_id, data.reason)
    return Ask((data.run_id,), command)


def resume_step(message: Message) -> Ask[commands.ResumeStep]:
    """A plant system says that a step on hold goes on."""
    data = _is(message, plant.StepResumed)
    return Ask((data.run_id,), commands.ResumeStep(data.run_id, message.actor, message.happened_at, data.step_id))


def attach_file(message: Message) -> Ask[commands.AttachFile]:
    """A plant system keeps a file that belongs to a step."""
    data = _is(message, plant.FileAttached)
    command = commands.AttachFile(
        data.run_id,
        message.actor,
        message.happened_at,
        data.sha256.lower(),
        data.name,
        data.media_type.lower(),
        data.size_bytes,
        data.step_id,
        data.field_id,
        data.uri,
    )
    return Ask((data.run_id,), command)


def check_in(message: Message) -> Ask[commands.CheckIn]:
    """An operator begins to work on a step."""
    data = _is(message, plant.StepCheckedIn)
    return Ask((data.run_id,), commands.CheckIn(data.run_id, message.actor, message.happened_at, data.step_id))


def check_out(message: Message) -> Ask[commands.CheckOut]:
    """An operator leaves a step."""
    data = _is(message, plant.StepCheckedOut)
    return Ask((data.run_id,), commands.CheckOut(data.run_id, message.actor, message.happened_at, data.step_id))


def note_target(message: Message) -> Ask[commands.NoteTarget]:
    """Inventory claimed the target."""
    data = _is(message, inventory.UnitClaimed)
    command = commands.NoteTarget(data.run_id, message.actor, message.happened_at, data.unit_id, data.as_built_version)
    return Ask((data.run_id,), command)


def note_installation(message: Message) -> Ask[commands.NoteInstallation]:
    """Inventory installed a unit into the target."""
    data = _is(message, inventory.UnitInstalled)
    installation = Installation(
        data.installation_id,
        data.requirement_id,
        data.unit_id,
        data.part_number,
        data.quantity,
        data.designator,
        data.substitute,
        data.revision,
        data.serial,
        data.lot,
        message.happened_at,
        message.actor,
        data.unit_of_measure,
        data.origin_unit_id,
    )
    command = commands.NoteInstallation(
        data.run_id, message.actor, message.happened_at, installation, data.as_built_version
    )
    return Ask((data.run_id,), command)


def note_removal(message: Message) -> Ask[commands.NoteRemoval]:
    """Inventory removed a unit from the target."""
    data = _is(message, inventory.UnitRemoved)
    command = commands.NoteRemoval(
        data.run_id,
        message.actor,
        message.happened_at,
        data.installation_id,
        data.requirement_id,
        data.unit_id,
        data.as_built_version,
        data.left_installation_id,
        data.left,
    )
    return Ask((data.run_id,), command)


def note_quantity(message: Message) -> Ask[commands.NoteQuantity] | None:
    """Part of what a run builds was split off; of what it has built, or of stock, is none of its business."""
    data = _is(message, inventory.UnitSplit)
    if data.run_id is None or data.as_built_version is None:
        return None
    who = (data.run_id, message.actor, message.happened_at)
    return Ask((data.run_id,), commands.NoteQuantity(*who, data.left, data.as_built_version))


def note_requirement(message: Message) -> Ask[commands.NoteRequirement]:
    """An engineer edited a requirement of the run, in inventory."""
    data = _is(message, inventory.RequirementFact)
    requirement = Requirement(
        data.requirement_id,
        data.part_number,
        data.quantity,
        data.unit_of_measure,
        data.revision,
        data.designators,
        data.substitutes,
        data.step_id,
        data.interchangeable_revisions,
    )
    is_removed = isinstance(data, inventory.RequirementRemoved)
    who = (data.run_id, message.actor, message.happened_at)
    return Ask((data.run_id,), commands.NoteRequirement(*who, requirement, is_removed, data.as_built_version))


def note_issue(message: Message) -> Ask[commands.NoteIssue] | None:
    """An issue was opened or changed; only those of a run are run's business."""
    data = _is(message, issue.IssueFact)
    if data.run_id is None:
        return None
    excepted: dict[str, Decimal] = {}
    for one in data.exceptions:
        excepted[one.requirement_id] = excepted.get(one.requirement_id, Decimal(0)) + one.quantity
    noted = Issue(
        data.issue_id,
        data.title,
        data.state,
        data.disposition,
        data.approved,
        excepted,
        data.step_id,
        data.field_id,
        data.requirement_id,
    )
    return Ask((data.run_id,), commands.NoteIssue(data.run_id, message.actor, message.happened_at, noted))


HANDLERS: Mapping[type[Contract], Handler] = MappingProxyType(
    {
        plant.RunOrdered: Handler(order_run, "run:order"),
        plant.RunCanceled: Handler(cancel_run, "run:order"),
        plant.StepStarted: Handler(start_step, "step:work"),
        plant.ValueRecorded: Handler(record_value, "step:work"),
        plant.StepCommented: Handler(comment, "step:work"),
        plant.FileAttached: Handler(attach_file, "step:work"),
        plant.StepSignedOff: Handler(sign_off, "step:work"),
        plant.StepFailed: Handler(fail_step, "step:fail"),
        plant.StepHeld: Handler(hold_step, "step:work"),
        plant.StepResumed: Handler(resume_step, "step:work"),
        plant.StepCheckedIn: Handler(check_in, "step:work"),
        plant.StepCheckedOut: Handler(check_out, "step:work"),
        inventory.UnitClaimed: Handler(note_target),
        inventory.UnitInstalled: Handler(note_installation),
        inventory.UnitRemoved: Handler(note_removal),
        inventory.UnitSplit: Handler(note_quantity),
        inventory.RequirementAdded: Handler(note_requirement),
        inventory.RequirementChanged: Handler(note_requirement),
        inventory.RequirementRemoved: Handler(note_requirement),
        inventory.UnitChangeRefused: Handler(hear_refusal),
        inventory.UnitPlaced: Handler(note_placement, heeds=lambda data: data.run_id is not None),
        inventory.ComponentReopened: Handler(note_component),
        inventory.ComponentCleared: Handler(note_component),
        inventory.CompletionContested: Handler(reopen_contested),
        issue.IssueOpened: Handler(note_issue),
        issue.DispositionChosen: Handler(note_issue),
        issue.IssueDispositioned: Handler(note_issue),
        issue.IssueInReview: Handler(note_issue),
        issue.IssueSentBack: Handler(note_issue),
        issue.IssueResolved: Handler(note_issue),
        issue.IssueReopened: Handler(note_issue),
        notification.DeliveryQueued: Handler(note_delivery),
        notification.DeliveryDelivered: Handler(note_delivery),
        notification.DeliveryGivenUp: Handler(note_delivery),
    }
)


def _is(message: Message, contract: type[C]) -> C:
    assert isinstance(message.data, contract)  # noqa: S101 - for the type checker; the table chose by type
    return message.data


def step_of(step: plant.StepOrdered) -> StepDefinition:
    """A step as the domain knows it, limits as min and max.

    :raises OrderInvalid: for a target without its tolerance, or with limits besides.
    """
    fields = tuple(_field(one) for one in step.fields)
    policy = OutOfRange(step.out_of_range)
    return StepDefinition(step.step_id, step.name, step.text, step.required, step.after, fields, policy)


def _field(ordered: plant.FieldOrdered) -> FieldDefinition:
    minimum, maximum = _limits(ordered)
    return FieldDefinition(
        ordered.field_id,
        ordered.name,
        FieldKind(ordered.kind),
        ordered.required,
        ordered.unit,
        minimum,
        maximum,
        ordered.options,
        ordered.role,
    )


def _limits(ordered: plant.FieldOrdered) -> tuple[Decimal | None, Decimal | None]:
    """Target ± tolerance as limits, where there is one."""
    match ordered.target, ordered.tolerance:
        case None, None:
            return ordered.min, ordered.max
        case Decimal() as target, Decimal() as tolerance if ordered.min is None and ordered.max is None:
            return target - tolerance, target + tolerance
        case _:
            what = f"the field {ordered.field_id} needs min and max, or a target with its tolerance"
            raise OrderInvalid(what=what)


def _requirement(ordered: plant.RequirementOrdered, run_quantity: Decimal) -> Requirement:
    return Requirement(
        ordered.requirement_id,
        ordered.part_number,
        ordered.quantity * run_quantity,
        ordered.unit_of_measure,
        ordered.revision,
        ordered.designators,
        ordered.substitutes,
        ordered.step_id,
        ordered.interchangeable_revisions,
    )
