"""Runs the suite and writes its figures as JSON: `run.py --out FILE --bare PROGRAM [--quick] [--only PART ...]`.

With `--only`, what FILE says of the other parts stays.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from cold import cold
from interceptor import interceptor
from libraries import PEERS
from memory import memory
from threads import threads
from throughput import throughput
from verify import verify

PARTS = {
    "verify": lambda quick: verify(given.bare, rounds=5 if quick else 60),
    "threads": lambda quick: threads(rounds=1, seconds=0.3) if quick else threads(rounds=9, seconds=1),
    "interceptor": lambda quick: interceptor(given.bare, rounds=5 if quick else 100),
    "cold": lambda quick: cold(rounds=5 if quick else 40),
    "memory": lambda quick: memory(rounds=1 if quick else 5),
    "server": lambda quick: throughput(given.node, *((2, 1) if quick else (80, 12))),
}

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--only", nargs="+", choices=PARTS, help="only these")
arguments.add_argument("--out", type=Path, required=True)
arguments.add_argument("--bare", required=True, help="what tests/bench/rust builds: the signature alone")
arguments.add_argument("--node", default="node", help="runs the load of the servers")
arguments.add_argument("--quick", action="store_true", help="a smoke run, whose figures mean nothing")
given = arguments.parse_args()

measurements = []
for name in given.only or PARTS:
    sys.stderr.write(f"python: {name}\n")
    measurements += PARTS[name](given.quick)

if given.only and given.out.exists():
    tables = {each["table"] for each in measurements}
    before = json.loads(given.out.read_text())["measurements"]
    measurements += [each for each in before if each["table"] not in tables]

packages = (*PEERS, "msgspec", "cryptography", "connectrpc", "uvicorn", "uvloop", "httptools")
result = {
    "suite": "python",
    "runtime": f"CPython {platform.python_version()}",
    "versions": {name: version(name) for name in packages},
    "measurements": measurements,
}
given.out.write_text(json.dumps(result, indent=1) + "\n")
