"""Runs the suite and writes its figures as JSON: `run.py --out FILE [--quick] [--only PART ...]`."""

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
    "verify": lambda quick: verify(rounds=5 if quick else 60),
    "threads": lambda quick: threads(rounds=1, seconds=0.3) if quick else threads(rounds=9, seconds=1),
    "interceptor": lambda quick: interceptor(rounds=5 if quick else 100),
    "cold": lambda quick: cold(rounds=5 if quick else 40),
    "memory": lambda quick: memory(rounds=1 if quick else 5),
    "server": lambda quick: throughput(rounds=1, seconds=0.3) if quick else throughput(rounds=7, seconds=4),
}

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="only these")
arguments.add_argument("--out", type=Path, required=True)
arguments.add_argument("--quick", action="store_true", help="a smoke run, whose figures mean nothing")
given = arguments.parse_args()

measurements = []
for name in given.only:
    sys.stderr.write(f"python: {name}\n")
    measurements += PARTS[name](given.quick)

packages = (*PEERS, "msgspec", "cryptography", "connectrpc", "uvicorn", "uvloop", "httptools")
result = {
    "suite": "python",
    "runtime": f"CPython {platform.python_version()}",
    "versions": {name: version(name) for name in packages},
    "measurements": measurements,
}
given.out.write_text(json.dumps(result, indent=1) + "\n")
