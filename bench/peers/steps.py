"""Training steps in PyTorch, for `npm run bench`: `python3 bench/peers/steps.py SETUP`.

Speaks bench/speed/worker.mjs's protocol; SETUP has no backend, and `warm`, `turn` and `steps` name a variant:
{"layout": "nchw" | "channels-last", "foreach": bool}, the memory layout and AdamW's implementation.
"""

import json
import math
import os
import re
import select
import sys
import time

import torch
import torch.nn.functional as F
from networks import build

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
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2, foreach=variant["foreach"])
    data = [x.contiguous(memory_format=memory_format) for x in images]
    t = 0

    def step():
        nonlocal t
        x, y = data[t % 8], labels[t % 8]
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        t += 1
        if not math.isfinite(loss.item()):
            raise ValueError(f"the loss was {loss.item()} at step {t}")

    return step


trainers = {}
pending = b""


def step_of(variant):
    key = json.dumps(variant)
    if key not in trainers:
        trainers[key] = trainer(variant)
    return trainers[key]


def read():
    """The next command; None at the end of the input."""
    global pending
    while b"\n" not in pending:
        chunk = os.read(0, 65536)
        if not chunk:
            return None
        pending += chunk
    line, pending = pending.split(b"\n", 1)
    return json.loads(line)


def say(message):
    print(json.dumps(message), flush=True)


def warm(step):
    total, last = 0.0, 0.0
    while total < 3:
        began = time.perf_counter()
        step()
        last = time.perf_counter() - began
        total += last
    say({"step": last})


def turn(step, at, seconds, fill):
    time.sleep(max(0.0, at - time.time()))
    began, steps, elapsed = time.perf_counter(), 0, 0.0
    while steps == 0 or elapsed < seconds:
        step()
        steps += 1
        elapsed = time.perf_counter() - began
    say({"images": steps * n, "seconds": elapsed})
    # The next line can only be "stop".
    while fill and not pending and not select.select([0], [], [], 0)[0]:
        step()


def main():
    say({"ready": True, "version": torch.__version__})
    while (message := read()) is not None:
        if message["do"] == "stop":
            continue
        step = step_of(message["variant"])
        if message["do"] == "warm":
            warm(step)
        elif message["do"] == "turn":
            turn(step, message["at"], message["seconds"], message["fill"])
        elif message["do"] == "steps":
            for _ in range(message["n"]):
                step()
            with open("/proc/self/status") as status:
                say({"peakMemory": int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024})


main()
