"""Fresh ids, where nothing gives a cause to derive one from."""

import uuid_utils


def new_id() -> str:
    """A UUIDv7: unique, and in the order of time."""
    return str(uuid_utils.uuid7())
