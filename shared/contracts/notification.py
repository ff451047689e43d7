"""What the notification service announces: topic ``asbuilt.notifications``."""

from pydantic import Field

from shared.contracts.base import ChangeRefused, Fact, Id, Name, RecordParked, Text


class EndpointRegistered(Fact):
    """A webhook endpoint was registered. Secrets are never announced."""

    endpoint_id: Id
    url: Text
    events: tuple[Name, ...] = Field(description="what it subscribes to, with wildcards: run.*")


class EndpointDisabled(Fact):
    """An endpoint was disabled, by decision or because it only failed."""

    endpoint_id: Id
    reason: Text


class EndpointRecovered(Fact):
    """A disabled endpoint takes deliveries again."""

    endpoint_id: Id


class EndpointChangeRefused(ChangeRefused):
    """A change of an endpoint was refused."""


class EndpointRecordParked(RecordParked):
    """The notification service set a record aside."""
