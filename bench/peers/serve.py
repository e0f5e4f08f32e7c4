"""The protocol of bench/speed/worker.mjs, for the peers in Python: JSON lines on stdin and stdout."""

import json
import os
import re
import select
import sys
import time

pending = b""


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


def warm(step, seconds):
    # The first step may compile, and is not like the others.
    step()
    total, last = 0.0, 0.0
    while last == 0 or total < seconds:
        began = time.perf_counter()
        step()
        last = time.perf_counter() - began
        total += last
    return {"step": last}


def turn(step, images, at, seconds, fill):
    time.sleep(max(0.0, at - time.time()))
    began, steps, elapsed = time.perf_counter(), 0, 0.0
    while steps == 0 or elapsed < seconds:
        step()
        steps += 1
        elapsed = time.perf_counter() - began
    say({"images": steps * images, "seconds": elapsed})
    # The next line can only be "stop".
    while fill and not pending and not select.select([0], [], [], 0)[0]:
        step()


def peak_memory():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024


def obey(message, step, images):
    if message["do"] == "warm":
        say(warm(step, message["seconds"]))
    elif message["do"] == "turn":
        turn(step, images, message["at"], message["seconds"], message["fill"])
    elif message["do"] == "steps":
        for _ in range(message["n"]):
            step()
        say({"peakMemory": peak_memory()})


def serve(step_of, images, hello):
    """Answers until the input ends. `step_of(message)` gives a function that takes one step of `images` images."""
    say({"ready": True, **hello})
    while (message := read()) is not None:
        if message["do"] == "stop":
            continue
        try:
            obey(message, step_of(message), images)
        except Exception as error:
            print(error, file=sys.stderr)
            say({"error": f"{type(error).__name__}: {error}"[:800]})
