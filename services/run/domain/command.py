"""What every command to a run names."""

from datetime import datetime

from shared.kernel import Actor, immutable


@immutable
class Command:
    """What every command names."""

    run_id: str
    by: Actor
    at: datetime
