"""The reader in FastAPI.

As its documentation advises: a plain function for what blocks, which is called in a pool of threads, and a declared
return type, so that Pydantic writes the JSON.
"""

from typing import Any

from fastapi import FastAPI, UploadFile

from mnist_predict.vision.recognizer import open_recognizer

app = FastAPI()
recognizer = open_recognizer("")


@app.post("/uploads")
def upload(file: UploadFile) -> dict[str, Any]:
    """Read a picture and keep nothing."""
    return recognizer.read(file.file.read()).to_dict()
