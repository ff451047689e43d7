"""What the audit service announces: topic ``asbuilt.audit``."""

from shared.contracts.base import ChangeRefused, RecordParked, RecordSettled


class AuditChangeRefused(ChangeRefused):
    """A request to the audit service was refused."""


class AuditRecordParked(RecordParked):
    """The audit service set a record aside."""


class AuditRecordSettled(RecordSettled):
    """A person decided about a record that the audit service had set aside."""
