"""The reader in LitServe: `python -m bench.peers.litserve_app PORT`.

As its documentation advises: a worker a core, and the fast queue from 100 requests a second on.
"""

import os
import sys
from typing import Any

import litserve

from mnist_predict.reading import Reading
from mnist_predict.vision.recognizer import open_recognizer


class Uploads(litserve.LitAPI):
    """Reads pictures and keeps nothing."""

    def setup(self, device: str) -> None:
        """Once in each worker."""
        self.recognizer = open_recognizer("")

    def decode_request(self, request) -> bytes:  # annotated, it would be taken for JSON
        """The picture in a form."""
        return request["file"].file.read()

    def predict(self, x: bytes) -> Reading:
        """What is read in it."""
        return self.recognizer.read(x)

    def encode_response(self, output: Reading) -> dict[str, Any]:
        """The answer."""
        return output.to_dict()


if __name__ == "__main__":
    server = litserve.LitServer(
        Uploads(api_path="/uploads"), accelerator="cpu", workers_per_device=os.cpu_count() or 1, fast_queue=True
    )
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
