"""The network runs here and for nobody else."""

import subprocess
import sys
from pathlib import Path


def test_its_library_reports_to_nobody(tmp_path: Path) -> None:
    """What would be reported is first kept in the user's folder, beside a number for this machine."""
    load = "from mnist_predict.vision.recognizer import open_recognizer; open_recognizer('')"
    # As on anybody's machine: it is silent by itself where it sees that it is tested.
    subprocess.run([sys.executable, "-c", load], env={"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []
