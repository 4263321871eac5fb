"""The commands as a person types them: what they print, where, and their exit codes."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from mnist_predict.cli.main import main
from mnist_predict.reading import Box, Digit, Number, Reading
from mnist_predict.store.opening import open_store
from mnist_predict.vision.recognizer import Recognizer


def run(*words: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words], input=stdin)


@pytest.fixture
def folder(png_of: Callable[[str], bytes], tmp_path: Path) -> Path:
    for number in ("4072", "7", ""):
        (tmp_path / f"{number or 'blank'}.png").write_bytes(png_of(number))
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def test_one_file_prints_the_number_alone(folder: Path) -> None:
    result = run("predict", folder / "4072.png")
    assert (result.exit_code, result.stdout) == (0, "4072\n")


def test_a_number_is_printed_as_it_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = tuple(Digit(value, Box(20 * at, 0, 20, 30), (0.1,) * 10) for at, value in enumerate((3, 6, 5)))
    reading = Reading((Number("-3.65", 0.9, 0, Box(0, 0, 60, 30), digits),), 0, (), "v1")
    monkeypatch.setattr(Recognizer, "read", lambda *_: reading)
    assert run("predict", folder / "7.png").stdout == "-3.65\n"
    assert run("predict", folder / "7.png", folder / "7.png").stdout == 2 * f"{folder}/7.png\t-3.65\n"
    told = json.loads(run("predict", folder / "7.png", "--json").stdout)
    assert (told["number"], told["written"]) == ("365", "-3.65")
    assert run("predict", folder / "7.png", "--table", folder / "out.csv").exit_code == 0
    assert (folder / "out.csv").read_bytes() == b"-3.65\r\n"


def test_standard_input_is_a_file_too(png_of: Callable[[str], bytes]) -> None:
    result = run("predict", "-", stdin=png_of("31"))
    assert (result.exit_code, result.stdout) == (0, "31\n")


def test_several_files_print_their_names(folder: Path) -> None:
    result = run("predict", folder / "4072.png", folder / "7.png")
    assert (result.exit_code, result.stdout) == (0, f"{folder}/4072.png\t4072\n{folder}/7.png\t7\n")


def test_a_blank_page_has_an_empty_number_and_advice_and_exit_code_1(folder: Path) -> None:
    result = run("predict", folder / "blank.png", folder / "7.png")
    assert result.exit_code == 1
    assert result.stdout == f"{folder}/blank.png\t\n{folder}/7.png\t7\n"
    assert "blank.png: Nothing is written" in result.stderr


def test_bad_input_is_told_on_stderr_and_the_others_are_still_read(folder: Path) -> None:
    result = run("predict", folder / "text.png", folder / "lost.png", folder / "blank.png", folder / "7.png")
    assert result.exit_code == 2
    assert result.stdout == f"{folder}/blank.png\t\n{folder}/7.png\t7\n"
    assert "text.png: " in result.stderr
    assert "lost.png cannot be read: No such file" in result.stderr


def test_json_is_one_reading_a_line(folder: Path) -> None:
    one = json.loads(run("predict", "--json", folder / "4072.png").stdout)
    assert one["number"] == "4072"
    assert [d["value"] for d in one["numbers"][one["primary"]]["digits"]] == [4, 0, 7, 2]
    assert "file" not in one
    lines = run("predict", "--json", folder / "4072.png", folder / "7.png").stdout.splitlines()
    assert [Path(json.loads(line)["file"]).name for line in lines] == ["4072.png", "7.png"]


def test_what_is_expected_is_read_and_the_free_reading_is_told(folder: Path) -> None:
    result = run("predict", folder / "4072.png", "--expect", "4012,4013")
    assert (result.exit_code, result.stdout) == (0, "4012\n")
    assert "Read freely, not as 4012,4013, this is 4072." in result.stderr
    one = json.loads(run("predict", "--json", folder / "4072.png", "--expect", "4 digits").stdout)
    assert (one["number"], one["free"], one["numbers"][0]["free"]) == ("4072", None, None)
    result = run("predict", folder / "4072.png", "--expect", "90 digits")
    assert (result.exit_code, result.stdout) == (1, "\n")
    result = run("predict", folder / "4072.png", "--expect", "something")
    assert result.exit_code == 2
    assert "4 digits" in result.stderr


def test_explain_draws_the_reading_on_the_picture(folder: Path, tmp_path: Path) -> None:
    result = run("predict", folder / "4072.png", "--explain", tmp_path / "out.png")
    assert (result.exit_code, result.stdout) == (0, "4072\n")
    drawn = (tmp_path / "out.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert drawn != (folder / "4072.png").read_bytes()


def test_a_sheet_of_numbers_is_written_as_csv(png_of: Callable[[str], bytes], tmp_path: Path) -> None:
    sheet = np.full((260, 640), 255, np.uint8)
    for number, top, left in (("40", 10, 10), ("7", 10, 400), ("31", 130, 400)):
        one = cv2.imdecode(np.frombuffer(png_of(number), np.uint8), cv2.IMREAD_GRAYSCALE)
        sheet[top : top + one.shape[0], left : left + one.shape[1]] = one
    (tmp_path / "sheet.png").write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
    result = run("predict", tmp_path / "sheet.png", "--table", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert (tmp_path / "out.csv").read_bytes() == b"40,7\r\n,31\r\n"
    assert run("predict", tmp_path / "sheet.png", "--table", "-").stdout_bytes == b"40,7\r\n,31\r\n"
    result = run("predict", tmp_path / "sheet.png", tmp_path / "sheet.png", "--table", tmp_path / "out.csv")
    assert result.exit_code == 2


def test_other_numbers_of_a_page_are_told_or_printed(png_of: Callable[[str], bytes], tmp_path: Path) -> None:
    page = np.full((400, 500), 255, np.uint8)
    for number, top in (("4072", 20), ("31", 220)):
        picture = cv2.imdecode(np.frombuffer(png_of(number), np.uint8), cv2.IMREAD_GRAYSCALE)
        page[top : top + picture.shape[0], 20 : 20 + picture.shape[1]] = picture
    file = tmp_path / "page.png"
    file.write_bytes(cv2.imencode(".png", page)[1].tobytes())
    result = run("predict", file)
    assert (result.exit_code, result.stdout) == (0, "4072\n")
    assert f"{file}: 1 other number found; print all with --all" in result.stderr
    result = run("predict", file, "--all")
    assert (result.stdout, result.stderr) == ("4072\n31\n", "")
    assert run("predict", file, file, "--all").stdout == f"{file}\t4072\n{file}\t31\n" * 2


def test_explain_wants_one_picture_and_a_place_to_write(folder: Path) -> None:
    result = run("predict", folder / "7.png", folder / "4072.png", "--explain", folder / "out.png")
    assert result.exit_code == 2
    assert "give one FILE" in result.stderr
    result = run("predict", folder / "7.png", "--explain", folder / "not/there/out.png")
    assert result.exit_code == 2
    assert "out.png cannot be written: No such file" in result.stderr


def test_a_model_that_is_not_there_is_told(folder: Path) -> None:
    result = run("predict", folder / "7.png", "--model", folder)
    assert result.exit_code == 2
    assert "holds no model version" in result.stderr


def test_a_number_recorded_by_hand_is_kept_with_its_picture(folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    result = run("record", folder / "7.png", "7", "--store", url)
    assert result.exit_code == 0, result.stderr
    store = open_store(url)
    (record,) = store.page()
    assert result.stdout.strip() == str(record.id)
    assert (record.image_name, record.number, record.source) == ("7.png", "7", "hand")
    assert record.sha256 is not None
    assert store.picture(record.sha256) == (folder / "7.png").read_bytes()
    store.close()


def test_a_number_recorded_by_hand_needs_no_picture(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    assert run("record", "xxx.png", "7", "--store", url).exit_code == 0
    store = open_store(url)
    assert [(r.image_name, r.number, r.sha256) for r in store.page()] == [("xxx.png", "7", None)]
    store.close()


@pytest.mark.parametrize("number", ["-12", "3.65", "1,250.00"])
def test_a_number_is_recorded_as_it_is_written(tmp_path: Path, number: str) -> None:
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    result = run("record", "xxx.png", number, "--store", url)
    assert result.exit_code == 0, result.stderr
    store = open_store(url)
    assert [record.written for record in store.page()] == [number]
    store.close()


def test_what_is_no_number_is_not_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    result = run("record", "xxx.png", "seven", "--store", url)
    assert result.exit_code == 2
    assert "digits 0 to 9" in result.stderr


def test_store_init_makes_the_store_and_says_where(tmp_path: Path) -> None:
    result = run("store", "init", "--store", f"sqlite:///{tmp_path}/deep/kept.sqlite")
    assert (result.exit_code, result.stdout) == (0, f"Ready: {tmp_path}/deep/kept.sqlite\n")
    assert (tmp_path / "deep/kept.sqlite").stat().st_size > 0


@pytest.fixture
def kept(folder: Path, tmp_path: Path) -> str:
    """The setting of a store with two records, one with a picture."""
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    assert run("record", folder / "7.png", "7", "--store", url).exit_code == 0
    assert run("record", "xxx.png", "8", "--store", url).exit_code == 0
    return url


def test_a_store_is_copied_and_checked(kept: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.sqlite"
    first, again = run("store", "copy", kept, other), run("store", "copy", kept, other)
    assert first.exit_code == again.exit_code == 0
    assert first.stdout.startswith("2 records and 1 pictures are the same in both; 2 records were added")
    assert "0 records were added" in again.stdout
    assert run("store", "check", "--store", other).stdout == "2 records and 1 pictures were checked.\n"


def test_a_picture_is_erased_and_an_audit_line_is_left(kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(kept)
    by_hand, with_picture = store.page()
    command = ("store", "erase", with_picture.id, "--store", kept)
    refused = run(*command)  # nobody is there to say yes
    assert refused.exit_code == 1
    assert f"Erase 1 record and 0 labels of {with_picture.id} for good?" in refused.stderr
    assert len(store.page()) == 2
    done = run(*command, "--yes")
    assert (done.exit_code, done.stdout) == (0, f"{with_picture.id}\terased for good: 1 record and 0 labels\n")
    assert (store.page(), list(store.pictures())) == ([by_hand], [])
    again = run(*command, "--yes")
    assert again.exit_code == 2
    assert "was erased for good" in again.stderr
    assert run("store", "erase", "7", "--yes", "--store", kept).exit_code == 2
    add_again = sqlite3.connect(kept.removeprefix("sqlite:///"))
    with add_again:
        columns = "id, image_name, number, source"
        add_again.execute(f"insert into record ({columns}) values (?, 'x', '7', 'hand')", (str(with_picture.id),))
    checked = run("store", "check", "--store", kept)
    assert (checked.exit_code, checked.stderr.splitlines()[-1]) == (
        1,
        f"record {with_picture.id} was erased and is still there: erase it again",
    )
    assert run(*command, "--yes").exit_code == 0
    assert run("store", "check", "--store", kept).exit_code == 0
    [line] = run("store", "erased", "--store", kept).stdout.splitlines()
    assert line.split("\t")[1:] == ["command line", str(with_picture.id)]
    store.close()


def test_a_store_that_lost_or_has_too_much_is_told(kept: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "kept.sqlite")) as file, file:
        file.execute("pragma foreign_keys = off")
        file.execute("update picture set bytes = x'00'")
    result = run("store", "check", "--store", kept)
    assert result.exit_code == 1
    assert "is altered" in result.stderr
    store = open_store(f"sqlite:///{tmp_path}/spare.sqlite")
    store.add_all([], {"0" * 64: b"nobody's"})
    store.close()
    result = run("store", "check", "--store", f"sqlite:///{tmp_path}/spare.sqlite")
    assert result.exit_code == 0
    assert f"picture {'0' * 64} has no record" in result.stdout


def test_a_store_is_exported_by_the_ending_of_the_file(kept: str, tmp_path: Path) -> None:
    result = run("store", "export", tmp_path / "all.csv", "--store", kept)
    assert (result.exit_code, result.stdout) == (0, f"2 records are in {tmp_path}/all.csv\n")
    assert (tmp_path / "all.csv").read_text().startswith("id,record_time,image_name,number")
    result = run("store", "export", tmp_path / "kept.sqlite/all.csv", "--store", kept)
    assert result.exit_code == 2
    assert "all.csv cannot be written: " in result.stderr


@pytest.mark.parametrize("command", [["check"], ["export", "all.csv"], ["erased"], ["copy"], ["erase", "7", "--yes"]])
def test_a_store_that_is_not_there_is_told_and_not_made(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = "sqlite:///mistyped/kept.sqlite"
    words = [*command, url, "sqlite:///other.sqlite"] if command == ["copy"] else [*command, "--store", url]
    result = run("store", *words)
    assert result.exit_code == 2
    assert "There is no store" in result.stderr
    assert "mistyped/kept.sqlite" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_does_not_exist_is_refused() -> None:
    result = run("serve", "--port", "99999")
    assert result.exit_code == 2
    assert "99999" in result.stderr


def test_settings_come_from_the_environment_and_flags_go_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_PREDICT_STORE", f"sqlite:///{tmp_path}/environment.sqlite")
    assert "environment.sqlite" in run("store", "init").stdout
    assert "flag.sqlite" in run("store", "init", "--store", f"sqlite:///{tmp_path}/flag.sqlite").stdout
    monkeypatch.setenv("MNIST_PREDICT_PORT", "http")
    result = run("store", "init")
    assert result.exit_code == 2
    assert "MNIST_PREDICT_PORT must be a whole number" in result.stderr


def test_training_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("train", "new")
    assert result.exit_code == 2
    assert "pip install 'mnist-predict[train]'" in result.stderr


def test_a_plot_without_matplotlib_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "labels.csv").write_text("image_name,label\n7.png,7\n")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # importing it fails
    result = run("evaluate", folder, "--plot", folder / "plot.png")
    assert result.exit_code == 2
    assert "pip install 'mnist-predict[train]'" in result.stderr


def test_serve_hands_its_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr("mnist_predict.web.server.serve", given.append)
    assert run("serve", "--port", "4123", "--workers", "1").exit_code == 0
    assert (given[0].port, given[0].workers, given[0].host) == (4123, 1, "127.0.0.1")


@pytest.mark.parametrize(
    ("does", "unwanted"),
    [
        (
            "run('predict', picture)",
            {"torch", "flask", "granian", "rich", "pi_heif", "pypdfium2", "matplotlib", "uuid_utils"},
        ),
        (
            "from mnist_predict.web.app import create_app; from mnist_predict.settings import Settings\n"
            "app = create_app(Settings.from_environment({'MNIST_PREDICT_STORE': f'sqlite:///{picture}.sqlite'}))\n"
            "answer = app.test_client().post('/uploads', data={'file': open(picture, 'rb')})\n"
            "assert answer.text.startswith('recognised result: 7'), answer.text",
            {"torch", "matplotlib", "onnx", "cassandra"},
        ),
    ],
    ids=["predict", "serve"],
)
def test_what_is_not_needed_is_not_imported(folder: Path, does: str, unwanted: set[str]) -> None:
    program = (
        "import sys\n"
        "from mnist_predict.cli.main import main\n"
        "picture = sys.argv[1]\n"
        "def run(*words): main(words, standalone_mode=False)\n"
        f"{does}\n"
        f"print(sorted({unwanted!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, folder / "7.png"], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout.splitlines()[-1] == "[]"
