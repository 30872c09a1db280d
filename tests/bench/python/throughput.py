"""What a Connect server keeps of its requests per second: unary JSON over HTTP/1.1, the server on one core, the
load from another, the open server getting the same headers. Servers take turns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from measure import row

CONNECTIONS = 32

KINDS = {
    "open": ("open", "RS256"),
    "an interceptor that does nothing": ("empty interceptor", "RS256"),
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


def throughput(rounds: int, seconds: float) -> list[dict[str, Any]]:
    measurements = []
    for http, column in HTTP.items():
        rates: dict[str, list[float]] = {name: [] for name in KINDS}
        for _ in range(rounds):
            for name, kind in KINDS.items():
                rates[name].append(_per_second((*kind, http), seconds))
        for name, found in rates.items():
            kept = [rate / whole for rate, whole in zip(found, rates["open"], strict=True)]
            measured = row("server", name, column, found, "per_second")
            # Of the open server's in the same round.
            measurements.append({**measured, "kept": round(median(kept), 4)})
    return measurements


def _per_second(kind: tuple[str, ...], seconds: float) -> float:
    server = subprocess.Popen(_command("server.py", *kind), stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        told = json.loads(server.stdout.readline())
        load = _command("load.py", told["port"], told["token"], CONNECTIONS, seconds)
        return float(subprocess.run(load, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def _command(program: str, *arguments: object) -> list[str]:
    return [sys.executable, str(_HERE / program), *map(str, arguments)]
