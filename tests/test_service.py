"""Read, keep, look up: over a real store, with a model that always reads 42."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from mnist_predict import labelling
from mnist_predict.errors import BadRequest, Gone, KeyReused, NotFound, StoreUnavailable, UserError
from mnist_predict.reading import Box, Number, Reading
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store import erasing
from mnist_predict.store.ids import first_id, new_id
from mnist_predict.store.opening import open_store
from mnist_predict.store.record import Erasure, Record


class AlwaysFortyTwo:
    reading = Reading((Number("42", 0.9, 0, Box(0, 0, 8, 8), ()),), 0, (), "v1")

    def read(self, *_: object) -> Reading:
        return self.reading


def png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8), shade, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    store = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield Service(AlwaysFortyTwo(), store, Settings(data=str(tmp_path)))  # type: ignore[arg-type]
    store.close()


def found(service: Service, name: str) -> tuple[Record, bytes]:
    record = service.find(name)
    return record, service.look(record, bytes)


def test_reading_keeps_nothing(service: Service) -> None:
    assert service.read(png(0)).number == "42"
    assert service.store.page() == []


def test_an_upload_is_read_and_kept_with_its_picture(service: Service) -> None:
    record = service.upload(png(0), "a.png")
    assert (record.number, record.source, record.reading) == ("42", "upload", AlwaysFortyTwo.reading)
    assert record.sha256 == sha256(png(0)).hexdigest()
    assert service.record(str(record.id)) == record
    assert service.picture(record) == png(0)
    assert found(service, "a.png") == (record, png(0))


def test_a_retried_upload_is_the_same_record(service: Service) -> None:
    first = service.upload(png(0), "a.png", key="k")
    assert service.upload(png(0), "a.png", key="k") == first
    with pytest.raises(KeyReused):
        service.upload(png(1), "a.png", key="k")
    assert service.store.page() == [first]


def test_the_newest_of_a_name_is_found(service: Service) -> None:
    service.upload(png(0), "a.png")
    newest = service.upload(png(1), "a.png")
    service.record_by_hand("a.png", "7")
    assert found(service, "a.png") == (newest, png(1))


def test_a_file_name_that_is_no_unicode_is_kept_with_question_marks(service: Service) -> None:
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    record = service.upload(png(0), name)
    assert record.image_name == "caf?.png"
    assert found(service, name) == found(service, "caf?.png") == (record, png(0))
    assert service.record_by_hand(name, "7").label_of == record.id


@pytest.mark.parametrize("number", ["seven", "7-", ".7", "７", "²"])
def test_what_is_no_number_is_not_kept(service: Service, number: str) -> None:
    record = service.upload(png(0), "a.png")
    with pytest.raises(BadRequest, match="digits 0 to 9"):
        service.record_by_hand("a.png", number)
    with pytest.raises(BadRequest, match="digits 0 to 9"):
        service.label(str(record.id), number)
    assert service.store.page() == [record]


@pytest.mark.parametrize("name", ["", "x" * 1001])
def test_a_name_has_1_to_1000_characters(service: Service, name: str) -> None:
    for keep in (lambda: service.upload(png(0), name), lambda: service.record_by_hand(name, "7")):
        with pytest.raises(BadRequest, match="1 to 1000 characters"):
            keep()
    with pytest.raises(NotFound):
        service.find(name)
    longest = "\U0001f600" * 1000
    assert found(service, service.upload(png(0), longest).image_name)[1] == png(0)


def test_by_hand_needs_a_name_and_a_picture_that_can_be_shown(service: Service) -> None:
    with pytest.raises(BadRequest, match="name of an image"):
        service.record_by_hand("", "7")
    with pytest.raises(UserError):
        service.record_by_hand("a.png", "7", b"not a picture")
    assert service.store.page() == []


def test_by_hand_without_a_picture_is_a_record_of_its_own(service: Service) -> None:
    record = service.record_by_hand("on paper.png", "0042")
    assert record == Record(record.id, "on paper.png", "0042", "hand")
    with pytest.raises(NotFound, match="has no picture"):
        service.picture(record)
    with pytest.raises(NotFound, match=r"on paper\.png"):
        service.find("on paper.png")


def test_by_hand_with_a_new_picture_keeps_the_picture(service: Service) -> None:
    service.upload(png(0), "a.png")
    record = service.record_by_hand("a.png", "7", png(1))
    assert (record.label_of, record.reading, record.source) == (None, None, "hand")
    assert found(service, "a.png") == (record, png(1))


def test_by_hand_of_a_picture_that_is_kept_is_a_label_of_it(service: Service) -> None:
    upload = service.upload(png(0), "a.png")
    first = service.record_by_hand("a.png", "7")
    second = service.record_by_hand("a.png", "71", png(0))
    assert first.label_of == second.label_of == upload.id
    assert first.sha256 == second.sha256 == upload.sha256
    assert service.store.labels(upload.id) == [second, first]


def test_a_label_is_of_that_very_record(service: Service) -> None:
    older = service.upload(png(0), "a.png")
    newer = service.upload(png(1), "a.png")
    label = service.label(str(older.id), "7")
    assert (label.label_of, label.sha256, label.number, label.source) == (older.id, older.sha256, "7", "hand")
    assert service.label(str(label.id), "71").label_of == older.id
    assert [record.number for record in service.store.labels(older.id)] == ["71", "7"]
    assert service.store.labels(newer.id) == []


def test_a_person_may_write_what_stands_there(service: Service) -> None:
    upload = service.upload(png(0), "a.png")
    for typed in ("3.65", " -12 ", "1,250.00"):
        label = service.label(str(upload.id), typed)
        assert service.store.labels(upload.id)[0] == label
        assert label.written == typed.strip()
    by_hand = service.record_by_hand("paper", "23.418")
    assert (by_hand.written, by_hand.number) == ("23.418", "23418")


def test_an_upload_keeps_what_was_read_as_it_is_written(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    number = replace(AlwaysFortyTwo.reading.numbers[0], written="-4.2")
    monkeypatch.setattr(AlwaysFortyTwo, "reading", replace(AlwaysFortyTwo.reading, numbers=(number,)))
    upload = service.upload(png(0), "a.png")
    assert (upload.written, upload.number) == ("-4.2", "42")
    assert service.record(str(upload.id)) == upload


def test_a_label_without_digits_says_that_there_is_no_number(service: Service) -> None:
    record = service.upload(png(0), "a.png")
    assert service.label(str(record.id), "").number == ""
    with pytest.raises(BadRequest, match="digits 0 to 9"):
        service.record_by_hand("a.png", "")


def test_a_label_is_newer_than_what_it_replaces_whatever_the_clock_says(service: Service) -> None:
    an_hour_ahead = UUID(int=new_id().int + (3_600_000 << 80))
    service.store.add(Record(an_hour_ahead, "a.png", "4", "upload", sha256(png(0)).hexdigest()), png(0))
    first = service.label(str(an_hour_ahead), "1")
    second = service.record_by_hand("a.png", "2")
    assert an_hour_ahead < first.id < second.id


def test_a_label_is_taken_back_and_what_was_said_before_counts_again(service: Service) -> None:
    record = service.upload(png(0), "a.png")
    first, second = (service.label(str(record.id), number, "anna") for number in ("7", "8"))
    withdrawal = service.withdraw(str(second.id), "ben")
    assert (withdrawal.withdraws, withdrawal.written, withdrawal.by) == (second.id, "8", "ben")
    assert service.withdraw(str(second.id)) == withdrawal
    assert service.store.labels(record.id) == [first]
    for what in (record, withdrawal):
        with pytest.raises(BadRequest, match="is no label"):
            service.withdraw(str(what.id))
    service.withdraw(str(first.id))
    third = service.label(str(record.id), "9")
    assert service.store.labels(record.id) == [third]
    assert len(service.store.label_history(record.id)) == 5


def test_a_record_has_so_many_labels_at_most(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "MOST_LABELS", 3)
    record = service.upload(png(0), "a.png")
    label, *_ = [service.label(str(record.id), number) for number in ("7", "8", "9")]
    for more in (lambda: service.label(str(record.id), "1"), lambda: service.withdraw(str(label.id))):
        with pytest.raises(BadRequest, match="3 labels"):
            more()
    with pytest.raises(BadRequest, match="3 labels"):
        service.record_by_hand("a.png", "1")


def test_any_number_of_a_picture_is_labelled(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Number("7", 0.9, 0, Box(0, 0, 9, 9), ())
    reading = Reading((one, replace(one, written="8")), 1, (), "v1")
    monkeypatch.setattr(service, "read", lambda *_: reading)
    record = service.upload(png(0), "a.png")
    other, primary = (service.label(str(record.id), "12", of_number=at) for at in (0, 1))
    assert (other.of_number, primary.of_number) == (0, None)
    assert service.store.labels(record.id) == [primary]
    for at in (-1, 2):
        with pytest.raises(NotFound, match=f"has no number {at}"):
            service.label(str(record.id), "12", of_number=at)


@pytest.mark.parametrize("record_id", ["", "seven", "../etc", str(UUID(int=7))])
def test_an_unknown_record_is_not_found(service: Service, record_id: str) -> None:
    with pytest.raises(NotFound):
        service.record(record_id)
    with pytest.raises(NotFound):
        service.label(record_id, "7")


class Died(BaseException):
    """The process ends here."""


def with_thumbnail(service: Service, shade: int = 0) -> Record:
    record = service.upload(png(shade), "a.png")
    assert service.thumbnail(record, 0, lambda: b"jpeg of it") == b"jpeg of it"
    return record


def traces(service: Service) -> bool:
    folder = service.thumbnails.path.parent
    return any(b"jpeg of it" in file.read_bytes() for file in folder.glob("thumbnails*"))


def test_a_thumbnail_is_made_once_and_erased_with_its_record(service: Service) -> None:
    record = with_thumbnail(service)
    assert service.thumbnail(record, 0, lambda: b"another") == b"jpeg of it"
    service.erase(str(record.id))
    assert not traces(service)


@pytest.mark.parametrize("what", ["statistics.kept.forget", "thumbnails.drop"])
@pytest.mark.parametrize("error", [StoreUnavailable("The disk is full."), Died()], ids=["fails", "dies"])
def test_an_erasure_that_was_interrupted_is_completed_by_a_retry(
    service: Service, monkeypatch: pytest.MonkeyPatch, what: str, error: BaseException
) -> None:
    record = with_thumbnail(service)
    owner, name = what.rsplit(".", 1)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(attrgetter(owner)(service), name, fail)
        with pytest.raises(type(error)):
            service.erase(str(record.id))
    assert traces(service)
    with pytest.raises(Gone):
        service.erase(str(record.id))
    assert not traces(service)


def test_of_very_many_a_request_erases_some_and_the_next_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, *others = (service.upload(png(0), f"{at}.png") for at in range(7))
    monkeypatch.setattr(service.store, "erased_with", partial(service.store.erased_with, limit=3))
    monkeypatch.setattr(erasing, "SECONDS", 0)
    parts = [service.erase(str(record.id), "ann") for _ in range(3)]
    assert [(len(part.records), part.complete, part.by) for part in parts] == [
        (3, False, "ann"),
        (3, False, "ann"),
        (1, True, "ann"),
    ]
    assert {each for part in parts for each in part.records} == {each.id for each in (record, *others)}
    assert service.store.page() == []
    with pytest.raises(Gone):
        service.erase(str(record.id))


def test_where_there_is_time_a_request_erases_all_parts(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [service.upload(png(0), f"{at}.png") for at in range(7)]
    monkeypatch.setattr(service.store, "erased_with", partial(service.store.erased_with, limit=3))
    monkeypatch.setattr(erasing, "SECONDS", 60)
    whole = service.erase(str(records[2].id))
    assert (whole.complete, whole.records) == (True, tuple(each.id for each in records))
    assert service.store.page() == []
    assert sum(len(part.records) for part in service.store.erasures()) == 7


def test_what_the_store_did_not_finish_is_erased_by_a_retry(service: Service, tmp_path: Path) -> None:
    record, other = service.upload(png(0), "a.png"), service.upload(png(1), "b.png")
    erasure = service.erase(str(record.id))
    with closing(sqlite3.connect(tmp_path / "kept.sqlite")) as file, file:
        # As if it had died half way: the other record is barred as well, and still there.
        file.execute("insert into erased values (?, ?, null, null)", (str(other.id), str(erasure.id)))
    with pytest.raises(Gone):
        service.erase(str(record.id))
    assert service.store.get(other.id) is None


def test_thumbnails_are_forgotten_on_every_machine(service: Service, tmp_path: Path) -> None:
    there = Service(AlwaysFortyTwo(), service.store, Settings(data=str(tmp_path / "there")))  # type: ignore[arg-type]
    beginning = UUID(int=0)
    first, second = with_thumbnail(there), with_thumbnail(there, 1)
    service.erase(str(first.id))
    assert traces(there)
    since = there.forget_erased(beginning)
    assert beginning < since
    assert there.thumbnails.get(first.id, 0) is None
    assert there.thumbnails.get(second.id, 0) == b"jpeg of it"
    service.erase(str(second.id))
    assert there.forget_erased(since) >= since
    assert not traces(there)


def test_an_erasure_by_a_clock_that_is_behind_is_not_missed(service: Service, tmp_path: Path) -> None:
    there = Service(AlwaysFortyTwo(), service.store, Settings(data=str(tmp_path / "there")))  # type: ignore[arg-type]
    first, second = with_thumbnail(there), with_thumbnail(there, 1)
    service.erase(str(first.id))
    since = there.forget_erased(UUID(int=0))
    service.store.erase(Erasure(first_id(datetime.now(UTC) - timedelta(minutes=30)), (second.id,)))
    there.forget_erased(since)
    assert not traces(there)


def test_a_thumbnail_that_is_made_while_its_record_is_erased_does_not_stay(service: Service) -> None:
    record = service.upload(png(0), "a.png")

    def make() -> bytes:
        service.erase(str(record.id))
        return b"jpeg of it"

    with pytest.raises(Gone):
        service.thumbnail(record, 0, make)
    assert not traces(service)


def test_while_the_store_is_away_thumbnails_are_shown_and_not_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = service.upload(png(0), "a.png")

    def away(_: object) -> None:
        raise StoreUnavailable("The store is away.")

    monkeypatch.setattr(service.store, "erased", away)
    assert service.thumbnail(record, 0, lambda: b"jpeg of it") == b"jpeg of it"
    assert not traces(service)


def test_whether_it_is_ready_is_tried_out_once_a_second(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = []
    monkeypatch.setattr(service.store, "check_writable", lambda: trials.append(1))
    for _ in range(50):
        service.check_ready()
    assert len(trials) == 1


def test_it_is_not_ready_while_uploads_fail(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.check_ready()

    def fail(*_: object) -> Record:
        raise StoreUnavailable("The file is damaged.")

    with monkeypatch.context() as broken:
        broken.setattr(service.store, "add", fail)
        with pytest.raises(StoreUnavailable):
            service.upload(png(0), "a.png")
    with pytest.raises(StoreUnavailable, match="damaged"):
        service.check_ready()
    service.upload(png(0), "a.png")
    service.check_ready()
