"""The benchmark's sweep in PyTorch: `python bench/peers/sweep.py JOB`; bench/speed/measureSweep.ts writes JOB, JSON.

The cells are dealt to two processes of one thread each, which live as long as the sweep; images are noise, made in no
time. What is done per cell is what `adamw-bench run` does: epochs of shuffled batches under a cosine, and after each
epoch the test set. Ends with a line of JSON: the number of cells done.
"""

import json
import math
import multiprocessing
import sys


def work(job, cells, results):
    import torch
    import torch.nn.functional as F
    from networks import build

    torch.set_num_threads(1)
    shape, batch, epochs = job["shape"], job["batchSize"], job["epochs"]
    channels_last = job["variant"]["layout"] == "channels-last"
    memory_format = torch.channels_last if channels_last else torch.contiguous_format

    def noise(n):
        x = torch.randn(n, shape["channels"], shape["height"], shape["width"])
        return x.contiguous(memory_format=memory_format), torch.randint(0, shape["classes"], (n,))

    x, y = noise(job["train"])
    tx, ty = noise(job["test"])
    total = epochs * math.ceil(len(x) / batch)
    while (cell := cells.get()) is not None:
        torch.manual_seed(0)
        model = build(job["model"], shape).to(memory_format=memory_format)
        how = {job["variant"]["optimizer"]: True}
        optimizer = torch.optim.AdamW(model.parameters(), lr=cell["lr"], weight_decay=cell["wd"], **how)
        t, rows = 0, []
        for _ in range(epochs):
            model.train()
            loss_sum, wrong = 0.0, 0
            for indices in torch.randperm(len(x)).split(batch):
                for group in optimizer.param_groups:
                    group["lr"] = cell["lr"] * 0.5 * (1 + math.cos(math.pi * t / total))
                labels = y[indices]
                optimizer.zero_grad(set_to_none=True)
                logits = model(x[indices])
                loss = F.cross_entropy(logits, labels)
                loss.backward()
                optimizer.step()
                t += 1
                loss_sum += loss.item() * len(indices)
                wrong += (logits.argmax(1) != labels).sum().item()
            model.eval()
            test_wrong = 0
            with torch.no_grad():
                for at in range(0, len(tx), batch):
                    logits = model(tx[at : at + batch])
                    test_wrong += (logits.argmax(1) != ty[at : at + batch]).sum().item()
            rows.append((loss_sum / len(x), wrong / len(x), test_wrong / len(tx)))
        results.put((cell, rows))


def main():
    job = json.loads(sys.argv[1])
    cells, results = multiprocessing.Queue(), multiprocessing.Queue()
    for cell in job["cells"]:
        cells.put(cell)
    workers = [multiprocessing.Process(target=work, args=(job, cells, results)) for _ in range(job["workers"])]
    for worker in workers:
        cells.put(None)
        worker.start()
    done = [results.get() for _ in job["cells"]]
    for worker in workers:
        worker.join()
    print(json.dumps({"cells": len(done)}))


main()
