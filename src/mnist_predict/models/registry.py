"""Model versions on disk. A version is a folder that never changes; its name ends in a hash of its weights.

It holds three networks: `digits` reads one digit, `line` a line of digits and marks, and `page` finds such lines on a
page. Each is in a folder with `model.onnx` (what serves), `weights.safetensors` (what training goes on from),
`report.json` (how it was made and measured), pictures of that report, and `README.md`, the model card.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mnist_predict.errors import BadRequest

SHIPPED = Path(__file__).parent / "default"
Part = Literal["digits", "line", "page"]
PARTS: tuple[Part, ...] = ("digits", "line", "page")
LEARNED = "learned.json"  # in a version that was learned from corrections: from what, and how the gate measured it
ADVICE = "Copy the model version anew, or install mnist_predict again."


@dataclass(frozen=True)
class Version:
    """One model version: its folder, whose name is its name."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the version in readings and reports."""
        return self.folder.name

    def report(self, part: Part) -> dict[str, Any]:
        """How one of its networks was trained and measured; raises `OSError` without its report."""
        report: dict[str, Any] = json.loads((self.folder / part / "report.json").read_text())
        return report

    @property
    def learned(self) -> dict[str, Any]:
        """How it was learned from corrections and measured by the gate; empty for a version made otherwise."""
        path = self.folder / LEARNED
        found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        return found

    @property
    def size(self) -> int:
        """Bytes of the networks that serve."""
        return sum((self.folder / part / "model.onnx").stat().st_size for part in PARTS)


def version_name(weights: Iterable[bytes]) -> str:
    """The name of a version by the weights of its parts, in the order of `PARTS`."""
    together = hashlib.sha256()
    for data in weights:
        together.update(data)
    return f"reader-{together.hexdigest()[:10]}"


def open_version(folder: str | Path = "") -> Version:
    """The version in that folder; empty: the one that ships with the package.

    Raises `BadRequest` if the folder holds no model version.
    """
    path = Path(folder).resolve() if folder else next(SHIPPED.glob("*/"), SHIPPED / "none")
    for part in PARTS:
        if not (path / part / "model.onnx").is_file():
            missing = f"there is no {part}/model.onnx in it."
            raise BadRequest(f"{path} holds no model version of this mnist_predict: {missing}")
        if not _whole(path / part / "model.onnx"):
            raise BadRequest(f"{path / part / 'model.onnx'} is damaged or cut short. {ADVICE}")
    return Version(path)


def _whole(model: Path) -> bool:
    """Whether a file ends where its parts do, which are numbered and say how long they are (protocol buffers); without
    onnxruntime, which takes a second to load."""
    data = model.read_bytes()
    at = 0
    try:
        while at < len(data):
            tag, at = _varint(data, at)
            length, after = _varint(data, at)
            match tag & 7:
                case 0:
                    at = after
                case 2:
                    at = after + length
                case _:
                    return False
    except IndexError:
        return False
    return 0 < at == len(data)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first; and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
