"""Ids and the form of a record."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from store_examples import READING, record_of

from mnist_predict.store.ids import first_id, in_sample, new_id

JULY = UUID("01983d2e-8d4b-7000-8000-000000000000")  # 2025-07-24T16:05:17.771Z in its first 48 bits


def test_ids_are_time_ordered_uuids_of_version_7() -> None:
    before = datetime.now(UTC)
    ids = [new_id() for _ in range(1000)]
    assert all(earlier < later for earlier, later in pairwise(ids))
    assert {made.version for made in ids} == {7}
    assert abs(record_of(id=ids[0]).record_time - before).total_seconds() < 2


@given(st.integers(0, 2**48 - 2), st.integers(0, 2**80 - 1))
def test_an_id_after_another_is_greater_whatever_the_clock_says(milliseconds: int, rest: int) -> None:
    other = UUID(int=(milliseconds << 80) | rest)
    assert new_id(after=other) > other


def test_the_time_of_a_record_is_that_of_its_id() -> None:
    assert record_of(id=JULY).record_time == datetime(2025, 7, 24, 16, 5, 17, 771000, UTC)


def test_the_form_of_an_upload_is_its_reading_and_what_is_kept_of_it() -> None:
    form = record_of(b"picture", id=JULY, key="secret").to_dict()
    assert form == READING.to_dict() | {
        "id": str(JULY),
        "record_time": "2025-07-24T16:05:17.771Z",
        "image_name": "seven.png",
        "sha256": sha256(b"picture").hexdigest(),
        "source": "upload",
        "label_of": None,
        "by": None,
        "of_number": None,
        "withdraws": None,
    }


def test_the_form_of_a_record_by_hand_has_its_number_and_no_reading() -> None:
    form = record_of(number="4072", source="hand", reading=None, label_of=JULY).to_dict()
    assert (form["number"], form["confidence"], form["numbers"], form["primary"]) == ("4072", 0, [], None)
    assert (form["source"], form["label_of"], form["sha256"]) == ("hand", str(JULY), None)


@given(st.integers(0, 2**47))
def test_no_record_of_a_time_has_a_smaller_id_than_its_first(milliseconds: int) -> None:
    first = first_id(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
    assert (first.version, first.int >> 80) == (7, milliseconds)
    assert UUID(f"{str(first)[:13]}-7000-8000-000000000000") == first


def test_the_random_sample_is_one_record_in_fifty() -> None:
    shares = [sum(in_sample(new_id()) for _ in range(20_000)) / 20_000 for _ in range(2)]
    assert all(0.015 < share < 0.025 for share in shares)  # 5 standard deviations
    assert in_sample(UUID(int=JULY.int + 81))
    assert not in_sample(UUID(int=JULY.int + 82))
