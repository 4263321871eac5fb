"""The line network: a strip of any width to the digits and marks on it, without cutting it; 0.58 million parameters.

Convolutions only, so that every column is read alike however long the number. Residual blocks after He et al. 2016;
read out by connectionist temporal classification (CTC, Graves et al. 2006).
"""

import torch
from torch import Tensor, nn

from mnist_predict.vision.read.alphabet import CLASSES

HEIGHT = 32


class LineNetwork(nn.Module):
    """Strips float `[N, 1, 32, W]` of any grey, W a multiple of 4, to log-probabilities `[N, W / 2, CLASSES]`."""

    temperature: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, (2, 2), 2, bias=False),  # [N, 32, 16, W/2]
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            _Block(32, 32, (1, 1)),
            _Block(32, 64, (2, 2)),  # [N, 64, 8, W/4]
            _Block(64, 64, (1, 1)),
            _Block(64, 112, (2, 1)),  # [N, 112, 4, W/4]
            nn.Conv2d(112, 160, (4, 1), bias=False),  # [N, 160, 1, W/4]
            nn.BatchNorm2d(160),
            nn.ReLU(inplace=True),
            nn.Conv2d(160, 160, (1, 5), padding=(0, 2), bias=False),
            nn.BatchNorm2d(160),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            # Each column speaks for its two halves: digits as narrow as a 1 need frames of two pixels.
            nn.Conv2d(160, 2 * CLASSES, (1, 5), padding=(0, 2)),  # [N, 2 CLASSES, 1, W/4]
        )
        # Divides the logits so that the probability of a number is what it says; fitted after training.
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, strips: Tensor) -> Tensor:
        """Log-probabilities `[N, W / 2, CLASSES]`, before calibration."""
        return torch.log_softmax(self._columns(strips), 2)

    def calibrated(self, strips: Tensor) -> Tensor:
        """The same after calibration: what is exported and served."""
        return torch.log_softmax(self._columns(strips) / self.temperature, 2)

    def _columns(self, strips: Tensor) -> Tensor:
        mean = strips.mean((1, 2, 3), keepdim=True)
        deviation = (strips - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt()
        features = self.features((strips - mean) / (deviation + 1e-3))
        columns: Tensor = features.squeeze(2).transpose(1, 2).float()  # [N, W/4, 2 CLASSES]
        return columns.reshape(columns.shape[0], -1, CLASSES)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm_one = nn.BatchNorm2d(after)
        self.two = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm_two = nn.BatchNorm2d(after)
        self.short = (
            nn.Identity()
            if before == after and stride == (1, 1)
            else nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.norm_one(self.one(x)))
        return torch.relu(self.norm_two(self.two(inner)) + self.short(x))
