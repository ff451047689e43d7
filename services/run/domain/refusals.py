"""Every "no" of a run. A docstring is the message, ``resolve`` the way out."""

from shared.kernel import RefusalKind, Refused, Unknown


class UnknownRun(Unknown):
    """The run {subject} is not known."""

    code = "unknown-run"
    resolve = "Order the run first, or check its id."


class RunExists(Refused):
    """The run {run_id} exists already with different content."""

    code = "run-exists"
    resolve = "Order it under another id; a live run never takes a changed procedure."


class OrderInvalid(Refused):
    """The order contradicts itself: {what}."""

    code = "order-invalid"
    kind = RefusalKind.INVALID
    resolve = "Correct the order and send it again under a new event id."


class RunLocked(Refused):
    """The run {run_id} is complete and its record is locked."""

    code = "run-locked"
    resolve = "Someone with the permission run:reopen can reopen the run, with a reason."


class RunNotOpen(Refused):
    """The run {run_id} is {status} and takes no more changes."""

    code = "run-not-open"
    resolve = "{way_out}"


class RunNotComplete(Refused):
    """The run {run_id} is not complete, so there is nothing to reopen."""

    code = "run-not-complete"
    resolve = "A run that is still open can be changed as it is."


class UnknownStep(Refused):
    """The run {run_id} has no step {step_id}."""

    code = "unknown-step"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its steps: {known}."


class UnknownField(Refused):
    """The step {step_id} has no field {field_id}."""

    code = "unknown-field"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its fields: {known}."


class UnknownGate(Refused):
    """The run {run_id} has no gate {gate_id}."""

    code = "unknown-gate"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its gates: {known}."


class UpstreamNotComplete(Refused):
    """The step {step_id} cannot start: {upstream} must be complete first."""

    code = "upstream-not-complete"
    resolve = "Sign off {upstream}."


class StepIsSigned(Refused):
    """The step {step_id} is signed off."""

    code = "step-signed-off"
    resolve = "{way_out}"


class StepNotWorkable(Refused):
    """The step {step_id} is {state}, so it cannot be worked on."""

    code = "step-not-workable"
    resolve = "{way_out}"


class StepInRedline(Refused):
    """The step {step_id} is in the redline {redline_id}, which is {state}."""

    code = "step-in-redline"
    resolve = "Have {redline_id} {way_out} first."


class UnknownRedline(Refused):
    """The run {run_id} has no redline {redline_id}."""

    code = "unknown-redline"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its redlines: {known}."


class RedlineInvalid(Refused):
    """The redline contradicts the run or itself: {what}."""

    code = "redline-invalid"
    kind = RefusalKind.INVALID
    resolve = "Propose one that leaves steps which can be worked through."


class RedlineNotUndoable(Refused):
    """The redline {redline_id} cannot be rejected: without it, {what}."""

    code = "redline-not-undoable"
    resolve = "Reject the redlines that build on it first, or propose one that changes the steps further."


class RedlineHasEvidence(Refused):
    """The redline {redline_id} cannot be rejected: {steps} were signed off as it changed them."""

    code = "redline-has-evidence"
    resolve = "Accept it, or open an issue on what is wrong with it."


class RedlineNotOpen(Refused):
    """The redline {redline_id} is {state}, and stays so."""

    code = "redline-not-open"
    resolve = "Propose another redline."


class RedlineNotApplied(Refused):
    """The redline {redline_id} is only proposed, so there is nothing to accept yet."""

    code = "redline-not-applied"
    resolve = "Someone with the permission redline:approve applies it first."


class RedlineAlreadyApplied(Refused):
    """The redline {redline_id} is applied, so it cannot be taken back."""

    code = "redline-already-applied"
    resolve = "Someone with the permission redline:approve can reject it while no step that it changed is signed."


class ReviewNotWanted(Refused):
    """The redline {redline_id} wants no review by the role {role}."""

    code = "review-not-wanted"
    kind = RefusalKind.INVALID
    resolve = "It wants the review of: {wanted}."


class FieldsMissing(Refused):
    """The step {step_id} cannot be complete: {fields} have no value."""

    code = "fields-missing"
    resolve = "{way_out}"


class ValueOutOfRange(Refused):
    """The step {step_id} cannot be signed off: its field {field_id} is {value}, and the step allows {limits} only."""

    code = "value-out-of-range"
    resolve = "Record {field_id} again once it is {limits}; or fail the step, or have a redline change the limits."


class IssueNeeded(Refused):
    """The step {step_id} cannot be signed off: its field {field_id} is {value}, not {limits}, and has no issue."""

    code = "issue-needed"
    resolve = "Open an issue on the run {run_id} that names {step_id} and {field_id}, or record it again in range."


class IssueAwaited(Unknown):
    """The step {step_id} cannot be signed off yet: its field {field_id} is {value}, not {limits}, and its issue is
    just being opened.
    """

    code = "issue-awaited"
    kind = RefusalKind.CONFLICT
    resolve = "Sign off again in a moment, when the issue is there; or record {field_id} again in range."


class StepNotFailed(Refused):
    """The step {step_id} is {state}, so it has no failure that waits to be dealt with."""

    code = "step-not-failed"
    resolve = "Only a failed step is acknowledged or sent to rework; say first that it failed, if it did."


class StepNotOnHold(Refused):
    """The step {step_id} is {state}, not on hold."""

    code = "step-not-on-hold"
    resolve = "Nothing needs to be resumed."


class StepRequired(Refused):
    """The step {step_id} is required, so it cannot be left out."""

    code = "step-required"
    resolve = "Sign it off, or have a redline mark it not applicable."


class PersonMissing(Refused):
    """Nobody is named whom this is about: only people check in and out."""

    code = "person-missing"
    kind = RefusalKind.INVALID
    resolve = "Name the operator."


class NotCheckedIn(Refused):
    """{person} is not checked in on the step {step_id}."""

    code = "not-checked-in"
    resolve = "Check in first; who forgot to has the session's times put right by someone with session:edit."


class UnknownSession(Refused):
    """The step {step_id} has no session {number}."""

    code = "unknown-session"
    kind = RefusalKind.UNKNOWN
    resolve = "Use one of its sessions: {known}."


class SessionTimesInvalid(Refused):
    """The session cannot be {what}."""

    code = "session-times-invalid"
    kind = RefusalKind.INVALID
    resolve = "Give times at which the person was on the step: a start, and an end after it that has passed."


class ReasonMissing(Refused):
    """No reason is given."""

    code = "reason-missing"
    kind = RefusalKind.INVALID
    resolve = "Say why; the reason stands in the record."


class IssueNotOnStep(Refused):
    """No issue {issue_id} is known on the step {step_id} of the run {run_id}."""

    code = "issue-not-on-step"
    resolve = "Name an issue that was opened on this step ({known}), or open one on it."


class ValueInvalid(Refused):
    """The field {field_id} takes {expected}, not {value}."""

    code = "value-invalid"
    kind = RefusalKind.INVALID
    resolve = "Record {expected}."


class RoleNotHeld(Refused):
    """{what} is for someone holding the role {role}."""

    code = "role-not-held"
    kind = RefusalKind.FORBIDDEN
    resolve = "Ask someone who holds the role {role}."


class CommentEmpty(Refused):
    """The comment says nothing."""

    code = "comment-empty"
    kind = RefusalKind.INVALID
    resolve = "Write what is to be known."


class NotYetHappened(Refused):
    """It cannot have happened at {at}: that time is still to come."""

    code = "not-yet-happened"
    kind = RefusalKind.INVALID
    resolve = "Give the time at which it happened, or none: then it happens now."


class BeforeOrder(Refused):
    """It cannot have happened at {at}: the run {run_id} was ordered at {ordered_at}."""

    code = "before-order"
    kind = RefusalKind.INVALID
    resolve = "Give the time at which it happened, at {ordered_at} or later."


class BeforeSignOff(Refused):
    """The run {run_id} cannot have been completed at {at}: its step {step_id} was signed off at {signed_at}."""

    code = "before-sign-off"
    kind = RefusalKind.INVALID
    resolve = "Give the time at which it was completed, at {signed_at} or later."


class UnknownEvidence(Refused):
    """The run {run_id} has no event {evidence_id} that waits to be dealt with."""

    code = "unknown-evidence"
    kind = RefusalKind.UNKNOWN
    resolve = "Look at the review: it names those that nobody has dealt with."


class PoliciesChanged(Refused):
    """The policies are version {current} by now; version {given} was looked at."""

    code = "policies-changed"
    resolve = "Look at the policies as they are, and configure them again."


class UnknownWarning(Refused):
    """There is no warning {code} that a policy could turn into a blocker."""

    code = "unknown-warning"
    kind = RefusalKind.INVALID
    resolve = "Use one of these: {known}."


class FileInvalid(Refused):
    """The file cannot be attached: {what}."""

    code = "file-invalid"
    kind = RefusalKind.INVALID
    resolve = "Correct what is named and attach it again."


class FilesTooMany(Refused):
    """{where} has {most} files, and takes no more."""

    code = "files-too-many"
    resolve = "Attach one archive of many files."


class FileNotAttached(Refused):
    """The run {run_id} has no file {sha256}."""

    code = "file-not-attached"
    resolve = "Attach the file to the run first; its SHA-256 is then the value."


class CompletionBlocked(Refused):
    """The run {run_id} cannot be completed: {blockers}"""

    code = "completion-blocked"
    resolve = "Clear what the review lists, then review and confirm again."


class ReviewStale(Refused):
    """The review changed since version {given}; the current version is {current}."""

    code = "review-stale"
    resolve = "Look at the new review and confirm its version."


class ScrappedQuantityInvalid(Refused):
    """The quantity {scrapped} of the run {run_id} cannot be scrapped: it has {quantity} {unit}."""

    code = "scrapped-quantity-invalid"
    kind = RefusalKind.INVALID
    resolve = "Name what is no good of {quantity}; of a serial all or nothing."


class WarningNotAcknowledged(Refused):
    """Warnings are not acknowledged: {warnings}."""

    code = "warning-not-acknowledged"
    resolve = "Acknowledge each warning by its code and subject, or clear it."
