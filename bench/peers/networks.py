"""The benchmark's networks in PyTorch: the layers, widths and parameters of src/models."""

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


def build(spec, shape):
    """A network of a configuration's `model:` for images of a shape."""
    if spec["name"] == "mlp":
        return mlp(shape["height"] * shape["width"] * shape["channels"], spec["hidden"], shape["classes"])
    if spec["name"] == "cnn":
        return cnn(shape, spec["filters"], shape["classes"])
    return resnet(shape, spec["depth"], spec["width"], shape["classes"])
