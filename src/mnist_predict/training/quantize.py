"""A network in whole numbers of 8 bits, which reads more than twice as fast (B. Jacob et al. 2018).

The range of each activation is measured on drawn pictures, so that an export needs no data and comes out the same each
time. The first and the last layer stay as they are: of what rounding costs, half is theirs. Weights use 7 of their 8
bits: sums of two products then fit into 16 bits, in which processors without VNNI add them up.
"""

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnist_predict.training.line.batches import Source, padded
from mnist_predict.training.page.batches import open_pages
from mnist_predict.training.synthesis.generator import Synthesis
from mnist_predict.training.synthesis.paper import Papers
from mnist_predict.training.synthesis.shapes import bank, displays, hands
from mnist_predict.training.synthesis.style import HEIGHT
from mnist_predict.vision.session import runtime

DIGITS, STRIPS, PAGES = 200, 150, 20  # pictures on which ranges are measured
PAGE = (160, 224)
ROUNDED = ["Conv", "Relu", "Add", "AveragePool", "MaxPool", "Resize"]


def quantize(whole: Path, into: Path) -> None:
    """Write a network of float32, an ONNX file, as one of 8 bits."""
    runtime()
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.onnx")
        quant_pre_process(whole, ready, skip_symbolic_shape=True)
        graph = onnx.load(ready).graph
        layers = [node.name for node in graph.node if node.op_type in ("Conv", "Gemm")]
        quantize_static(
            ready,
            into,
            _Shown(graph.input[0].name),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=ROUNDED,
            nodes_to_exclude=[layers[0], layers[-1]],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )


class _Shown:
    """What a network is shown while the ranges of its activations are measured; as onnxruntime wants it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs = iter(_typical(name))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, None when there are no more."""
        given = next(self._inputs, None)
        return None if given is None else {self._name: given}


def _typical(name: str) -> Iterator[NDArray[np.float32]]:
    """Pictures float32 `[1, 1, H, W]` as the network whose input has that name is given."""
    rng = np.random.default_rng(1)
    if name == "pictures":
        drawn: Any = hands.draw(rng.integers(0, 10, DIGITS).astype(np.uint8), rng)
    elif name == "strips":
        synthesis = Synthesis(_source().bank, Papers(HEIGHT, None, rng), rng)
        drawn = (padded([synthesis.strip().strip])[0] for _ in range(STRIPS))
    else:
        pages = open_pages(_source(), rng)
        drawn = (pages.page(*PAGE).grey for _ in range(PAGES))
    for picture in drawn:
        yield picture[None, None] * np.float32(1 / 255)


@cache
def _source() -> Source:
    rng = np.random.default_rng(2)
    drawn = bank.of_strokes(2_000, rng)
    shapes = bank.Bank(drawn, drawn, bank.of_marks(500, rng), displays.shapes(20, rng), None, None)
    return Source(shapes, None, [])
