"""A zip of pictures, unpacked file by file in memory: nothing is written to disk under a name that came in it.

A zip of 20 MB may claim a million files, hold one that unpacks to terabytes, or have a thousand share the same bytes.
So limits are checked beforehand.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mnist_predict.errors import BadRequest, BrokenPicture, NotAPicture, TooLarge, UserError
from mnist_predict.vision.load.picture import MAX_BYTES

MOST_FILES = 1000
MOST_BYTES = 10 * MAX_BYTES  # unpacked, of all files
_ENTRY = b"PK\x01\x02"  # the signature of an entry in the central directory
_ENCRYPTED = 0x1
_LEFT_OUT = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems put into zips unasked


def is_zip(data: bytes) -> bool:
    """Whether a file is a zip, by its first bytes; an empty zip begins with its end."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def unpacked(data: bytes) -> Iterator[tuple[str, bytes | UserError]]:
    """The names of the files in a zip, with their bytes or the error that prevents reading them.

    Raises `BrokenPicture` for a zip that cannot be opened, `TooLarge` for too many files, `BadRequest` for none.
    """
    too_many = TooLarge(f"The zip holds more than {MOST_FILES} files. Send it in parts.")
    if data.count(_ENTRY) > 2 * MOST_FILES:  # before the table of contents is read into memory
        raise too_many
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, NotImplementedError) as error:
        raise BrokenPicture("The zip is damaged or cut short. Make it again.") from error
    files = [file for file in archive.infolist() if not file.filename.endswith("/") and not _left_out(file.filename)]
    if len(files) > MOST_FILES:
        raise too_many
    if not files:
        raise BadRequest("The zip is empty. Put pictures into it.")
    if sum(file.compress_size for file in files) > len(data):  # D. Fifield, "A better zip bomb" (WOOT 2019)
        raise BrokenPicture("Files of the zip overlap. Make it again.")
    return _files(archive, files)


def _files(archive: ZipFile, files: list[ZipInfo]) -> Iterator[tuple[str, bytes | UserError]]:
    room = MOST_BYTES
    for file in files:
        room -= file.file_size
        try:
            yield file.filename, _file(archive, file, room)
        except UserError as error:
            yield file.filename, error


def _file(archive: ZipFile, file: ZipInfo, room: int) -> bytes:
    if file.flag_bits & _ENCRYPTED:
        raise NotAPicture("This file is encrypted. Make the zip without a password.")
    if file.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise NotAPicture("The compression method of this file is not supported. Make the zip with Deflate.")
    if file.file_size > MAX_BYTES:
        raise TooLarge(f"The file has more than {MAX_BYTES // 1_000_000} MB. Send a smaller picture.")
    if room < 0:
        raise TooLarge(f"The zip unpacks to more than {MOST_BYTES // 1_000_000} MB. Send it in parts.")
    try:
        with archive.open(file) as stream:
            return stream.read(file.file_size + 1)  # without a size, all of it is unpacked before it is measured
    except (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BrokenPicture("This file of the zip is damaged. Make the zip again.") from error


def _left_out(name: str) -> bool:
    return name.startswith(_LEFT_OUT[0]) or name.rpartition("/")[2] in _LEFT_OUT[1:]
