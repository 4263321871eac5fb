"""Dockerfile and compose.yaml: what can be said of them without building anything."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from werkzeug.serving import make_server

from mnist_predict.settings import Settings, variable
from mnist_predict.store.cassandra.url import ClusterUrl
from mnist_predict.web.app import create_app

VARIABLES = {variable(field.name) for field in fields(Settings)}


class Dockerfile:
    """The instructions of a stage (by default the last) and of those it is made from, and what all stages copy from the
    repository."""

    def __init__(self, text: str, stage: str = "") -> None:
        lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
        steps = [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in lines if line.strip()]
        self.copied = [
            source
            for name, rest in steps
            if name == "COPY" and not rest.startswith("--from")
            for source in rest.split()[:-1]
        ]
        stages: dict[str, list[tuple[str, str]]] = {}
        for name, rest in steps:
            if name == "FROM":
                base, _, called = rest.partition(" AS ")
                stages[called] = here = list(stages.get(base, []))
            here.append((name, rest))
        self.steps = stages[stage]

    def all(self, name: str) -> list[str]:
        return [rest for each, rest in self.steps if each == name]

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair for rest in self.all("ENV") for pair in shlex.split(rest))
        return dict(pair.split("=", 1) for pair in pairs)


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> Dockerfile:
    return Dockerfile((root / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / "compose.yaml").read_text())
    return loaded


def test_the_image_sets_only_settings_that_there_are(dockerfile: Dockerfile) -> None:
    ours = {name for name in dockerfile.environment if name.startswith("MNIST_PREDICT_")}
    assert ours <= VARIABLES


def test_the_image_serves_as_the_course_project_calls_it(dockerfile: Dockerfile) -> None:
    """`docker run -p 4000:80`, with Cassandra in a container that is called project-cassandra."""
    settings = Settings.from_environment(dockerfile.environment)
    assert (settings.host, settings.port) == ("0.0.0.0", 80)
    assert dockerfile.all("EXPOSE") == ["80"]
    place = ClusterUrl.from_url(settings.store_url)
    assert (place.hosts[0], place.port, place.keyspace) == ("project-cassandra", 9042, "mnistpredict")


def test_the_image_runs_as_a_user_who_is_not_root(dockerfile: Dockerfile) -> None:
    user = dockerfile.all("USER")[-1].partition(":")[0]
    assert int(user) > 0, "a number, so that what runs the image can see that it is not root"


def test_the_command_gets_signals_itself(dockerfile: Dockerfile) -> None:
    assert json.loads(dockerfile.all("ENTRYPOINT")[0]) + json.loads(dockerfile.all("CMD")[0]) == [
        "mnist-predict",
        "serve",
    ]


def test_what_is_copied_is_sent_to_the_builder(root: Path, dockerfile: Dockerfile) -> None:
    sent = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(dockerfile.copied) == sent
    for path in sent:
        assert (root / path).exists(), path


def test_the_image_gets_what_cassandra_needs_and_not_what_training_needs(root: Path) -> None:
    installed = set(re.findall(r"(?m)^([a-z0-9-]+)==", (root / "requirements/core.txt").read_text()))
    assert "cassandra-driver" in installed
    assert not installed & {"torch", "pytest"}


def test_all_lists_of_pins_agree(root: Path) -> None:
    core, train, test = (
        set(re.findall(r"(?m)^([a-z0-9-]+==[^ ]+)", (root / f"requirements/{name}.txt").read_text()))
        for name in ("core", "train", "test")
    )
    assert core <= train <= test, "run make lock"
    wanted = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split("[>=]", line)[0] for line in wanted} <= {line.split("==")[0] for line in core}


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    """The first process of a container is not ended by a signal that it does not handle."""
    with socket.create_server(("127.88.8.8", 0)) as silent:  # takes connections and says nothing: starting takes time
        store = f"cassandra://127.88.8.8:{silent.getsockname()[1]}/mnistpredict"
        environment = {"MNIST_PREDICT_STORE": store, "MNIST_PREDICT_DATA": str(tmp_path), "MNIST_PREDICT_PORT": "0"}
        process = subprocess.Popen([Path(sys.executable).parent / "mnist-predict", "serve"], env=environment)
        silent.accept()
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM


def test_health_is_asked_of_the_service_itself(dockerfile: Dockerfile, tmp_path: Path) -> None:
    _, _, command = dockerfile.all("HEALTHCHECK")[0].partition("CMD ")
    ask = [sys.executable, *json.loads(command)[1:]]
    settings = Settings.from_environment({"MNIST_PREDICT_DATA": str(tmp_path)})
    server = make_server("127.0.0.1", 0, create_app(settings))
    environment = {"MNIST_PREDICT_PORT": str(server.server_port)}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        subprocess.run(ask, env=environment, check=True)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert subprocess.run(ask, env=environment, capture_output=True).returncode == 1


def test_the_page_says_how_to_name_another_store(tmp_path: Path, png_of: Callable[[str], bytes]) -> None:
    """Before Cassandra has started, an upload is kept all the same."""
    store = "cassandra://project-cassandra.invalid:9042/mnistpredict"
    environment = {"MNIST_PREDICT_STORE": store, "MNIST_PREDICT_DATA": str(tmp_path)}
    app = create_app(Settings.from_environment(environment))
    client = app.test_client()
    file = {"file": (BytesIO(png_of("7")), "7.png")}
    answer = client.post("/uploads", data=file, headers={"Accept": "application/json"})
    assert (answer.get_json()["number"], answer.get_json()["stored"]) == ("7", "spool")
    page = client.get("/uploads", headers={"Accept": "text/html"}).text
    app.extensions["service"].store.close()
    assert "The store is away" in page
    assert "set <code>MNIST_PREDICT_STORE</code>" in page


def test_compose_yaml_is_one_by_the_specification(root: Path, compose: dict[str, Any]) -> None:
    schema = json.loads((root / "tests/compose_spec/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_compose_sets_only_settings_that_there_are(compose: dict[str, Any], dockerfile: Dockerfile) -> None:
    web = compose["services"]["web"]
    assert set(web["environment"]) <= VARIABLES
    assert [port.split(":")[1] for port in web["ports"]] == dockerfile.all("EXPOSE")
    assert {volume.split(":")[1] for volume in web["volumes"]} == {dockerfile.environment["MNIST_PREDICT_DATA"]}


def test_a_profile_learns_beside_the_service_on_the_same_store(root: Path, compose: dict[str, Any]) -> None:
    learns = compose["services"]["learn"]
    assert learns["profiles"] == ["learn"]
    assert (
        learns["environment"]["MNIST_PREDICT_STORE"] == compose["services"]["web"]["environment"]["MNIST_PREDICT_STORE"]
    )
    image = Dockerfile((root / "Dockerfile").read_text(), learns["build"]["target"])
    command = json.loads(image.all("CMD")[-1])
    assert command[:3] == ["learn", "--every", "1d"]
    assert f"data/mnist {command[command.index('--mnist') + 1]}" in image.all("COPY")
    assert image.all("USER")[-1] == Dockerfile((root / "Dockerfile").read_text()).all("USER")[-1]
    pins = (root / "requirements/train.txt").read_text()
    assert {"torch", "cassandra-driver"} <= set(re.findall(r"(?m)^([a-z0-9-]+)==", pins))


@pytest.mark.parametrize(("profile", "copies"), [("", 0), ("three", 3)])
def test_the_service_of_compose_finds_its_nodes(compose: dict[str, Any], profile: str, copies: int) -> None:
    url = re.sub(
        r"\$\{COMPOSE_PROFILES:\+(.*?)\}",
        r"\1" if profile else "",
        compose["services"]["web"]["environment"]["MNIST_PREDICT_STORE"],
    )
    place = ClusterUrl.from_url(url)
    assert place.copies == copies
    assert set(place.hosts) == {name for name, each in compose["services"].items() if each["image"] == "cassandra:5"}


def test_every_container_of_compose_has_a_limit_and_a_volume_of_its_own(compose: dict[str, Any]) -> None:
    volumes = [volume.split(":")[0] for service in compose["services"].values() for volume in service["volumes"]]
    assert sorted(volumes) == sorted(compose["volumes"])
    for name, service in compose["services"].items():
        assert {"mem_limit", "restart", "stop_grace_period"} <= set(service), name
