"""The network in PyTorch, layer for layer the Keras one of `tlcourse.backbones.embedded`.

Training runs in PyTorch because its bfloat16 convolutions are twice as fast on the processor that was used. Everything that the
two frameworks do differently is settled here, in favour of Keras: the padding of strided convolutions and the epsilon of
BatchNorm.
"""

import torch.nn as nn
import torch.nn.functional as F  # noqa: N812

# name, channels, residual units, stride of the first unit
STAGES = (("block1", 32, 1, 1), ("block2", 64, 2, 2), ("block3", 128, 3, 2), ("block4", 224, 2, 2))
STEM_CHANNELS = 32
FEATURES = 1280
BATCHNORM_EPSILON = 1e-3


class ConvBN(nn.Module):
    """Convolution with TensorFlow's "same" padding, then BatchNorm."""

    def __init__(self, channels_in, channels_out, kernel, stride=1):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        padding = 0 if stride > 1 else kernel // 2
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=BATCHNORM_EPSILON, momentum=0.1)

    def forward(self, x):
        if self.stride > 1 and self.kernel == 3:
            # At an even size "same" pads one row below and one column to the right, at an odd size one on every side.
            top, left = x.shape[2] % 2, x.shape[3] % 2
            x = F.pad(x, (left, 1, top, 1))
        return self.bn(self.conv(x))


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, "basic" block)."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.a = ConvBN(channels_in, channels_out, 3, stride)
        self.b = ConvBN(channels_out, channels_out, 3)
        same = channels_in == channels_out and stride == 1
        self.shortcut = nn.Identity() if same else ConvBN(channels_in, channels_out, 1, stride)

    def forward(self, x):
        return F.relu(self.b(F.relu(self.a(x))) + self.shortcut(x))


class TinyResNet(nn.Module):
    """Stem, four residual stages and a 1x1 convolution to 1280 channels; `match` and `classifier` only serve the training."""

    def __init__(self, num_classes):
        super().__init__()
        self.stem = ConvBN(3, STEM_CHANNELS, 3, 2)
        self.blocks, channels = nn.ModuleDict(), STEM_CHANNELS
        for name, width, depth, stride in STAGES:
            units = [Residual(width if d else channels, width, 1 if d else stride) for d in range(depth)]
            self.blocks[name], channels = nn.Sequential(*units), width
        self.block5 = ConvBN(channels, FEATURES, 1)
        # Shift and scale of each pooled feature are free: a linear classifier does not mind, and the teacher is met much sooner.
        self.match = nn.BatchNorm1d(FEATURES)
        nn.init.constant_(self.match.weight, 0.3)
        self.classifier = nn.Linear(FEATURES, num_classes)

    def features(self, x):
        """Return the pooled features: (batch, 3, height, width) in -1..1 -> (batch, 1280), float32."""
        x = F.relu(self.stem(x))
        for block in self.blocks.values():
            x = block(x)
        return F.relu(self.block5(x)).float().mean((2, 3))
