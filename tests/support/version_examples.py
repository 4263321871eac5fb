"""Model versions that read like the shipped one, under other names; and reports of the gate."""

import json
import shutil
from pathlib import Path
from typing import Any

from mnist_predict.models.registry import LEARNED, PARTS, Version, open_version, version_name


def another_version(into: Path, tag: bytes, learned: dict[str, Any] | None = None) -> Version:
    """A copy of the shipped version whose weights, and so its name, are others."""
    building = Path(shutil.copytree(open_version().folder, into / f"building-{tag.hex()}"))
    with (building / "line" / "weights.safetensors").open("ab") as file:
        file.write(tag)
    if learned is not None:
        (building / LEARNED).write_text(json.dumps(learned))
    name = version_name((building / part / "weights.safetensors").read_bytes() for part in PARTS)
    return Version(building.rename(into / name))


def passed(champion: str = "", *failed: str) -> dict[str, Any]:
    """What a version tells that was compared with a champion (by default the shipped one)."""
    names = ("MNIST", "corrections", "calibration")
    checks = [{"name": name, "passed": name not in failed, "words": "as before"} for name in names]
    return {"gate": {"champion": champion or open_version().name, "passed": not failed, "checks": checks}}
