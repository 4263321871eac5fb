"""Why a person should look at a reading."""

from dataclasses import replace

import pytest
from store_examples import plain_id, read_as, record_of

from mnist_predict.reading import Reading
from mnist_predict.store.ids import in_sample, new_id
from mnist_predict.store.reasons import reasons
from mnist_predict.store.record import Record


def with_confidence(record: Record, confidence: float) -> Record:
    """The same digits in a number that is so sure."""
    assert record.reading
    number = replace(record.reading.numbers[0], confidence=confidence)
    return replace(record, reading=replace(record.reading, numbers=(number,)))


def test_a_reading_that_is_not_sure_and_one_without_a_number_need_a_person() -> None:
    assert reasons(read_as("77", 0.79)) == ("unsure",)
    assert reasons(read_as("77", 0.81)) == ()
    nothing = Reading((), None, ("Nothing is written here.",), "v1")
    assert reasons(record_of(b"", id=plain_id(), number="", reading=nothing)) == ("no number",)


def test_digits_that_are_all_known_in_a_number_that_is_not_disagree() -> None:
    assert reasons(with_confidence(read_as("77", 0.98), 0.87)) == ("disagreement",)
    assert reasons(with_confidence(read_as("77", 0.98), 0.93)) == ()
    assert reasons(with_confidence(read_as("77", 0.98), 0.5)) == ("unsure", "disagreement")


def test_the_random_sample_takes_whatever_was_read() -> None:
    while not in_sample(drawn := new_id()):
        pass
    assert reasons(replace(read_as("7", 0.999), id=drawn)) == ("sample",)
    assert reasons(replace(read_as("7", 0.5), id=drawn)) == ("unsure", "sample")


@pytest.mark.parametrize(
    "changes", [{"source": "hand", "reading": None}, {"sha256": None}, {"reading": None, "label_of": new_id()}]
)
def test_what_no_model_read_in_a_kept_picture_needs_nobody(changes: dict[str, object]) -> None:
    assert reasons(replace(read_as("7", 0.1), **changes)) == ()  # type: ignore[arg-type]
