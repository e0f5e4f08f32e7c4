"""Training steps in PyTorch, for `npm run bench`: `python bench/peers/steps.py SETUP`.

Speaks bench/speed/worker.mjs's protocol (serve.py); SETUP has no backend, and `warm`, `turn` and `steps` name a variant:
{"layout": "nchw" | "channels-last", "optimizer": "foreach" | "fused", "compiled": bool}, the memory layout, AdamW's
implementation, and whether torch.compile makes forward and backward.
"""

import json
import math
import re
import sys

import torch
import torch.nn.functional as F
from networks import build
from serve import serve

setup = json.loads(sys.argv[1])
torch.set_num_threads(setup["threads"])
torch.manual_seed(0)
shape, n = setup["shape"], setup["batchSize"]
images = [torch.randn(n, shape["channels"], shape["height"], shape["width"]) for _ in range(8)]
labels = [torch.randint(0, shape["classes"], (n,)) for _ in range(8)]
formats = {"nchw": torch.contiguous_format, "channels-last": torch.channels_last}


def trainer(variant):
    """A function that takes one step."""
    memory_format = formats[variant["layout"]]
    model = build(setup["model"], shape).to(memory_format=memory_format)
    how = {variant["optimizer"]: True}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2, **how)
    data = [x.contiguous(memory_format=memory_format) for x in images]
    t = 0

    def loss_of(x, y):
        return F.cross_entropy(model(x), y)

    if variant["compiled"]:
        loss_of = torch.compile(loss_of)

    def step():
        nonlocal t
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(data[t % 8], labels[t % 8])
        loss.backward()
        optimizer.step()
        t += 1
        if not math.isfinite(loss.item()):
            raise ValueError(f"the loss was {loss.item()} at step {t}")

    return step


trainers = {}


def step_of(message):
    key = json.dumps(message["variant"])
    if key not in trainers:
        trainers[key] = trainer(message["variant"])
    return trainers[key]


def library(pattern):
    """A library's version in PyTorch's description of its build."""
    found = re.search(pattern, torch.__config__.show())
    return found[1] if found else "unknown"


serve(
    step_of,
    n,
    {
        "version": torch.__version__,
        "blas": "MKL " + library(r"Math Kernel Library Version ([\w.]+)")
        if torch.backends.mkl.is_available()
        else library(r"BLAS_INFO=(\w+)"),
        "onednn": library(r"MKL-DNN v([\w.]+)"),
        "isa": torch.backends.cpu.get_cpu_capability(),
    },
)
