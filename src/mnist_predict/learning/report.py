"""What a candidate's report looks like to people: one HTML file with all pictures in it.

It lies beside the version, never in it: versions go into the store and stay there, pictures may be erased.
"""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from mnist_predict.errors import UserError
from mnist_predict.learning.doubts import Doubt
from mnist_predict.learning.gate import Judged
from mnist_predict.learning.paired import Pair
from mnist_predict.store.tools.labelled import LabelledPicture
from mnist_predict.vision.load.picture import preview
from mnist_predict.written import agrees

TITLES = {
    "mnist": "MNIST, held-out part",
    "corrections": "Corrections held out",
    "pages": "Numbers on pages",
    "nothing": "Without a number, taken for none",
    "test": "MNIST test set (decides nothing)",
}
MOST = 60  # pictures of a kind that are shown
SIDE = 480  # pixels of the longest side of one

Read = Callable[[LabelledPicture], bytes]


def html(
    name: str,
    learned: dict[str, Any],
    judged: Judged,
    held_out: Sequence[LabelledPicture],
    doubts: Sequence[Doubt],
    read: Read,
) -> str:
    """The report of a candidate of that name."""
    template = Environment(autoescape=True).from_string((Path(__file__).parent / "report.html").read_text("utf-8"))
    fixed, broken = changed(held_out, judged.corrections)
    return template.render(
        name=name,
        learned=learned,
        gate=judged.report,
        titles=TITLES,
        fixed=[_shown(one, pair, read) for one, pair in fixed[:MOST]],
        broken=[_shown(one, pair, read) for one, pair in broken[:MOST]],
        doubts=[
            {
                "label": each.picture.label,
                "by": each.picture.by,
                "read": each.read,
                "picture": _picture(each.picture, read),
            }
            for each in doubts[:MOST]
        ],
    )


def changed(
    held_out: Sequence[LabelledPicture], read: Sequence[Pair]
) -> tuple[list[tuple[LabelledPicture, Pair]], list[tuple[LabelledPicture, Pair]]]:
    """Those that only the candidate reads right, and those that only the champion does."""
    fixed, broken = [], []
    for one, pair in zip(held_out, read, strict=True):
        before, after = (agrees(one.label, side.number, side.written) for side in (pair.champion, pair.candidate))
        if after and not before:
            fixed.append((one, pair))
        if before and not after:
            broken.append((one, pair))
    return fixed, broken


def _shown(one: LabelledPicture, pair: Pair, read: Read) -> dict[str, Any]:
    return {
        "label": one.label,
        "champion": pair.champion.written,
        "candidate": pair.candidate.written,
        "picture": _picture(one, read),
    }


def _picture(one: LabelledPicture, read: Read) -> str | None:
    """A JPEG of what a label is of: a picture, or a place of it with its surroundings."""
    page, part = 0, None
    if one.place is not None:
        page, part = one.place.page, one.place.box.grow(one.place.box.h)
    try:
        return base64.b64encode(preview(read(one), SIDE, page, part)).decode()
    except UserError:
        return None
