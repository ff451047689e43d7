"""Gates: run-level approvals by a named role."""

from services.run.domain import events
from services.run.domain.commands import ApproveGate
from services.run.domain.refusals import RoleNotHeld, UnknownGate
from services.run.domain.run import Approval, Run
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]


def approve(run: Run, command: ApproveGate) -> Events:
    """Approve a gate; approved again, nothing changes.

    :raises UnknownGate: naming those that there are.
    :raises RoleNotHeld: when the person does not hold the role that the gate names.
    """
    gate = next((one for one in run.order.gates if one.gate_id == command.gate_id), None)
    if gate is None:
        known = ", ".join(one.gate_id for one in run.order.gates) or "it has none"
        raise UnknownGate(run_id=run.run_id, gate_id=command.gate_id, known=known)
    if gate.role not in command.roles:
        raise RoleNotHeld(what=f"The gate {gate.gate_id}", role=gate.role)
    if gate.gate_id in run.approvals:
        return ()
    return (events.GateApproved(run.run_id, command.by, command.at, gate.gate_id, gate.role),)


def approved(run: Run, event: events.GateApproved) -> Run:
    """The gate has its approval, with who and when."""
    return changed(run, approvals={**run.approvals, event.gate_id: Approval(event.by, event.at)})
