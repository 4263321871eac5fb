"""Which version reads: proposed, promoted, rolled back; followed by a service that serves meanwhile."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner, Result
from store_examples import until
from version_examples import another_version, passed
from web_examples import picture_of

from mnist_predict import following
from mnist_predict.champion import named, promote, propose, pull, roll_back, standing
from mnist_predict.cli.main import main
from mnist_predict.errors import BadRequest, NotFound, Refused, StoreUnavailable
from mnist_predict.following import Follower
from mnist_predict.models.packing import SUMS, pack, unpack, verify
from mnist_predict.models.registry import open_version
from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer

SHIPPED = open_version().name


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kept.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reader() -> Recognizer:
    return open_recognizer("")


@pytest.fixture
def service(store: Store, reader: Recognizer, tmp_path: Path) -> Service:
    return Service(reader, store, Settings(data=str(tmp_path / "data")))


def follower_of(service: Service) -> Follower:
    assert service.follower is not None
    return service.follower


def test_an_archive_gives_the_same_folder_and_equal_folders_equal_archives(tmp_path: Path) -> None:
    version = another_version(tmp_path, b"a", passed())
    archive = pack(version)
    again = unpack(archive, version.name, tmp_path / "there")
    assert pack(again) == archive
    for file in version.folder.rglob("*.*"):
        assert (again.folder / file.relative_to(version.folder)).read_bytes() == file.read_bytes()
    assert verify(again.folder, version.name).learned == passed()


@pytest.mark.parametrize("file", ["line/model.onnx", "digits/weights.safetensors", SUMS, "line/report.json"])
def test_a_version_of_which_a_file_is_altered_or_missing_is_not_opened(tmp_path: Path, file: str) -> None:
    version = another_version(tmp_path, b"a")
    folder = unpack(pack(version), version.name, tmp_path / "there").folder
    whole = (folder / file).read_bytes()
    for damaged in (whole[:9] + bytes([whole[9] ^ 1]) + whole[10:], None):
        (folder / file).unlink(missing_ok=True)
        if damaged is not None:
            (folder / file).write_bytes(damaged)
        with pytest.raises(BadRequest, match="damaged or incomplete"):
            verify(folder, version.name)


@pytest.mark.parametrize("name", ["../reader-0123456789", "reader-012345678", "reader-0123456789", "/tmp/reader"])
def test_an_archive_is_not_unpacked_under_another_name(tmp_path: Path, name: str) -> None:
    version = another_version(tmp_path, b"a")
    with pytest.raises(BadRequest):
        unpack(pack(version), name, tmp_path / "there")
    assert list((tmp_path / "there").glob("*")) == []


def test_promotion_and_rollback_move_the_aliases(store: Store, tmp_path: Path) -> None:
    first = another_version(tmp_path, b"1", passed())
    assert standing(store).reading == SHIPPED
    propose(store, first, "learned from 213 corrections")
    assert (named(store, "candidate"), named(store, "champion")) == (first.name, SHIPPED)
    promote(store, first.name, "better sevens", "ann")
    assert standing(store).reading == first.name
    assert (standing(store).previous, standing(store).candidate) == (SHIPPED, None)
    second = another_version(tmp_path, b"2", passed(first.name))
    propose(store, second, "learned from 500 corrections")
    promote(store, second.name, "")
    roll_back(store, "worse at fours", "bo")
    assert (standing(store).reading, standing(store).previous) == (first.name, second.name)
    assert (store.assignments()[0].by, store.assignments()[0].reason) == ("bo", "worse at fours")
    assert SHIPPED in {version.name for version in store.versions()}  # though the package may ship another one day


def test_what_has_not_passed_is_not_promoted_except_by_force_whose_reason_is_kept(store: Store, tmp_path: Path) -> None:
    bad = another_version(tmp_path, b"bad", passed(SHIPPED, "corrections"))
    propose(store, bad, "learned")
    with pytest.raises(Refused, match="did not pass the gate: corrections"):
        promote(store, bad.name, "I like it")
    with pytest.raises(BadRequest, match="takes a reason"):
        promote(store, bad.name, " ", force=True)
    assert standing(store).reading == SHIPPED
    promote(store, bad.name, "the old one is wrong", force=True)
    assert store.assignments()[0].forced
    assert store.assignments()[0].reason == "the old one is wrong"


def test_what_was_compared_with_another_champion_or_never_is_not_promoted(store: Store, tmp_path: Path) -> None:
    one, other = (another_version(tmp_path, tag, passed()) for tag in (b"1", b"2"))
    unmeasured = another_version(tmp_path, b"3")
    for version in (one, other, unmeasured):
        propose(store, version, "learned")
    promote(store, one.name, "")
    with pytest.raises(Refused, match="Learn again"):
        promote(store, other.name, "")
    with pytest.raises(Refused, match="never measured"):
        promote(store, unmeasured.name, "")
    with pytest.raises(NotFound):
        promote(store, "reader-0123456789", "")
    with pytest.raises(BadRequest, match="already"):
        promote(store, one.name, "")


def test_a_service_takes_a_new_champion_and_its_records_say_which_version_read_them(
    service: Service, store: Store, tmp_path: Path
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    before = service.upload(picture_of("4072"), "before.png")
    promote(store, version.name, "")
    follower_of(service).look()
    after = service.upload(picture_of("4072"), "after.png")
    roll_back(store, "")
    follower_of(service).look()
    again = service.upload(picture_of("4072"), "again.png")
    versions = [record.reading.model_version for record in (before, after, again) if record.reading]
    assert versions == [SHIPPED, version.name, SHIPPED]
    assert before.reading == again.reading  # a rollback restores identical answers


def test_a_reading_that_is_under_way_ends_with_the_version_that_it_began_with(
    service: Service, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = Event(), Event()
    read = service.recognizer.read

    def slowly(*given: object) -> object:
        began.set()
        assert go_on.wait(60)
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(service.recognizer, "read", slowly)
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(service.upload, picture_of("7"), "7.png")
        assert began.wait(60)
        promote(store, version.name, "")
        follower_of(service).look()
        assert service.model_version == version.name
        go_on.set()
        reading = under_way.result().reading
    assert reading is not None
    assert reading.model_version == SHIPPED


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_champion_that_cannot_be_had_leaves_the_last_good_one_reading_and_is_told_of(
    service: Service, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    promote(store, version.name, "")
    archive = None if how == "missing" else pack(version)[:-100]
    monkeypatch.setattr(store, "version_archive", lambda name: archive)
    follower = follower_of(service)
    follower.look()
    assert service.model_version == SHIPPED
    assert follower.trouble is not None
    assert version.name in follower.trouble
    assert service.upload(picture_of("4072"), "a.png").number == "4072"
    monkeypatch.undo()
    monkeypatch.setattr(following, "monotonic", lambda: 1e12)  # when it is tried again
    follower.look()
    assert (service.model_version, follower.trouble) == (version.name, None)


def test_a_version_that_is_damaged_on_this_disk_is_fetched_again(store: Store, tmp_path: Path) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    folder = pull(store, version.name, tmp_path / "models").folder
    (folder / "line/model.onnx").write_bytes(b"")
    assert pull(store, version.name, tmp_path / "models").size == version.size


def test_a_service_that_starts_while_its_store_is_away_reads_with_the_last_champion(
    service: Service, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    promote(store, version.name, "")
    follower_of(service).begin()

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    for method in ("assignments", "versions", "version_archive"):
        monkeypatch.setattr(store, method, away)
    later = Service(open_recognizer(""), store, service_settings(tmp_path))
    follower_of(later).begin()
    assert later.model_version == version.name


def service_settings(tmp_path: Path) -> Settings:
    return Settings(data=str(tmp_path / "data"))


def test_a_version_that_the_settings_name_is_not_followed_away_from(store: Store, tmp_path: Path) -> None:
    version = another_version(tmp_path, b"1")
    settings = Settings(data=str(tmp_path), model=str(version.folder))
    service = Service(open_recognizer(settings.model), store, settings)
    assert service.follower is None
    assert service.model_version == version.name


def test_followers_see_a_promotion_within_five_seconds(service: Service, store: Store, tmp_path: Path) -> None:
    assert following.EVERY <= 2.5  # half of it: the other half is for a slow store and loading
    version = another_version(tmp_path, b"1", passed())
    propose(store, version, "learned")
    with ThreadPoolExecutor(1) as threads:
        ended = Event()

        def stop() -> None:
            raise KeyboardInterrupt  # the only way out of what does not return

        def follow() -> None:
            with pytest.raises(KeyboardInterrupt):
                follower_of(service).follow()
            ended.set()

        threads.submit(follow)
        promote(store, version.name, "")
        assert until(lambda: service.model_version == version.name)
        follower_of(service).look = stop  # type: ignore[method-assign]
        assert ended.wait(60)


def run(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["models", *words, "--store", url])


def test_the_command_line_lists_promotes_rolls_back_and_tells_differences(
    url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_PREDICT_DATA", str(tmp_path / "data"))
    version = another_version(tmp_path, b"1", passed())
    assert run(url, "import", str(version.folder)).exit_code == 2  # there is no store yet
    store.check_writable()
    assert f"{version.name} is the candidate now." in run(url, "import", str(version.folder)).stdout
    listed = run(url, "list").stdout.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [[version.name, "candidate"], [SHIPPED, "champion, shipped"]]
    assert f"it was {SHIPPED}" in run(url, "promote", "--reason", "better").stdout
    assert "better" in run(url, "history").stdout
    assert f'"name": "{version.name}"' in run(url, "show", "champion").stdout
    assert "learned.gate.passed\t-\ttrue" in run(url, "diff", "shipped", "champion").stdout
    exported = Path(run(url, "export", "champion", str(tmp_path / "out")).stdout.strip())
    assert verify(exported, version.name).name == exported.name
    assert f"{SHIPPED} is the champion again" in run(url, "rollback").stdout
    refused = run(url, "promote", "reader-0123456789")
    assert refused.exit_code == 2
    assert "is not in the store" in refused.stderr


def test_a_folder_that_is_not_named_by_its_weights_is_not_imported(url: str, store: Store, tmp_path: Path) -> None:
    store.check_writable()
    folder = shutil.copytree(open_version().folder, tmp_path / "reader-0123456789")
    refused = run(url, "import", str(folder))
    assert refused.exit_code == 2
    assert SHIPPED in refused.stderr
    assert store.versions() == []
