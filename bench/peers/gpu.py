"""Images a second of PyTorch on a GPU, for `npm run test:gpu`: `python3 bench/peers/gpu.py SETUP`.

SETUP is JSON ({"model", "shape", "batchSize", "seconds", "device"}). Prints one JSON object: {"eager": n, "compiled": n};
what cannot be measured is null.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from networks import build

setup = json.loads(sys.argv[1])
device = torch.device(setup["device"])
if device.type == "cuda" and not torch.cuda.is_available():
    sys.exit("PyTorch finds no GPU")
torch.manual_seed(0)
shape, n = setup["shape"], setup["batchSize"]
images = [torch.randn(n, shape["channels"], shape["height"], shape["width"], device=device) for _ in range(8)]
labels = [torch.randint(0, shape["classes"], (n,), device=device) for _ in range(8)]


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


def rate(compiled):
    if setup["model"]["name"] not in ("mlp", "cnn", "resnet"):
        raise ValueError(f"networks.py has no {setup['model']['name']}")
    model = build(setup["model"], shape).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    forward = torch.compile(model) if compiled else model

    def step(t):
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(forward(images[t % 8]), labels[t % 8]).backward()
        optimizer.step()

    for t in range(10):
        step(t)
    wait()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < setup["seconds"]:
        step(steps)
        steps += 1
    wait()
    return steps * n / (time.perf_counter() - began)


def attempt(compiled):
    try:
        return rate(compiled)
    except Exception as error:  # No such network, no compiler: nothing to compare with.
        print(f"{'compiled' if compiled else 'eager'}: {error}", file=sys.stderr)
        return None


print(json.dumps({"eager": attempt(False), "compiled": attempt(True)}))
