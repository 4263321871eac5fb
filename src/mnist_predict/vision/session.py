"""A network file -> a session of onnxruntime on one thread: the server has a worker for each core already."""

import os
from pathlib import Path
from typing import Any


def open_session(model: Path) -> Any:
    """The network in that ONNX file, loaded; thread-safe."""
    # Since 1.29 it reports its use to its makers, unless it is told not to before it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
