"""The page network: a grey page of any size to the lines of digits on it; 0.37 million parameters.

Convolutions down to a 32nd of the resolution and up again to a quarter, with what was seen on the way down added
(O. Ronneberger et al. 2015). One kernel a line, as M. Liao et al. (AAAI 2020) have it, its height and direction told in
each cell (X. Zhou et al., CVPR 2017).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

MAPS = 4  # kernel, height, across, down


class PageNetwork(nn.Module):
    """Pages float `[N, 1, H, W]` of any grey, H and W multiples of 32, to maps `[N, 4, H / 4, W / 4]`: the logit of a
    kernel, the logarithm of the height over `vision.find.page.UNIT`, and the way the line runs, (across, down)."""

    def __init__(self) -> None:
        super().__init__()
        self.quarter = nn.Sequential(_layer(1, 12, 2), _layer(12, 24, 2))  # [N, 24, H/4, W/4]
        self.eighth = nn.Sequential(_layer(24, 48, 2), _Block(48))  # [N, 48, H/8, W/8]
        self.sixteenth = nn.Sequential(_layer(48, 64, 2), _Block(64))  # [N, 64, H/16, W/16]
        self.lowest = nn.Sequential(_layer(64, 80, 2), _Block(80))  # [N, 80, H/32, W/32]
        self.from_lowest = nn.Conv2d(80, 64, 1)
        self.from_sixteenth = nn.Conv2d(64, 48, 1)
        self.from_eighth = nn.Conv2d(48, 24, 1)
        self.up_sixteenth = _layer(64, 64, 1)
        self.up_eighth = _layer(48, 48, 1)
        self.up_quarter = _layer(24, 24, 1)
        self.head = nn.Conv2d(24, MAPS, 3, padding=1)

    def forward(self, pages: Tensor) -> Tensor:
        """The maps."""
        mean = pages.mean((1, 2, 3), keepdim=True)
        deviation = (pages - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt()
        quarter = self.quarter((pages - mean) / (deviation + 0.02))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        lowest = self.lowest(sixteenth)
        sixteenth = self.up_sixteenth(sixteenth + _doubled(self.from_lowest(lowest)))
        eighth = self.up_eighth(eighth + _doubled(self.from_sixteenth(sixteenth)))
        quarter = self.up_quarter(quarter + _doubled(self.from_eighth(eighth)))
        maps: Tensor = self.head(quarter)
        return maps

    def calibrated(self, pages: Tensor) -> Tensor:
        """The maps with the probability of a kernel: what is exported and served."""
        maps = self(pages)
        return torch.cat([torch.sigmoid(maps[:, :1]), maps[:, 1:]], 1)


def _doubled(maps: Tensor) -> Tensor:
    return nnf.interpolate(maps, scale_factor=2.0, mode="nearest")


def _layer(before: int, after: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    """Two layers, added to what goes in (K. He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = (_layer(channels, channels, 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.two(self.one(x))
        return out
