"""What importing the package costs a process that does nothing else, what it leaves running, and its size."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from measure import row
from tokens import AUDIENCE, ISSUER, SECRET, signed

_IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); import bearergate"
_NOTHING = "import sys; sys.path.insert(0, sys.argv[1]); pass"

_THREADS = f"""
import json, os, sys
tasks = lambda: len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
sys.path.insert(0, sys.argv[1])
counts = [tasks()]
import bearergate
counts.append(tasks())
verifier = bearergate.JwtVerifier(secret={SECRET!r}, issuer={ISSUER!r}, audience={AUDIENCE!r})
counts.append(tasks())
verifier.verify(sys.argv[2])
counts.append(tasks())
import threading
print(json.dumps([*counts, threading.active_count()]))
"""


class Spent(NamedTuple):
    """Milliseconds of a process from its start to its end."""

    wall: float
    cpu: float


def cold(rounds: int) -> list[dict[str, Any]]:
    package = _package()
    folder = str(package.parent)
    for program in (_IMPORT, _NOTHING):
        # Compiles what is not compiled yet.
        _spend(program, folder)
    spent = [(_spend(_IMPORT, folder), _spend(_NOTHING, folder)) for _ in range(rounds)]
    wall = [ours.wall - nothing.wall for ours, nothing in spent]
    cpu = [ours.cpu - nothing.cpu for ours, nothing in spent]
    return [
        row("cold", "import, wall", "bearergate", wall, "ms"),
        row("cold", "import, CPU", "bearergate", cpu, "ms"),
        *_threads(folder),
        _fact("native module", "bytes", sum(file.stat().st_size for file in package.glob("*.so"))),
        _fact("Python modules", "bytes", sum(file.stat().st_size for file in package.glob("*.py"))),
    ]


def _package() -> Path:
    spec = importlib.util.find_spec("bearergate")
    if spec is None or spec.origin is None:
        raise RuntimeError("bearergate is not installed")
    return Path(spec.origin).parent


def _spend(program: str, folder: str) -> Spent:
    command = [sys.executable, "-I", "-c", program, folder]
    begun = perf_counter()
    child = os.posix_spawn(sys.executable, command, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = perf_counter() - begun
    if status:
        raise RuntimeError(f"{program!r} failed")
    return Spent(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)


def _threads(folder: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-I", "-c", _THREADS, folder, signed("HS256").token]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    before, imported, built, verified, of_python = json.loads(answer.stdout)
    return [
        _fact("threads begun by the import", "count", imported - before),
        _fact("threads begun by a verifier", "count", built - before),
        _fact("threads begun by a verification", "count", verified - before),
        _fact("threads begun by a verification, of Python", "count", of_python - 1),
    ]


def _fact(name: str, unit: str, value: int) -> dict[str, Any]:
    return {"table": "cold", "row": name, "column": "bearergate", unit: value}
