"""configs/paper/pytorch-agreement.yaml's recipe in PyTorch: ResNet-20 on CIFAR-10, AdamW, cosine per step.

    python3 bench/peers/cifar_resnet20.py DATA_DIR [--seed 0] [--epochs 10] [--depth 20] [--train N] [--csv out.csv]

DATA_DIR/cifar10/cifar-10-binary.tar.gz is the binary archive. Initialisation, standardisation, zero padding after
standardisation, the handling of the last, smaller batch and the schedule are those of adamw-bench; the random numbers
are PyTorch's, so the two agree in distribution and not digit by digit.
"""

import argparse
import csv
import math
import tarfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LAYOUT = torch.channels_last


def load(path):
    def split(archive, names):
        raw = b"".join(archive.extractfile("cifar-10-batches-bin/" + n).read() for n in names)
        rows = np.frombuffer(raw, np.uint8).reshape(-1, 3073)
        return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64)

    with tarfile.open(path) as archive:
        train = split(archive, [f"data_batch_{i}.bin" for i in range(1, 6)])
        test = split(archive, ["test_batch.bin"])
    mean = (train[0] / 255.0).mean(axis=(0, 2, 3), keepdims=True)
    std = (train[0] / 255.0).std(axis=(0, 2, 3), keepdims=True)
    # Channels last is PyTorch's quicker layout on CPUs; convolutions keep it from layer to layer.
    tensor = lambda x: torch.from_numpy(((x / 255.0 - mean) / std).astype(np.float32)).to(memory_format=LAYOUT)
    return tensor(train[0]), torch.from_numpy(train[1]), tensor(test[0]), torch.from_numpy(test[1])


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.skip = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.skip(x))


class ResNet(nn.Module):
    def __init__(self, depth=20, width=16, classes=10):
        super().__init__()
        layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        inputs = width
        for stage in range(3):
            for block in range((depth - 2) // 6):
                outputs = width * 2**stage
                layers.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
                inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                nn.init.normal_(m.weight, 0, math.sqrt(2 / n))
        nn.init.normal_(self.head.weight, 0, math.sqrt(1 / inputs))
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.body(x).mean(dim=(2, 3)))


def augment(x):
    n = len(x)
    padded = F.pad(x, (4, 4, 4, 4))
    out = torch.empty_like(x)
    top, left = torch.randint(0, 9, (n,)).tolist(), torch.randint(0, 9, (n,)).tolist()
    flip = (torch.rand(n) < 0.5).tolist()
    for i in range(n):
        crop = padded[i, :, top[i] : top[i] + 32, left[i] : left[i] + 32]
        out[i] = crop.flip(2) if flip[i] else crop
    return out


def evaluate(model, x, y, batch):
    model.eval()
    loss = wrong = 0.0
    with torch.no_grad():
        for i in range(0, len(x), batch):
            logits = model(x[i : i + batch])
            loss += F.cross_entropy(logits, y[i : i + batch], reduction="sum").item()
            wrong += (logits.argmax(1) != y[i : i + batch]).sum().item()
    model.train()
    return loss / len(x), wrong / len(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lr", type=float, default=0.004)
    parser.add_argument("--wd", type=float, default=0.05)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--train", type=int, help="train on a random subset of this size")
    parser.add_argument("--test", type=int, help="test on a random subset of this size")
    parser.add_argument("--csv")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    x, y, tx, ty = load(f"{args.data}/cifar10/cifar-10-binary.tar.gz")
    if args.train:
        chosen = torch.randperm(len(x))[: args.train]
        x, y = x[chosen], y[chosen]
        # Standardised by what is trained on, as adamw-bench does.
        mean, std = x.mean(dim=(0, 2, 3), keepdim=True), x.std(dim=(0, 2, 3), keepdim=True)
        x, tx = (x - mean) / std, (tx - mean) / std
    if args.test:
        chosen = torch.randperm(len(tx))[: args.test]
        tx, ty = tx[chosen], ty[chosen]
    model = ResNet(args.depth).to(memory_format=LAYOUT)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.wd)
    steps = args.epochs * math.ceil(len(x) / args.batch)
    rows, t = [], 0
    for epoch in range(1, args.epochs + 1):
        began, loss_sum, wrong = time.time(), 0.0, 0
        for indices in torch.randperm(len(x)).split(args.batch):
            for group in optimizer.param_groups:
                group["lr"] = args.lr * 0.5 * (1 + math.cos(math.pi * t / steps))
            images, labels = augment(x[indices]), y[indices]
            logits = model(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            t += 1
            loss_sum += loss.item() * len(indices)
            wrong += (logits.argmax(1) != labels).sum().item()
        test_loss, test_error = evaluate(model, tx, ty, args.batch)
        row = [args.seed, epoch, loss_sum / len(x), wrong / len(x), test_loss, test_error, time.time() - began]
        rows.append(row)
        print(*row, flush=True)
        if args.csv:
            with open(args.csv, "w", newline="") as file:
                out = csv.writer(file)
                out.writerow("seed epoch train_loss train_error test_loss test_error seconds".split())
                out.writerows(rows)


if __name__ == "__main__":
    main()
