"""What the audit service announces: topic ``asbuilt.audit``."""

from shared.contracts.base import ChangeRefused, RecordParked


class AuditChangeRefused(ChangeRefused):
    """A request to the audit service was refused."""


class AuditRecordParked(RecordParked):
    """The audit service set a record aside."""
