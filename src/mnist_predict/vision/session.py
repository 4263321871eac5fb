"""A network file -> a session of onnxruntime on one thread: the server has a worker for each core already."""

import os
from pathlib import Path
from typing import Any

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import ADVICE


def runtime() -> Any:
    """The library onnxruntime."""
    # Since 1.29 it reports its use to its makers, unless it is told not to before it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def open_session(model: Path) -> Any:
    """The network in that ONNX file, loaded; thread-safe. Raises `BadRequest` for a damaged file."""
    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a type of its own for each way in which a file can be wrong
        raise BadRequest(f"{model} is damaged or cut short: no network can be loaded from it. {ADVICE}") from error
