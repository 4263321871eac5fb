"""A model version as one file: a zip of its folder with the SHA-256 of each file, checked at every opening."""

import hashlib
import re
import shutil
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import PARTS, Version, open_version, version_name

SUMS = "SHA256SUMS"
LARGEST = 200_000_000  # bytes of an unpacked version
_NAME = re.compile(r"reader-[0-9a-f]{10}")
_LINE = re.compile(r"([0-9a-f]{64})  ([\w.][\w./-]*)")
_ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time of every file, so that equal folders are equal archives


def pack(version: Version) -> bytes:
    """The zip file of a version's folder; the same bytes for the same files."""
    files = {
        str(path.relative_to(version.folder)): path.read_bytes()
        for path in sorted(version.folder.rglob("*"))
        if path.is_file() and path.name != SUMS
    }
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ((SUMS, "".join(lines).encode()), *files.items()):
            archive.writestr(zipfile.ZipInfo(name, _ALWAYS), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(archive: bytes, name: str, into: Path) -> Version:
    """The version of that name, as a folder in `into`, which appears whole or not at all.

    A folder of that name is replaced. Raises `BadRequest` for what is not that version, whole and unaltered.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name!r} is no name of a model version.")
    into.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=into, prefix=".unpacking-"))
    try:
        _extract(archive, name, building)
        verify(building, name)
        building.chmod(0o755)  # mkdtemp lets nobody else in
        folder = into / name
        if folder.exists():
            folder.rename(building / ".before")
        building.rename(folder)
        shutil.rmtree(folder / ".before", ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return open_version(folder)


def verify(folder: Path, name: str) -> Version:
    """The version in a folder that `unpack` made. Raises `BadRequest` unless every file is as it was packed."""
    damaged = BadRequest(f"The model version {name} in {folder} is damaged or incomplete.")
    try:
        lines = [_LINE.fullmatch(line) for line in (folder / SUMS).read_text().splitlines()]
        listed = {line[2]: line[1] for line in lines if line is not None}
        files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        del files[SUMS]
        if None in lines or {name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in files} != listed:
            raise damaged
        weights = [(folder / part / "weights.safetensors").read_bytes() for part in PARTS]
    except (OSError, ValueError):
        raise damaged from None
    if version_name(weights) != name:
        raise damaged
    return open_version(folder)


def _extract(archive: bytes, name: str, into: Path) -> None:
    damaged = BadRequest(f"The archive of the model version {name} is damaged.")
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            members = opened.infolist()
            safe = all(_LINE.fullmatch(f"{'0' * 64}  {member.filename}") for member in members)
            inside = all(".." not in Path(member.filename).parts for member in members)
            if not safe or not inside or sum(member.file_size for member in members) > LARGEST:
                raise damaged
            opened.extractall(into)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged from error
