"""What a service's log keeps back."""

import logging

from shared.runtime.logs import SELDOM_S, Seldom

COMPLAINT = "Unable connect to node with id %s: %s"


def said(library: str, message: str = COMPLAINT, *values: object) -> logging.LogRecord:
    """A record of a library."""
    return logging.LogRecord(library, logging.ERROR, __file__, 1, message, values or (1, "refused"), None)


def test_an_outage_does_not_fill_the_log() -> None:
    """Kafka's client says the same a hundred times a second; it is heard every ten seconds, whatever the values are."""
    moment = [0.0]
    seldom = Seldom("aiokafka", lambda: moment[0])
    assert seldom.filter(said("aiokafka"))
    assert not seldom.filter(said("aiokafka", COMPLAINT, 2, "closed"))
    assert seldom.filter(said("aiokafka", "Unable to update metadata from %s"))
    assert seldom.filter(said("aiokafka.consumer.fetcher"))
    moment[0] = SELDOM_S
    assert seldom.filter(said("aiokafka"))


def test_what_is_ours_is_always_heard() -> None:
    """Only the library is slowed down."""
    seldom = Seldom("aiokafka")
    assert all(seldom.filter(said("shared.messaging.patience")) for _ in range(3))
