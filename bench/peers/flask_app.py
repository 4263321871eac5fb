"""The reader in Flask."""

from typing import Any

from flask import Flask, request

from mnist_predict.vision.recognizer import open_recognizer

app = Flask(__name__)
recognizer = open_recognizer("")


@app.post("/uploads")
def upload() -> dict[str, Any]:
    """Read a picture and keep nothing."""
    return recognizer.read(request.files["file"].read()).to_dict()
