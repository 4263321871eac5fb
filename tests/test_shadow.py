"""A candidate reads a share of the uploads beside the champion; what it reads is never answered."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from version_examples import another_version
from web_examples import picture_of

from mnist_predict.beside import Beside, row_of, versions_beside
from mnist_predict.champion import propose
from mnist_predict.models.registry import Version, open_version
from mnist_predict.reading import Reading
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.shadow import Shadow
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer


@pytest.fixture(autouse=True)
def not_nice(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, what is nice waits for long."""
    monkeypatch.setattr("mnist_predict.reading_process.NICE", 0)


@pytest.fixture(scope="module")
def reader() -> Recognizer:
    return open_recognizer("")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store, reader: Recognizer, tmp_path: Path) -> Service:
    return Service(reader, store, Settings(data=str(tmp_path), shadow=100))


@pytest.fixture
def shadow(service: Service) -> Iterator[Shadow]:
    assert service.shadow is not None
    yield service.shadow
    service.shadow.close()


@pytest.fixture
def candidate(store: Store, tmp_path: Path) -> Version:
    """It reads as the shipped one does."""
    version = another_version(tmp_path, b"1")
    propose(store, version, "learned")
    return version


def test_a_candidate_reads_what_was_uploaded_and_the_answer_stays_the_champions(
    service: Service, store: Store, shadow: Shadow, candidate: Version, tmp_path: Path
) -> None:
    record = service.upload(picture_of("72"), "a.png")
    service.label(str(record.id), "12")  # a label is no upload
    assert shadow.step(0)
    assert not shadow.step(0)
    kept = store.get(record.id)
    assert kept is not None
    assert kept.reading is not None
    assert kept.reading.model_version == open_version().name
    with closing(Beside(tmp_path, candidate.name)) as beside:
        assert (beside.difference().read, beside.difference().changed) == (1, 0)
        told = beside.judged(store)
        assert (told.labelled, told.before, told.now) == (1, 0, 0)
        beside.keep([row_of(record, Reading((), None, (), candidate.name))])
        assert beside.difference().changes == [("72", "", 1)]


def test_without_a_candidate_or_a_share_nothing_is_read_beside(
    service: Service, store: Store, shadow: Shadow, reader: Recognizer, tmp_path: Path
) -> None:
    assert Service(reader, store, Settings(data=str(tmp_path))).shadow is None
    service.upload(picture_of("72"), "a.png")
    assert not shadow.step(0)
    assert versions_beside(tmp_path) == []


def test_only_the_share_that_is_set_is_read_and_no_more_than_there_is_room_for(
    service: Service, store: Store, candidate: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_predict.shadow.ROOM", 2)
    few = Shadow(store, tmp_path, 30, lambda: False)
    records = [service.upload(picture_of("7"), f"{at}.png") for at in range(12)]
    chosen = [record for record in records if record.id.int % 100 < 30]
    for record in records:
        few.offer(record)  # does not wait where there is no room
    read = [few.step(0) for _ in records]
    few.close()
    assert sum(read) == min(len(chosen), 2)


def test_it_waits_while_somebody_waits_for_a_reading(
    service: Service, store: Store, candidate: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [True, True, False]
    slept: list[float] = []
    monkeypatch.setattr("mnist_predict.shadow.sleep", slept.append)
    waiting = Shadow(store, tmp_path, 100, lambda: answers.pop(0))
    waiting.offer(service.upload(picture_of("7"), "a.png"))
    assert waiting.step(0)
    waiting.close()
    assert len(slept) == 2


def test_what_is_erased_is_not_kept_beside(
    service: Service, shadow: Shadow, candidate: Version, tmp_path: Path
) -> None:
    first, second = (service.upload(picture_of(number), f"{number}.png") for number in ("72", "31"))
    assert shadow.step(0)
    service.erase(str(first.id))
    assert shadow.step(0)
    shadow.offer(second)
    service.erase(str(second.id))
    shadow.step(0)
    with closing(Beside(tmp_path, candidate.name)) as beside:
        assert beside.difference().read == 0


def test_a_candidate_whose_process_died_is_started_again(
    service: Service, shadow: Shadow, candidate: Version, tmp_path: Path
) -> None:
    service.upload(picture_of("72"), "a.png")
    assert shadow.step(0)
    assert shadow._reader is not None
    shadow._reader._process.kill()
    shadow._reader._process.wait()
    record = service.upload(picture_of("31"), "b.png")
    with pytest.raises(OSError, match=r"died|Broken pipe"):
        shadow.step(0)
    shadow._look_at = 0
    shadow.offer(record)
    assert shadow.step(0)
    with closing(Beside(tmp_path, candidate.name)) as beside:
        assert beside.difference().read == 2
