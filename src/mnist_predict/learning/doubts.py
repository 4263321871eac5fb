"""Labels that models disagree with which did not see them: listed for a second look, and not learned meanwhile.

As in confident learning (C. Northcutt, L. Jiang, I. Chuang 2021): the labels are parted in two, a copy of the champion
learns each half for a moment, and judges the other. A label is doubtful where such a model gives another number nearly
all, and the label next to nothing. What two people, or one person twice, said alike is not doubted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mnist_predict.learning.train import Shown, adapt
from mnist_predict.models.registry import Version
from mnist_predict.reading import digits_of
from mnist_predict.store.tools.labelled import LabelledPicture
from mnist_predict.training.line import train as line
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.vision.read.alphabet import DIGITS
from mnist_predict.vision.read.ctc import best_path, folded, scores
from mnist_predict.vision.read.line import Grey, to_strip

SURE = math.log(0.6)  # log-probability of another number, from which a label is doubted ...
UNLIKELY = math.log(0.02)  # ... if its own is below this
STEPS = 16  # of 48 labelled parts; enough to see the hands, too few to learn labels by heart


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubtful label, and what is more likely."""

    picture: LabelledPicture
    read: str


def doubts(
    champion: Version, pictures: Sequence[LabelledPicture], shown: dict[LabelledPicture, list[Shown]], seed: int
) -> list[Doubt]:
    """The doubtful labels, the worst first; `shown`: the parts of its picture that each label is of."""
    found: list[tuple[float, Doubt]] = []
    order = np.random.default_rng((seed, 29)).permutation(len(pictures))
    halves = [[pictures[at] for at in order[half::2]] for half in (0, 1)]
    for judged, learned in (halves, halves[::-1]):
        parts = [sample for one in learned for sample, _ in shown.get(one, [])]
        if not parts:
            continue
        network = adapt(champion, parts, STEPS, seed)
        for one in judged:
            own = [sample.ink for sample, _ in shown.get(one, []) if not isinstance(sample.ink, list)]
            if one.agreed < 2 and own and (said := _other(network, own, digits_of(one.label))):
                found.append((said[0], Doubt(one, said[1])))
    return [doubt for _, doubt in sorted(found, key=lambda pair: pair[0])]


def _other(network: LineNetwork, parts: Sequence[Grey], label: str) -> tuple[float, str] | None:
    """How likely a label is in parts of its picture, and what is far likelier in all of them; None where nothing is."""
    likely = []
    texts = set()
    for part in parts:
        frames = folded(_frames(network, to_strip(part)), DIGITS)
        text = best_path(frames, DIGITS)
        own, other = scores([frames], [label, text], DIGITS)[0]
        if text == label or own > UNLIKELY or other < SURE:
            return None
        texts.add(text)
        likely.append(float(own))
    return (max(likely), texts.pop()) if len(texts) == 1 else None


def _frames(network: LineNetwork, strip: Grey) -> np.ndarray:
    wide = -(-strip.shape[1] // 4) * 4
    padded = np.pad(strip, ((0, 0), (0, wide - strip.shape[1])), mode="edge")
    with torch.inference_mode():
        frames: np.ndarray = network.calibrated(line.to_input(padded[None], torch.device("cpu")))[0].numpy()
    return frames
