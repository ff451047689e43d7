"""Examples of runs: a pump with a rotor, two steps and a quality gate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.run.domain import commands, redline_commands
from services.run.domain.decide import decide
from services.run.domain.delivery import Delivery, DeliveryState
from services.run.domain.evolve import evolve
from services.run.domain.order import (
    FieldDefinition,
    FieldKind,
    GateDefinition,
    Order,
    Requirement,
    StepDefinition,
    Target,
)
from services.run.domain.redline import AddStep, ChangeStep, Redline, RedlineState, StepChange
from services.run.domain.review import review
from services.run.domain.run import Installation, Issue, Placement, RefusedEvidence, Run, Value
from shared.kernel import Actor
from shared.testing.story import Rules, Story

RUN: Rules[Run] = Rules(
    lambda known, command: decide(known.get(command.run_id), command), evolve, lambda event: event.run_id
)

R = "run-1"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLGA = Actor("olga", "torque-2")
LEAD = Actor("lena")
QUINN = Actor("quinn")
INVENTORY = Actor("olga", "scanner-4")

TORQUE = FieldDefinition("torque", "Torque", FieldKind.NUMBER, True, "N·m", Decimal("24.5"), Decimal("25.5"))
REMARK = FieldDefinition("remark", "Remark", FieldKind.TEXT, False)
ASSEMBLE = StepDefinition("assemble", "Assemble", "", True, (), (TORQUE, REMARK))
TEST = StepDefinition("test", "Leak test", "", True, ("assemble",), ())
LABEL = StepDefinition("label", "Customer label", "", False, ("test",), ())
ROTOR = Requirement("rotor", "ROTOR-7", Decimal(1), "each", "A")
RELEASE = GateDefinition("release", "Quality release", "Quality", True)


def order(**changed: Any) -> Order:
    """The order of a pump."""
    usual = Order(
        run_id=R,
        part_number="PUMP-100",
        revision="B",
        procedure="Build a pump",
        procedure_version="3",
        target=Target("PUMP-1", "PUMP-1", None, Decimal(1), "each"),
        work_order="WO-1",
        plant="Graz",
        line="Line 2",
        work_center=None,
        steps=(ASSEMBLE, TEST, LABEL),
        requirements=(ROTOR,),
        gates=(RELEASE,),
    )
    return replace(usual, **changed)


def ordered(**changed: Any) -> commands.OrderRun:
    """Planning orders the pump."""
    return commands.OrderRun(R, LEAD, NOON, order(**changed))


def start(step_id: str = "assemble", **changed: Any) -> commands.StartStep:
    """Olga begins a step."""
    return replace(commands.StartStep(R, OLGA, NOON, step_id), **changed)


def record(value: Value = Decimal("25.0"), field_id: str = "torque", step_id: str = "assemble") -> commands.RecordValue:
    """Olga's wrench records a value."""
    return commands.RecordValue(R, OLGA, NOON, step_id, field_id, value)


def sign(step_id: str = "assemble") -> commands.SignOff:
    """Olga signs a step off."""
    return commands.SignOff(R, OLGA, NOON, step_id)


def fail(step_id: str = "assemble", reason: str = "the thread is stripped", **changed: Any) -> commands.FailStep:
    """Olga says that a step cannot be done."""
    return replace(commands.FailStep(R, OLGA, NOON, step_id, reason), **changed)


def acknowledge(step_id: str = "assemble", issue_id: str = "issue-1") -> commands.AcknowledgeFailure:
    """Quinn from quality lets a failed step count as complete, with the issue that covers it."""
    return commands.AcknowledgeFailure(R, QUINN, NOON, step_id, issue_id)


def rework(step_id: str = "assemble") -> commands.ReworkStep:
    """Olga does a failed step again."""
    return commands.ReworkStep(R, OLGA, NOON, step_id)


def hold(step_id: str = "assemble", reason: str = "the wrench is away", **changed: Any) -> commands.HoldStep:
    """Olga puts a step on hold."""
    return replace(commands.HoldStep(R, OLGA, NOON, step_id, reason), **changed)


def resume(step_id: str = "assemble") -> commands.ResumeStep:
    """Olga takes a step from hold."""
    return commands.ResumeStep(R, OLGA, NOON, step_id)


def leave_out(step_id: str = "label", reason: str = "the customer wants none") -> commands.CancelStep:
    """Lena leaves an optional step out."""
    return commands.CancelStep(R, LEAD, NOON, step_id, reason)


def check_in(step_id: str = "assemble", **changed: Any) -> commands.CheckIn:
    """Olga begins to work on a step."""
    return replace(commands.CheckIn(R, OLGA, NOON, step_id), **changed)


def check_out(step_id: str = "assemble", **changed: Any) -> commands.CheckOut:
    """Olga leaves a step."""
    return replace(commands.CheckOut(R, OLGA, NOON, step_id), **changed)


def correct(number: int = 1, step_id: str = "assemble", **changed: Any) -> commands.CorrectSession:
    """Lena puts a session right, later that day: it began at eleven."""
    eleven, evening = NOON - timedelta(hours=1), NOON + timedelta(hours=6)
    usual = commands.CorrectSession(R, LEAD, evening, step_id, number, eleven, None, "forgot to check in")
    return replace(usual, **changed)


def idle(step_id: str = "assemble", minutes: int = 30, **changed: Any) -> commands.EndIdleSessions:
    """Nobody was seen on a step for long, as it is in the evening."""
    asbuilt, evening = Actor(machine="urn:asbuilt:run"), NOON + timedelta(hours=6)
    usual = commands.EndIdleSessions(R, asbuilt, evening, step_id, timedelta(minutes=minutes), NOON)
    return replace(usual, **changed)


def give_up(reason: str = "the housing is cracked") -> commands.FailRun:
    """Quinn gives the run up for good."""
    return commands.FailRun(R, QUINN, NOON, reason)


def approve(gate_id: str = "release", *roles: str) -> commands.ApproveGate:
    """Lena approves a gate; she holds Quality where nothing else is said."""
    return commands.ApproveGate(R, LEAD, NOON, gate_id, frozenset(roles or ("Quality",)))


def claimed(version: int = 1) -> commands.NoteTarget:
    """Inventory claimed the pump."""
    return commands.NoteTarget(R, INVENTORY, NOON, "PUMP-1", version)


def installation(number: int = 1, **changed: Any) -> Installation:
    """A rotor in the pump."""
    rotor = f"ROTOR-{number}"
    usual = Installation(f"inst-{number}", "rotor", rotor, "ROTOR-7", Decimal(1), None, False, "A", rotor)
    return replace(usual, **changed)


def installed(number: int = 1, version: int = 2, **changed: Any) -> commands.NoteInstallation:
    """Inventory says that a rotor was installed."""
    return commands.NoteInstallation(R, INVENTORY, NOON, installation(number, **changed), version)


def removed(number: int = 1, version: int = 3) -> commands.NoteRemoval:
    """Inventory says that a rotor was removed."""
    return commands.NoteRemoval(R, INVENTORY, NOON, f"inst-{number}", "rotor", f"ROTOR-{number}", version)


def edited(version: int = 2, *, is_removed: bool = False, **changed: Any) -> commands.NoteRequirement:
    """Inventory says that an engineer edited the requirement of the rotor, or one of another id."""
    return commands.NoteRequirement(R, LEAD, NOON, replace(ROTOR, **changed), is_removed, version)


def split_off(left: str = "7", version: int = 2) -> commands.NoteQuantity:
    """Inventory says that part of what the run builds was split off."""
    return commands.NoteQuantity(R, LEAD, NOON, Decimal(left), version)


def issue(issue_id: str = "issue-1", **changed: Any) -> commands.NoteIssue:
    """The issue service says how an issue of the run stands: pending, where nothing else is said."""
    usual = Issue(issue_id, "Scratch on the cover", "pending", None, False, {})
    return commands.NoteIssue(R, LEAD, NOON, replace(usual, **changed))


def delivery(state: DeliveryState = DeliveryState.DELIVERED) -> commands.NoteDelivery:
    """The ERP system took the first completion."""
    about = ("E-1", "https://erp.example.com/hooks", "The ERP", "event-1", "asbuilt.run.completed.v1")
    return commands.NoteDelivery(R, LEAD, NOON, Delivery("delivery-1", 1, *about, state, 1))


def complete(version: str, *acknowledged: tuple[str, str], note: str = "", **changed: Any) -> commands.CompleteRun:
    """Lena confirms the review of that version."""
    return replace(commands.CompleteRun(R, LEAD, NOON, version, frozenset(acknowledged), note), **changed)


def assess() -> commands.AssessRun:
    """The policies changed: is the run ready under those of now?"""
    return commands.AssessRun(R, LEAD, NOON)


def cancel() -> commands.CancelRun:
    """Lena takes the run back."""
    return commands.CancelRun(R, LEAD, NOON, "not needed")


def reopen(number: int | None = None) -> commands.ReopenRun:
    """The run is opened again."""
    return commands.ReopenRun(R, LEAD, NOON, "a signature is missing", number)


def lose_target() -> commands.LoseTarget:
    """Inventory says that the pump is not available."""
    return commands.LoseTarget(R, INVENTORY, NOON, "target-not-available: it is scrapped")


DONE = (
    ordered(),
    claimed(),
    record(),
    sign(),
    sign("test"),
    installed(),
    approve(),
)
"""Everything that a pump needs to be completed."""


def ready(*more: Any) -> Story[Run]:
    """A pump that can be completed, and what happened then."""
    return RUN.given(*DONE, *more)


def completed(*more: Any) -> Story[Run]:
    """A pump that was completed, and what happened then."""
    story = ready()
    story = story.when(complete(version_of(story))).and_then()
    for command in more:
        story = story.when(command).and_then()
    return story


def version_of(story: Story[Run]) -> str:
    """The version of the run's review now."""
    return review(story.state(R)).version


def blockers_of(story: Story[Run]) -> list[tuple[str, str]]:
    """Code and subject of each blocker of the run's review now."""
    return [(one.code, one.subject) for one in review(story.state(R)).blockers]


def warnings_of(story: Story[Run]) -> list[tuple[str, str]]:
    """Code and subject of each warning of the run's review now."""
    return [(one.code, one.subject) for one in review(story.state(R)).warnings]


def being(story: Story[Run], **changed: Any) -> Story[Run]:
    """The same story, of a run that is different in this."""
    return Story(story.rules, {R: replace(story.state(R), **changed)})


def with_step(story: Story[Run], step_id: str = "assemble", **changed: Any) -> Story[Run]:
    """The same story, of a run one step of which is different in this."""
    steps = story.state(R).steps
    return being(story, steps={**steps, step_id: replace(steps[step_id], **changed)})


def redline(state: RedlineState) -> Redline:
    """A redline that stands like this."""
    return Redline("redline-1", LEAD, NOON, "the torque is too high", (), state=state)


SHIM = StepDefinition("shim", "Shim the seal", "Until the gap is met.", True, ("assemble",), ())
NEXT_TORQUE = replace(TORQUE, minimum=Decimal("20.0"), maximum=Decimal("21.0"))
SOFTER = AddStep(SHIM, ("test",)), ChangeStep(replace(ASSEMBLE, fields=(NEXT_TORQUE, REMARK)))
"""A shim before the leak test, and less torque."""


def propose(*changes: StepChange, **changed: Any) -> redline_commands.ProposeRedline:
    """Lena proposes to change steps: to shim the seal and to torque it less, where nothing else is said."""
    usual = redline_commands.ProposeRedline(
        R, LEAD, NOON, "redline-1", "The seals are thin.", changes or SOFTER, ("Quality",)
    )
    return replace(usual, **changed)


def apply(redline_id: str = "redline-1") -> redline_commands.ApplyRedline:
    """Lena applies a redline."""
    return redline_commands.ApplyRedline(R, LEAD, NOON, redline_id)


def accept(role: str = "Quality", redline_id: str = "redline-1", **changed: Any) -> redline_commands.AcceptRedline:
    """Lena, who holds that role, accepts a redline for it."""
    return replace(redline_commands.AcceptRedline(R, LEAD, NOON, redline_id, role, frozenset({role})), **changed)


def reject(redline_id: str = "redline-1") -> redline_commands.RejectRedline:
    """Lena turns a redline down."""
    return redline_commands.RejectRedline(R, LEAD, NOON, redline_id, "the customer says no")


def withdraw(redline_id: str = "redline-1") -> redline_commands.CancelRedline:
    """Lena takes a proposal back."""
    return redline_commands.CancelRedline(R, LEAD, NOON, redline_id, "not needed")


def comment(text: str = "Swarf under the head.", step_id: str | None = "assemble", number: int = 1) -> commands.Comment:
    """Olga says something about a step, or about the run."""
    return commands.Comment(R, OLGA, NOON, f"comment-{number}", text, step_id)


CONTENT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"""The SHA-256 of some file."""


def attach(**changed: Any) -> commands.AttachFile:
    """Olga attaches the curve of a test, to the run where nothing else is said."""
    return replace(commands.AttachFile(R, OLGA, NOON, CONTENT, "curve.csv", "text/csv", 1_024), **changed)


def refused_evidence(number: int = 9, **changed: Any) -> RefusedEvidence:
    """What a scanner said, and was refused."""
    refused = RefusedEvidence(
        f"evidence-{number}",
        "urn:scanner",
        f"{number}",
        "plant.step.signed-off.v1",
        "step-signed-off",
        "It is signed off.",
        NOON,
    )
    return replace(refused, **changed)


def note_evidence(number: int = 9, **changed: Any) -> commands.NoteEvidence:
    """An event of a scanner was not taken."""
    return commands.NoteEvidence(R, OLGA, NOON, refused_evidence(number, **changed))


def deal_with_evidence(number: int = 9) -> commands.DealWithEvidence:
    """What had stood aside was taken after all."""
    return commands.DealWithEvidence(R, OLGA, NOON, f"evidence-{number}", "It was taken after all.")


def settle_evidence(number: int = 9, reason: str = "The scanner sent it twice.") -> commands.SettleEvidence:
    """Lena has dealt with it."""
    return commands.SettleEvidence(R, LEAD, NOON, f"evidence-{number}", reason)


def component(component_id: str = "ROTOR-1", run_id: str | None = "run-7") -> commands.NoteComponent:
    """The run of a rotor in the pump is reopened; or, without a run, is so no more."""
    return commands.NoteComponent(R, INVENTORY, NOON, component_id, run_id)


def placed(unit_id: str | None = "SKID-1", run_id: str | None = "run-of-skid") -> commands.NotePlacement:
    """The pump went into a skid; or, without one, was taken out."""
    return commands.NotePlacement(R, INVENTORY, NOON, None if unit_id is None else Placement(unit_id, run_id))
