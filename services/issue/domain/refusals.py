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
    resolve = "Open a new issue for what was found since."


class DispositionMissing(Refused):
    """The issue {issue_id} has no disposition yet, so there is nothing to close it with."""

    code = "disposition-missing"
    resolve = "Give it a disposition first; that needs the permission issue:disposition."


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
