"""The benchmark's networks in PyTorch: the layers, widths and parameters of src/models."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.skip = None
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = self.norm2(self.conv2(y))
        y += x if self.skip is None else self.skip(x)
        return F.relu(y, inplace=True)


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))


def mlp(size, hidden, classes):
    layers = [nn.Flatten()]
    for units in hidden:
        layers += [nn.Linear(size, units), nn.ReLU(inplace=True)]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, classes))


def cnn(shape, filters, classes):
    side, channels, layers = shape["height"], shape["channels"], []
    for outputs in filters:
        layers += [nn.Conv2d(channels, outputs, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        side, channels = side // 2, outputs
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(side * side * channels, classes))


def resnet(shape, depth, width, classes):
    layers = [nn.Conv2d(shape["channels"], width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    inputs = width
    for stage in range(3):
        for block in range((depth - 2) // 6):
            outputs = width * 2**stage
            layers.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, GlobalAverage(), nn.Linear(inputs, classes))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        b, t, d = x.shape
        qkv = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*qkv)
        return self.out(y.transpose(1, 2).reshape(b, t, d))


class Encoder(nn.Module):
    def __init__(self, width, heads, expand):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        hidden = expand * width
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU("tanh"), nn.Linear(hidden, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, spec, shape):
        super().__init__()
        width, patch = spec["width"], spec["patch"]
        positions = (shape["height"] // patch) * (shape["width"] // patch)
        self.patches = nn.Conv2d(shape["channels"], width, patch, patch)
        self.positions = nn.Parameter(torch.randn(positions, width) / width**0.5)
        blocks = [Encoder(width, spec["heads"], spec["expand"]) for _ in range(spec["layers"])]
        self.blocks = nn.Sequential(*blocks, nn.LayerNorm(width))
        self.head = nn.Linear(width, shape["classes"])

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return self.head(self.blocks(x).mean(1))


def build(spec, shape):
    """A network of a configuration's `model:` for images of a shape."""
    if spec["name"] == "mlp":
        return mlp(shape["height"] * shape["width"] * shape["channels"], spec["hidden"], shape["classes"])
    if spec["name"] == "cnn":
        return cnn(shape, spec["filters"], shape["classes"])
    if spec["name"] == "transformer":
        return Transformer(spec, shape)
    return resnet(shape, spec["depth"], spec["width"], shape["classes"])
