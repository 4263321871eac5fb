"""What hands, pens and scanners do to a digit, done to whole batches on the device that trains.

Affine and elastic distortion after Simard, Steinkraus and Platt (ICDAR 2003); the pen's width by grey
dilation and erosion; coarse two-level scans by sampling down, thresholding and sampling up.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as nnf


def augment(pictures: Tensor) -> Tensor:
    """Distorted copies of pictures float `[N, 1, 28, 28]` in 0..1."""
    return _scan(_pen(_bend(pictures)))


def _uniform(like: Tensor, low: float, high: float) -> Tensor:
    return torch.rand(len(like), device=like.device) * (high - low) + low


def _chance(like: Tensor, share: float) -> Tensor:
    return torch.rand(len(like), device=like.device) < share


def _bend(pictures: Tensor) -> Tensor:
    """Rotation, slant, size, place and elastic waves, in one sampling."""
    n, device = len(pictures), pictures.device
    angle = _uniform(pictures, -math.radians(12), math.radians(12))
    slant = _uniform(pictures, -0.3, 0.3)
    size = torch.exp(_uniform(pictures, -0.18, 0.18))
    aspect = torch.exp(_uniform(pictures, -0.15, 0.15))
    # Some scans fill a square box with the digit, however narrow it was.
    columns = (pictures.amax((1, 2)) > 0.2).float().sum(1)
    rows = (pictures.amax((1, 3)) > 0.2).float().sum(1)
    square = (rows / columns.clamp(min=1)).clamp(0.8, 3) ** _uniform(pictures, 0.3, 1)
    across = size * aspect * torch.where(_chance(pictures, 0.15), square, torch.ones_like(square))
    down = size / aspect
    cos, sin = torch.cos(angle), torch.sin(angle)
    # Rows of the matrix that leads from a pixel of the copy to where it is sampled, hence the divisions.
    matrix = torch.stack(
        [
            torch.stack([cos / across, (slant - sin) / across, _uniform(pictures, -0.12, 0.12)], 1),
            torch.stack([sin / down, cos / down, _uniform(pictures, -0.12, 0.12)], 1),
        ],
        1,
    )
    grid = nnf.affine_grid(matrix, [n, 1, 28, 28], align_corners=False)
    waves = torch.randn(n, 2, 6, 6, device=device) * _uniform(pictures, 0.0, 0.085)[:, None, None, None]
    waves = nnf.interpolate(waves, size=(28, 28), mode="bicubic", align_corners=True)
    return nnf.grid_sample(pictures, grid + waves.permute(0, 2, 3, 1), align_corners=False)


def _pen(pictures: Tensor) -> Tensor:
    """A broader pen for a sixth of the pictures, a finer one for a sixth."""
    kind = torch.rand(len(pictures), device=pictures.device)[:, None, None, None]
    amount = _uniform(pictures, 0.2, 1.0)[:, None, None, None]
    broad = nnf.max_pool2d(pictures, 3, 1, 1)
    fine = -nnf.max_pool2d(-pictures, 3, 1, 1)
    # Erosion takes thin strokes away altogether, so it is held to half.
    to = torch.where(kind < 1 / 6, broad, torch.where(kind > 5 / 6, (fine + pictures) / 2, pictures))
    return pictures + amount * (to - pictures)


def _scan(pictures: Tensor) -> Tensor:
    """Coarse two-level scans (an eighth), uneven ink and noise (a quarter)."""
    side = int(torch.randint(14, 25, ()))
    coarse = nnf.interpolate(pictures, size=(side, side), mode="area")
    level = _uniform(pictures, 0.25, 0.6)[:, None, None, None]
    coarse = nnf.interpolate((coarse > level).float(), size=(28, 28), mode="bilinear", align_corners=False)
    pictures = torch.where(_chance(pictures, 1 / 8)[:, None, None, None], coarse, pictures)
    gamma = torch.exp(_uniform(pictures, -0.5, 0.5))[:, None, None, None]
    noisy = (
        pictures.clamp(min=1e-4) ** gamma
        + torch.randn_like(pictures) * _uniform(pictures, 0, 0.12)[:, None, None, None]
    )
    return torch.where(_chance(pictures, 1 / 4)[:, None, None, None], noisy.clamp(0, 1), pictures)
