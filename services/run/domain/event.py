"""What every event of a run tells."""

from datetime import datetime

from shared.kernel import Actor, immutable


@immutable
class RunEvent:
    """What every event tells."""

    run_id: str
    by: Actor
    at: datetime
