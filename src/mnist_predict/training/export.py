"""A trained network becomes a model version: weights, ONNX, report, pictures and card in one folder."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from safetensors.torch import load, save

from mnist_predict.errors import BadRequest
from mnist_predict.models.registry import PARTS, Part, Version, version_name
from mnist_predict.training.digit.network import Network
from mnist_predict.training.line.network import LineNetwork
from mnist_predict.training.page.network import PageNetwork
from mnist_predict.training.quantize import quantize

AnyNetwork = Network | LineNetwork | PageNetwork


class _Served(torch.nn.Module):
    """What is exported: calibrated probabilities."""

    def __init__(self, network: AnyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.network.calibrated(pictures)


def to_float16(network: torch.nn.Module) -> None:
    """Round weights to half precision, in which a version keeps them; what each channel has one of is left whole."""
    for value in network.state_dict().values():
        value.copy_(_kept(value).to(value.dtype))


def _kept(value: torch.Tensor) -> torch.Tensor:
    return value.half() if value.ndim > 1 else value


def load_weights(version: Version, part: Part) -> dict[str, torch.Tensor]:
    """The weights of a network of a version, on the CPU; raises `BadRequest` where it has none."""
    try:
        kept = load((version.folder / part / "weights.safetensors").read_bytes())
        return {name: value.float() if value.ndim > 1 else value for name, value in kept.items()}
    except OSError as error:
        raise BadRequest(f"{version.folder / part} has no weights.safetensors to go on from.") from error


def write_onnx(network: AnyNetwork, path: Path) -> None:
    """In one file: `pictures` float32 `[N, 1, 28, 28]`, ink = 1, to `probabilities` float32 `[N, 10]`; or `strips`
    float32 `[N, 1, 32, W]` to `log_probabilities` float32 `[N, W / 2, K]`, W a multiple of 4; or `pages` float32
    `[N, 1, H, W]` to `maps` float32 `[N, 4, H / 4, W / 4]`, H and W multiples of 32. Raises `RuntimeError` where torch
    exports nothing."""
    network = network.cpu().eval()
    several = {0: torch.export.Dim("n", min=1)}
    if isinstance(network, Network):
        shape, names, sizes = (2, 1, 28, 28), ("pictures", "probabilities"), several
    elif isinstance(network, PageNetwork):
        high, wide = (32 * torch.export.Dim(name, min=1, max=256) for name in ("rows", "columns"))
        shape, names, sizes = (2, 1, 96, 128), ("pages", "maps"), several | {2: high, 3: wide}
    else:
        wide = 4 * torch.export.Dim("quarter", min=2, max=4096)
        shape, names, sizes = (2, 1, 32, 96), ("strips", "log_probabilities"), several | {3: wide}
    program = torch.onnx.export(
        _Served(network).eval(),
        (torch.rand(shape),),
        input_names=[names[0]],
        output_names=[names[1]],
        dynamic_shapes={"pictures": sizes},
        dynamo=True,
        verbose=False,
    )
    if program is None:  # torch types it so; with dynamo=True it is always there
        raise RuntimeError("torch exported nothing")
    ClearMetadataAndDocStringPass()(program.model)  # it holds stack traces with the paths of this machine
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.onnx")
        program.save(whole, external_data=False)
        quantize(whole, path)


def write_version(network: AnyNetwork, own: Part, report: dict[str, Any], into: Path, beside: Version) -> Version:
    """A new version folder inside `into`, whose other networks are those of the version `beside`.

    It appears whole or not at all. An equal one is left as it is.
    """
    from mnist_predict.training.card import write_card, write_pictures

    weights = save({name: _kept(value).cpu().contiguous() for name, value in network.state_dict().items()})
    others = {part: beside.folder / part / "weights.safetensors" for part in PARTS if part != own}
    folder = into / version_name(weights if part == own else others[part].read_bytes() for part in PARTS)
    if folder.exists():
        return Version(folder)
    into.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=into, prefix=".building-"))
    try:
        for part in PARTS:
            if part != own:
                shutil.copytree(beside.folder / part, building / part)
        made = building / own
        made.mkdir()
        (made / "weights.safetensors").write_bytes(weights)
        write_onnx(network, made / "model.onnx")
        (made / "report.json").write_text(json.dumps(report, indent=2) + "\n")
        write_pictures(report, made)
        write_card(own, report, made)
        building.chmod(0o755)  # mkdtemp lets nobody else in
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building)
        raise
    return Version(folder)
