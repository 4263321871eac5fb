"""Uploads that are nearly pictures: each is read or refused, and the service goes on. `make fuzz` tries a million."""

import mutations
import numpy as np
from flask.testing import FlaskClient
from fuzz import status_of
from web_examples import picture_of

TRIED = 10_000


def test_files_that_are_nearly_pictures_are_read_or_refused(client: FlaskClient) -> None:
    samples, rng = mutations.corpus(), np.random.default_rng(11)
    answers = {status_of(client, mutations.mutated(samples, rng)) for _ in range(TRIED)}
    assert answers == {200, 400, 413, 415, 422}
    assert status_of(client, picture_of("7")) == 200
