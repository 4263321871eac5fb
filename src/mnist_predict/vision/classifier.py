"""Digits -> probabilities: the network of a model version, run by onnxruntime on one thread."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class Classifier:
    """The network in `folder/model.onnx`; thread-safe."""

    def __init__(self, folder: Path) -> None:
        # Since 1.29 it reports its use to its makers, unless it is told not to before it is loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the server has a worker for each core already
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, digits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Calibrated probabilities (n, 10) float32 of digits (n, 28, 28) float32, 0 paper to 1 ink."""
        result: npt.NDArray[np.float32] = self._session.run(["probabilities"], {"pictures": digits[:, None]})[0]
        return result
