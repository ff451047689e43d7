"""What the notification service announces: topic ``asbuilt.notifications``."""

from pydantic import AwareDatetime, Field

from shared.contracts.base import ChangeRefused, Fact, Id, Name, Notice, RecordParked, RecordSettled, Text
from shared.contracts.delivery import DeliveryOfRun


class EndpointRegistered(Fact):
    """A webhook endpoint was registered. Secrets are never announced."""

    endpoint_id: Id
    url: Text = Field(description="where it is, without name, password, query and fragment")
    events: tuple[Name, ...] = Field(description="what it subscribes to, with wildcards: run.*")


class EndpointChanged(Fact):
    """An endpoint is elsewhere, or subscribes to something else: as it stands after the change."""

    endpoint_id: Id
    url: Text = Field(description="where it is, without name, password, query and fragment")
    events: tuple[Name, ...] = Field(description="what it subscribes to, with wildcards: run.*")


class EndpointSecretRotated(Fact):
    """Deliveries to an endpoint are signed with a new secret; the one before signs beside it for a while."""

    endpoint_id: Id
    old_until: AwareDatetime


class EndpointDisabled(Fact):
    """An endpoint was disabled, by decision or because it only failed."""

    endpoint_id: Id
    reason: Text


class EndpointRecovered(Fact):
    """A disabled endpoint takes deliveries again."""

    endpoint_id: Id
    recover: bool | None = Field(None, description="whether it gets what waited while it was disabled")


class DeliveryNotice(Notice, DeliveryOfRun):
    """How a delivery of a completion or a reopening stands. Told of those two alone, and never delivered itself."""


class DeliveryQueued(DeliveryNotice):
    """A completion or a reopening is on its way to an endpoint."""


class DeliveryDelivered(DeliveryNotice):
    """An endpoint took a completion or a reopening."""

    attempts: int


class DeliveryGivenUp(DeliveryNotice):
    """A completion or a reopening does not reach an endpoint: nobody tries any more, unless it is sent again."""

    attempts: int


class EndpointChangeRefused(ChangeRefused):
    """A change of an endpoint was refused."""


class EndpointRecordParked(RecordParked):
    """The notification service set a record aside."""


class EndpointRecordSettled(RecordSettled):
    """A person decided about a record that the notification service had set aside."""
