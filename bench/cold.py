"""Cold `predict`: a new process reads one picture, beside one that imports the same libraries and infers once."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.pictures import pictures
from mnist_predict.models.registry import PARTS, open_version

BARE = """import numpy, cv2, onnxruntime
digits, line, page = (onnxruntime.InferenceSession(f"{folder}/{{part}}/model.onnx", providers=["CPUExecutionProvider"])
                      for part in {parts})
digits.run(None, {{"pictures": numpy.zeros((1, 1, 28, 28), numpy.float32)}})
line.run(None, {{"strips": numpy.zeros((1, 1, 32, 32), numpy.float32)}})
page.run(None, {{"pages": numpy.zeros((1, 1, 32, 32), numpy.float32)}})"""


def cold(runs: int) -> tuple[float, float]:
    """Median milliseconds of `mnist-predict predict x.png` and of the bare process, run in turn."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "x.png"
        picture.write_bytes(pictures(1)[0])
        predict = [str(Path(sys.executable).parent / "mnist-predict"), "predict", str(picture)]
        bare = [sys.executable, "-c", BARE.format(folder=open_version().folder, parts=PARTS)]
        # As on anybody's machine: modules are compiled once and kept.
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        took: dict[str, list[float]] = {"predict": [], "bare": []}
        for _ in range(runs + 1):
            for name, words in (("predict", predict), ("bare", bare)):
                began = time.perf_counter()
                subprocess.run(words, check=True, capture_output=True, env=usual)
                took[name].append((time.perf_counter() - began) * 1e3)
    return statistics.median(took["predict"][1:]), statistics.median(took["bare"][1:])
