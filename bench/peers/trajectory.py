"""The PyTorch half of bench/trajectory.ts: trains on the batches in FOLDER from the weights there, prints the losses.

    python3 bench/peers/trajectory.py FOLDER
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from cifar_resnet20 import ResNet


def tensors_of(model):
    """The model's parameters in the order of adamw-bench's: a block's shortcut stands before its second norm."""

    def layer(module):
        return [p for p in (module.weight, module.bias) if p is not None]

    body = list(model.body)
    out = layer(body[0]) + layer(body[1])
    for block in body[3:]:
        out += layer(block.conv1) + layer(block.norm1) + layer(block.conv2)
        for module in block.skip:
            out += layer(module)
        out += layer(block.norm2)
    return out + layer(model.head)


def load(model, theta, params):
    """Copies the flat vector in: convolutions [h, w, in, out] to [out, in, h, w], dense layers transposed."""
    at = 0
    for tensor, spec in zip(tensors_of(model), params, strict=True):
        n = math.prod(spec["shape"])
        value = torch.from_numpy(theta[at : at + n].reshape(spec["shape"]))
        at += n
        value = value.permute(3, 2, 0, 1) if value.dim() == 4 else value.t() if value.dim() == 2 else value
        assert tensor.shape == value.shape, (spec["name"], tensor.shape)
        with torch.no_grad():
            tensor.copy_(value)
    assert at == len(theta)


def main():
    folder = Path(sys.argv[1])
    recipe = json.loads((folder / "recipe.json").read_text())
    images = np.memmap(folder / "images.bin", np.float32, mode="r").reshape(-1, 32, 32, 3)
    labels = torch.from_numpy(np.fromfile(folder / "labels.bin", np.int32)).long()
    torch.set_num_threads(1)
    model = ResNet(recipe["depth"])
    load(model, np.fromfile(folder / "theta.bin", np.float32), recipe["params"])
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe["lr"], weight_decay=recipe["wd"])
    batch, losses = recipe["batchSize"], []
    steps = math.ceil(len(labels) / batch)
    for t in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe["lr"] * 0.5 * (1 + math.cos(math.pi * t / steps))
        rows = slice(t * batch, (t + 1) * batch)
        x = torch.from_numpy(np.array(images[rows])).permute(0, 3, 1, 2)
        loss = F.cross_entropy(model(x), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(json.dumps(losses))


if __name__ == "__main__":
    main()
