"""Digits -> probabilities: the network of a model version, run by onnxruntime on one thread."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_predict.vision.session import open_session


class Classifier:
    """The network in `folder/model.onnx`; thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._session = open_session(folder / "model.onnx")

    def probabilities(self, digits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Calibrated probabilities (n, 10) float32 of digits (n, 28, 28) float32, 0 paper to 1 ink."""
        result: npt.NDArray[np.float32] = self._session.run(["probabilities"], {"pictures": digits[:, None]})[0]
        return result
