"""What plant systems, planning and the warehouse say to Asbuilt: topics ``plant.*``."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, Strict

from shared.contracts.base import Contract, Exact, Id, Name, PlantEvent, Text

FieldKind = Literal["text", "number", "boolean", "select", "multiselect", "datetime", "file", "signoff"]
_ONE = Decimal(1)
Value = str | Annotated[bool, Strict()] | Exact | tuple[str, ...]
"""A recorded value: text, yes/no, an exact number, or the chosen options. What fits is for the field to say: a text
that is too long is refused with a reason, and does not hold up its run as an unreadable event would.
"""


class FieldOrdered(Contract):
    """A value to record on a step. A number has a unit and limits: ``min``/``max`` or ``target`` ± ``tolerance``."""

    field_id: Id
    name: Name
    kind: FieldKind
    required: bool = True
    unit: Name | None = None
    min: Exact | None = None
    max: Exact | None = None
    target: Exact | None = None
    tolerance: Exact | None = None
    options: tuple[Name, ...] = ()
    role: Name | None = Field(None, description="for a signoff: the role that its signer holds")


OutOfRange = Literal["warn", "needs-issue", "opens-issue", "refused"]
"""What a step's policy says to a value out of range at sign-off: it is allowed, and the completion review warns; only
with an issue that a person opens; only with an issue, which is opened unasked; not allowed.
"""


class StepOrdered(Contract):
    """One operation of a run; ``after`` names the steps that must be complete before it starts."""

    step_id: Id
    name: Name
    text: Text = ""
    required: bool = True
    after: tuple[Id, ...] = ()
    fields: tuple[FieldOrdered, ...] = ()
    out_of_range: OutOfRange = Field("warn", description="whether a value out of range may be signed off")


class RequirementOrdered(Contract):
    """What part and quantity must be installed into the target unit, per assembly."""

    requirement_id: Id
    part_number: Name
    revision: Name | None = Field(None, description="any revision if absent")
    quantity: Exact
    unit_of_measure: Name = "each"
    designators: tuple[Name, ...] = ()
    substitutes: tuple[Name, ...] = Field((), description="part numbers approved in its place")
    interchangeable_revisions: tuple[Name, ...] = Field((), description="revisions that do in place of `revision`")
    step_id: Id | None = Field(None, description="the step at which it is installed, where that is known")


class GateOrdered(Contract):
    """A run-level approval by a named role."""

    gate_id: Id
    name: Name
    role: Name
    required: bool = True


class Procedure(Contract):
    """The procedure version that a run executes."""

    name: Name
    version: Name


class Target(Contract):
    """The unit that a run builds: a serial, or a lot with its quantity."""

    serial: Id | None = None
    lot: Id | None = None
    quantity: Exact = _ONE
    unit_of_measure: Name = "each"


class Place(Contract):
    """Where a run is executed."""

    plant: Name | None = None
    line: Name | None = None
    work_center: Name | None = None


class OrderSnapshot(Contract):
    """Everything that a run executes, as it was when it was ordered; later changes never reach it."""

    run_id: Id
    part_number: Name
    revision: Name
    procedure: Procedure
    target: Target
    work_order: Id | None = None
    place: Place = Place()
    steps: tuple[StepOrdered, ...]
    requirements: tuple[RequirementOrdered, ...] = ()
    gates: tuple[GateOrdered, ...] = ()


class RunOrdered(PlantEvent, OrderSnapshot):
    """Planning orders a run, with a full snapshot of what it executes."""


class RunCanceled(PlantEvent):
    """Planning takes an order back."""

    run_id: Id
    reason: Text


class UnitReceived(PlantEvent):
    """A unit came in: a serial unit, a lot quantity, or an untracked quantity of one part revision.

    ``unit_id`` is the serial, or ``part_number:lot``.
    """

    unit_id: Id
    part_number: Name
    revision: Name
    serial: Id | None = None
    lot: Id | None = None
    quantity: Exact = _ONE
    unit_of_measure: Name = "each"
    location: Name | None = None
    delivery: Id | None = Field(None, description="another delivery of the same lot adds to it")


class UnitMoved(PlantEvent):
    """A unit, and everything in it, was brought to another location; with a quantity, part of a lot was."""

    unit_id: Id
    location: Name
    quantity: Exact | None = Field(None, description="the whole unit if absent")


class UnitScrapped(PlantEvent):
    """A unit, or part of a lot, was scrapped."""

    unit_id: Id
    reason: Text
    quantity: Exact | None = Field(None, description="the whole unit if absent")


class UnitReturned(PlantEvent):
    """A unit, or part of a lot, went back to its supplier."""

    unit_id: Id
    reason: Text
    quantity: Exact | None = Field(None, description="the whole unit if absent")


class StepStarted(PlantEvent):
    """Work on a step began."""

    run_id: Id
    step_id: Id


class ValueRecorded(PlantEvent):
    """A field got a value. A number may be a JSON number or text; its digits are kept as they came."""

    run_id: Id
    step_id: Id
    field_id: Id
    value: Value


class StepSignedOff(PlantEvent):
    """A step was signed off; on a step that was not started it implies the start."""

    run_id: Id
    step_id: Id


class StepCommented(PlantEvent):
    """Something to be known about a step, in words."""

    run_id: Id
    step_id: Id
    text: Text


class StepFailed(PlantEvent):
    """A step cannot be done as it should be. Without a reason it is refused."""

    run_id: Id
    step_id: Id
    reason: Text = ""


class StepHeld(PlantEvent):
    """Nobody is to work on a step for now. Without a reason it is refused."""

    run_id: Id
    step_id: Id
    reason: Text = ""


class StepResumed(PlantEvent):
    """A step on hold goes on."""

    run_id: Id
    step_id: Id


class FileAttached(PlantEvent):
    """A file belongs to a step; its content stays where ``uri`` says, and is what has this SHA-256."""

    run_id: Id
    step_id: Id
    field_id: Id | None = Field(None, description="the field that it is evidence for; of a file field it is the value")
    uri: Text
    sha256: Name = Field(description="64 hexadecimal digits")
    name: Name = Field(description="its name, without folders")
    media_type: Name
    size_bytes: int


class StepCheckedIn(PlantEvent):
    """The operator begins to work on a step; on one that is todo it implies the start."""

    run_id: Id
    step_id: Id


class StepCheckedOut(PlantEvent):
    """The operator leaves a step."""

    run_id: Id
    step_id: Id


class UnitInstalled(PlantEvent):
    """A unit was put into a parent unit for a requirement."""

    parent_unit_id: Id
    requirement_id: Id
    unit_id: Id = Field(description="the component: its serial, or part_number:lot of which the quantity is taken")
    designator: Name | None = None
    quantity: Exact = _ONE


class UnitRemoved(PlantEvent):
    """A unit was taken out of its parent unit."""

    parent_unit_id: Id
    unit_id: Id = Field(description="the component; of what was taken off a lot, the part or its lot")
    reason: Text = ""
    requirement_id: Id | None = Field(None, description="what it is installed for, where several are of one lot")
    designator: Name | None = Field(None, description="where it is installed, where several are of one lot")
    scrapped: bool = Field(False, description="it will never be used; else it goes back to stock")
    quantity: Exact | None = Field(None, description="part of what is installed of a lot; else all of it")
