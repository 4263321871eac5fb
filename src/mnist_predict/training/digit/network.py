"""The whole network: a small VGG for one digit of 28 x 28, 288,170 parameters, 58 MFLOP a picture.

Source of the shape: K. Simonyan, A. Zisserman, "Very deep convolutional networks" (2014), with batch
normalization (Ioffe and Szegedy 2015) and a global average in place of the wide dense layers (Lin et al. 2013).
"""

import torch
from torch import Tensor, nn

WIDTHS = (32, 64, 128)


class Network(nn.Module):
    """Pictures float `[N, 1, 28, 28]`, ink = 1, to logits `[N, 10]`."""

    temperature: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for width in WIDTHS:
            if before > 1:
                layers.append(nn.MaxPool2d(2))  # 28 -> 14 -> 7
            layers += [*_convolution(before, width), *_convolution(width, width)]
            before = width
        self.features = nn.Sequential(*layers)  # [N, 1, 28, 28] -> [N, 128, 7, 7]
        self.head = nn.Linear(before, 10)
        # Divides the logits so that confidences are what they say (Guo et al. 2017); fitted after training.
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, pictures: Tensor) -> Tensor:
        """The logits, before calibration."""
        features = self.features(pictures)
        logits: Tensor = self.head(features.mean((2, 3)))  # [N, 128, 7, 7] -> [N, 128] -> [N, 10]
        return logits

    def calibrated(self, pictures: Tensor) -> Tensor:
        """Probabilities `[N, 10]`: what is exported and served."""
        return torch.softmax(self(pictures) / self.temperature, 1)


def _convolution(before: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
