"""What a Connect server keeps of its requests per second: unary JSON over HTTP/1.1, the server on one core, the
load (that of the Node suite) from another, the open server getting the same headers. Servers take turns of a
moment each."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from measure import row
from server import pin
from service import BODY, PATH

CONNECTIONS = 32
SLICE_MS = 200

KINDS = {
    "open": ("open", "RS256"),
    "an interceptor that does nothing": ("empty interceptor", "RS256"),
    "all but the verification": ("all but the verification", "RS256"),
    "RS256, native side alone": ("native side alone", "RS256"),
    "RS256": ("no cache", "RS256"),
    "ES256": ("no cache", "ES256"),
    "EdDSA": ("no cache", "EdDSA"),
    "HS256": ("no cache", "HS256"),
    "cache hit": ("cache hit", "RS256"),
    "PyJWT, RS256": ("PyJWT", "RS256"),
}

HTTP = {"h11": "uvicorn", "httptools": "uvicorn with uvloop and httptools"}
"""uvicorn as it is installed alone, and with what its extra `standard` brings."""

_HERE = Path(__file__).parent


def throughput(node: str, rounds: int, warm_up: int) -> list[dict[str, Any]]:
    measurements = []
    for http, column in HTTP.items():
        rates = _rates(node, http, rounds, warm_up)
        for name, found in rates.items():
            kept = [rate / whole for rate, whole in zip(found, rates["open"], strict=True)]
            measured = row("server", name, column, found, "per_second")
            # Of the open server's in the same round.
            measurements.append({**measured, "kept": round(median(kept), 4)})
    return measurements


def _rates(node: str, http: str, rounds: int, warm_up: int) -> dict[str, list[float]]:
    with ExitStack() as running:
        servers = [{"name": name, **_serve(running, *kind, http)} for name, kind in KINDS.items()]
        plan = {
            "path": PATH,
            "body": BODY.decode(),
            "connections": CONNECTIONS,
            "slice": SLICE_MS,
            "warmUp": warm_up,
            "rounds": rounds,
            "servers": servers,
        }
        load = [node, str(_HERE.parent / "node" / "load.mjs"), json.dumps(plan)]
        done = subprocess.run(load, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=partial(pin, 1))  # noqa: S603
        rates: dict[str, list[float]] = json.loads(done.stdout)
        return rates


def _serve(running: ExitStack, *kind: str) -> dict[str, Any]:
    command = [sys.executable, str(_HERE / "server.py"), *kind]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    running.enter_context(server)
    running.callback(server.terminate)
    told: dict[str, Any] = json.loads(server.stdout.readline())
    return told
