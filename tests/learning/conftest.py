"""Labelled pictures of MNIST's digits, in a store as people leave them there; and training made small."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import learning_examples
import pytest
import torch
from web_examples import picture_of

from mnist_predict.service import Service
from mnist_predict.settings import Settings
from mnist_predict.store.opening import open_store
from mnist_predict.store.protocol import Store
from mnist_predict.vision.recognizer import Recognizer, open_recognizer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, no_fonts: None) -> None:
    """See there; and no fonts."""
    learning_examples.small(monkeypatch)


@pytest.fixture(scope="session")
def reader() -> Recognizer:
    return open_recognizer("")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/kept.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store, reader: Recognizer, tmp_path: Path) -> Service:
    return Service(reader, store, Settings(data=str(tmp_path / "data")))


Label = Callable[..., None]


@pytest.fixture
def label(service: Service) -> Label:
    """Upload pictures of so many numbers and label each with what it is, or with what `says` makes of it."""

    def some(count: int, says: Callable[[str], str] = str, by: str | None = None, seed: int = 1) -> None:
        rng = random.Random(seed)
        for at in range(count):
            number = "".join(rng.choice("0123456789") for _ in range(3))
            record = service.upload(picture_of(number, scale=2), f"{seed}-{at}.png")
            service.label(str(record.id), says(number), by)

    return some
