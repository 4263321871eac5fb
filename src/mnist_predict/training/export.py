"""A trained network becomes a model version: weights, ONNX, report, pictures and card in one folder."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from safetensors.torch import load, save

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import Version
from mnist_predict.training.network import Network


class _Served(torch.nn.Module):
    """What is exported: calibrated probabilities."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.network.probabilities(pictures)


def load_weights(version: Version) -> dict[str, torch.Tensor]:
    """The weights of a version, on the CPU."""
    try:
        return load((version.folder / "weights.safetensors").read_bytes())
    except OSError as error:
        raise BadRequest(f"{version.folder} has no weights.safetensors to go on from.") from error


def write_onnx(network: Network, path: Path) -> None:
    """`pictures` float32 `[N, 1, 28, 28]`, ink = 1, to `probabilities` float32 `[N, 10]`, in one file."""
    network = network.cpu().eval()
    program = torch.onnx.export(
        _Served(network).eval(),
        (torch.zeros(2, 1, 28, 28),),
        input_names=["pictures"],
        output_names=["probabilities"],
        dynamic_shapes={"pictures": {0: torch.export.Dim("n", min=1)}},
        dynamo=True,
        verbose=False,
    )
    if program is None:  # torch types it so; with dynamo=True it is always there
        raise RuntimeError("torch exported nothing")
    ClearMetadataAndDocStringPass()(program.model)  # it holds stack traces with the paths of this machine
    program.save(path, external_data=False)


def write_version(network: Network, report: dict[str, Any], into: Path) -> Version:
    """A new version folder inside `into`; it appears whole or not at all. An equal one is left as it is."""
    from mnist_predict.training.card import write_card, write_pictures

    weights = save({name: value.cpu().contiguous() for name, value in network.state_dict().items()})
    name = f"digits-{hashlib.sha256(weights).hexdigest()[:10]}"
    folder = into / name
    if folder.exists():
        return Version(folder)
    into.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=into, prefix=".building-"))
    try:
        (building / "weights.safetensors").write_bytes(weights)
        write_onnx(network, building / "model.onnx")
        (building / "report.json").write_text(json.dumps({"model_version": name, **report}, indent=2) + "\n")
        write_pictures(report, building)
        write_card(name, report, building)
        building.chmod(0o755)  # mkdtemp lets nobody else in
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building)
        raise
    return Version(folder)
