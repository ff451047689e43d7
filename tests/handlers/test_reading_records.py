"""What a record says, and where it says it."""

from shared.contracts import samples
from shared.messaging.messages import KeptRecord, Undecoded, read

TORQUE = next(one for one in samples.told() if one.type == "plant.step.value-recorded.v1")
COMPLETED = next(one for one in samples.told() if one.type == "asbuilt.run.completed.v1")


def record(topic: str, value: bytes, headers: object = ()) -> KeptRecord:
    """A record as a consumer hands it over."""
    return KeptRecord(topic, 0, 7, 1_764_000_000_000, b"RUN", value, headers)  # type: ignore[arg-type]


def test_a_fact_is_believed_only_where_its_service_writes() -> None:
    """Who may write to plant topics may not announce completions there."""
    forged = read(record("plant.installs", COMPLETED.value))
    assert forged.unreadable is not None
    assert forged.unreadable.reason == "wrong-topic"
    assert "asbuilt.completions, asbuilt.runs, not on plant.installs" in forged.unreadable.detail
    assert read(record("asbuilt.completions", COMPLETED.value)).unreadable is None


def test_a_plant_event_on_another_topic_has_no_order_there() -> None:
    """A value on the topic of orders is set aside with the topic that it belongs on."""
    strayed = read(record("plant.orders", TORQUE.value))
    assert strayed.unreadable is not None
    assert strayed.unreadable.detail == "plant.step.value-recorded.v1 belongs on plant.steps, not on plant.orders."


def test_a_defect_while_reading_costs_one_record_not_its_batch() -> None:
    """A header without a name is nothing that Kafka knows; it stands for whatever we did not think of."""
    strange = read(record("plant.steps", TORQUE.value, ((None, b"x"),)))
    assert strange.unreadable is not None
    assert strange.unreadable.reason == "defect"


def test_a_header_whose_name_is_no_text_sets_its_record_aside() -> None:
    """The name is told as a person can look for it; one that is merely not ASCII is as good as any."""
    strange = read(record("plant.steps", TORQUE.value, (("x", b""), ("pr\udcfcfstand", b""))))
    assert strange.unreadable is not None
    assert strange.unreadable.reason == "header-unreadable"
    assert strange.unreadable.detail == "The name of the header pr\\xfcfstand is not UTF-8 at byte 2."
    assert read(record("plant.steps", TORQUE.value, (("prüfstand", b""),))).unreadable is None


def test_bytes_that_nobody_could_decode_are_set_aside_with_what_is_wrong() -> None:
    """They are no event, whatever is in them."""
    found = read(record("plant.steps", Undecoded(TORQUE.value, "It is broken.")))
    assert found.unreadable is not None
    assert (found.unreadable.reason, found.unreadable.detail) == ("undecodable", "It is broken.")
