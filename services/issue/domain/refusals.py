"""Every "no" of an issue. A docstring is the message, ``resolve`` the way out."""

from shared.kernel import RefusalKind, Refused, Unknown


class UnknownIssue(Unknown):
    """The issue {subject} is not known."""

    code = "unknown-issue"
    resolve = "Open the issue first, or check its id."


class SubjectMissing(Refused):
    """The issue names neither a run nor a unit, so nobody would find it."""

    code = "subject-missing"
    kind = RefusalKind.INVALID
    resolve = "Name the run_id or the unit_id it is raised on."


class RunMissing(Refused):
    """The issue names a {part} but not the run that has it."""

    code = "run-missing"
    kind = RefusalKind.INVALID
    resolve = "Name the run_id as well."


class StepMissing(Refused):
    """The issue names the field {field_id} but not the step that has it."""

    code = "step-missing"
    kind = RefusalKind.INVALID
    resolve = "Name the step_id as well."


class IssueExists(Refused):
    """The issue {issue_id} is open already, with another finding."""

    code = "issue-exists"
    resolve = "Open another issue."


class IssueIsResolved(Refused):
    """The issue {issue_id} is resolved and takes no more changes."""

    code = "issue-resolved"
    resolve = "Reopen it with a reason, or open a new issue for what was found since."


class DispositionMissing(Refused):
    """The issue {issue_id} has no disposition yet, so nothing can be approved, done or closed."""

    code = "disposition-missing"
    resolve = "Give it a disposition first; that needs the permission issue:disposition."


class ApprovalsMissing(Refused):
    """The disposition {disposition} of the issue {issue_id} is not approved, so the issue is pending."""

    code = "approvals-missing"
    resolve = "First {missing}."


class DispositionOther(Refused):
    """The disposition of the issue {issue_id} is {kind}, not {given}."""

    code = "disposition-other"
    resolve = "Look at the issue again, and approve {kind} if that is right."


class NoApproverRole(Refused):
    """The disposition of the issue {issue_id} needs the approver roles {roles}, and you hold none of them."""

    code = "no-approver-role"
    kind = RefusalKind.FORBIDDEN
    resolve = "Have somebody approve it who holds one of these roles."


class ApproverRoleNotHeld(Refused):
    """The issue {issue_id} is approved as {role} by someone holding that role."""

    code = "approver-role-not-held"
    kind = RefusalKind.FORBIDDEN
    resolve = "Have somebody approve it who holds the role {role}."


class RoleNotWanted(Refused):
    """The disposition of the issue {issue_id} needs no approval as {role}."""

    code = "role-not-wanted"
    resolve = "It needs the approver roles {roles}."


class CloserRoleNotHeld(Refused):
    """The issue {issue_id} is closed by someone holding the role {roles}."""

    code = "closer-role-not-held"
    kind = RefusalKind.FORBIDDEN
    resolve = "Submit it for review, and have somebody close it who holds the role {roles}."


class IssueNotInReview(Refused):
    """The issue {issue_id} is {state}, so there is nothing to send back."""

    code = "issue-not-in-review"
    resolve = "Send it back when it is in_review; a resolved issue is reopened."


class IssueNotResolved(Refused):
    """The issue {issue_id} is {state}, so it need not be reopened."""

    code = "issue-not-resolved"
    resolve = "Go on with it, or choose another disposition."


class ReasonMissing(Refused):
    """No reason is given, and an auditor asks for it years later."""

    code = "reason-missing"
    kind = RefusalKind.INVALID
    resolve = "Say why."


class QuarantineUnitMissing(Refused):
    """The issue {issue_id} is raised on no unit, and none is named to take the part from."""

    code = "quarantine-unit-missing"
    kind = RefusalKind.INVALID
    resolve = "Name the unit or lot that the part is taken from, as of_unit_id."


class QuarantineInvalid(Refused):
    """A quantity of {quantity} of {unit_id} cannot be held; a quantity above 0 is needed."""

    code = "quarantine-invalid"
    kind = RefusalKind.INVALID
    resolve = "State the quantity that is to be held."


class QuarantinesTooMany(Refused):
    """The issue {issue_id} holds {most} parts already, which is as many as one issue can."""

    code = "quarantines-too-many"
    resolve = "Open another issue."


class CommentEmpty(Refused):
    """The comment says nothing."""

    code = "comment-empty"
    kind = RefusalKind.INVALID
    resolve = "Write what is to be known."


class FileInvalid(Refused):
    """The file cannot be attached: {what}."""

    code = "file-invalid"
    kind = RefusalKind.INVALID
    resolve = "Correct what is named and attach it again."


class IssueFilesTooMany(Refused):
    """The issue {issue_id} has {most} files already, which is as many as can be looked through."""

    code = "issue-files-too-many"
    resolve = "Attach one archive of many files."


class UnknownDispositionType(Refused):
    """There is no disposition type {name} that can be chosen."""

    code = "unknown-disposition-type"
    kind = RefusalKind.INVALID
    resolve = "Choose one of {known}, or have it configured; that needs the permission issue:configure."


class DispositionTypesChanged(Refused):
    """The disposition types were changed since version {given}; they are at version {current} now."""

    code = "disposition-types-changed"
    resolve = "Look at them again, and send what you want together with version {current}."


class RoleRepeated(Refused):
    """The role {role} stands twice in the disposition type {name}."""

    code = "role-repeated"
    kind = RefusalKind.INVALID
    resolve = "Name {role} once."


class ImpactNotSeen(Refused):
    """Making {name} {availability} instead of {was} recalculates {issues} issues, and {shown}."""

    code = "impact-not-seen"
    resolve = "Look at its impact first, and send `affects: {issues}` if that is what you want."


class ExceptionNeedsRun(Refused):
    """The issue {issue_id} is raised on no run, so it cannot except a quantity of {requirement_id}."""

    code = "exception-needs-run"
    kind = RefusalKind.INVALID
    resolve = "Open an issue on the run whose requirement it is."


class ExceptionNotForRequirement(Refused):
    """The issue {issue_id} is about the requirement {about}, so it cannot except {requirement_id}."""

    code = "exception-not-for-requirement"
    kind = RefusalKind.INVALID
    resolve = "Except {about} only, or open an issue on {requirement_id}."


class ExceptionQuantityInvalid(Refused):
    """The exception of {requirement_id} is for {quantity}; a quantity above 0 is needed."""

    code = "exception-quantity-invalid"
    kind = RefusalKind.INVALID
    resolve = "State the quantity that need not be installed."


class ExceptionRepeated(Refused):
    """The requirement {requirement_id} is excepted more than once."""

    code = "exception-repeated"
    kind = RefusalKind.INVALID
    resolve = "State one quantity for {requirement_id}: the whole that need not be installed."


class JustificationMissing(Refused):
    """The disposition {disposition} excuses what was found and says nowhere why."""

    code = "justification-missing"
    kind = RefusalKind.INVALID
    resolve = "Give a justification; it stands in the record for as long as that is kept."
