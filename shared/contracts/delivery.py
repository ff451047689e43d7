"""A part of contracts: a completion, or its reopening, on its way to a webhook."""

from typing import Literal

from pydantic import Field

from shared.contracts.base import Contract, Id, Name, Text

DeliveryState = Literal["on-its-way", "delivered", "given-up"]


class DeliveryOfRun(Contract):
    """A delivery of a completion or of a reopening to a webhook."""

    run_id: Id
    number: int = Field(description="of the completion record that the event is about")
    delivery_id: Id = Field(description="the `webhook-id`")
    endpoint_id: Id
    url: Text = Field(description="where it goes, without name, password, query and fragment")
    description: Text = Field(description="of the endpoint")
    event_id: Id = Field(description="of the event that is delivered")
    event_type: Name = Field(description="of the event that is delivered")
