"""Where a completion or a reopening went: what the notification service says of its deliveries.

It stands beside the completion record: nothing of it is in the record, in its content hash or in a review.
"""

from services.run.domain import events
from services.run.domain.commands import NoteDelivery
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.run import Run

Events = tuple[events.AnyEvent, ...]


def note(run: Run | None, command: NoteDelivery) -> Events:
    """How a delivery stands; of a run that is not known here it is nobody's business, now or later."""
    if run is None:
        return ()
    return (DeliveryNoted(command.run_id, command.by, command.at, command.delivery),)
