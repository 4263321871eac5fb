"""Grow the corpus of tests/support/mutations.py by coverage: `python grow.py FOLDER [options of libFuzzer]`.

Needs atheris (pip install atheris), which follows which branches of Pillow's and our own Python a file reaches. Begins
with a picture in each format; `python grow.py FOLDER --keep` then takes what was found into the tests. Decoders in C
are not followed: they are met by `make fuzz`.
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
with atheris.instrument_imports(include=["PIL", "zipfile", "mnist_predict.vision", "mnist_predict.web.http.zipped"]):
    import mutations

    from mnist_predict.errors import UserError
    from mnist_predict.vision.load import decoding
    from mnist_predict.vision.load.picture import media_type
    from mnist_predict.web.http.zipped import is_zip, unpacked

LARGEST = 4096  # bytes of a file that is kept


def decode(data: bytes) -> None:
    """What happens to the bytes of an upload until there are pixels; in this process, as coverage is of one alone."""
    with suppress(UserError):
        files = [each for _, each in unpacked(data)] if is_zip(data) else [data]
        for each in files:
            if isinstance(each, bytes):
                decoding.decoded(each, media_type(each), 0)


def main() -> None:
    """Grow, or keep what was grown."""
    folder = Path(sys.argv[1])
    if sys.argv[2:] == ["--keep"]:
        begun = set(mutations.formats().values())
        found = {path.read_bytes() for path in folder.iterdir()}
        mutations.keep(
            sorted((each for each in found - begun if len(each) <= LARGEST), key=lambda each: (len(each), each))
        )
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in mutations.formats().items():
        (folder / name).write_bytes(data)
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
