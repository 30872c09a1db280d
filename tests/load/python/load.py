"""What the load scripts of Python share: the endpoint in its own process, tokens, figures."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jwt
from jwt.algorithms import ECAlgorithm

from bearergate import JwtVerifier
from bearergate._judge import Hooks, Judge
from bearergate._native import Gate

PYTHON = f"python {sys.version_info.major}.{sys.version_info.minor}"

_failed = False


class Provider:
    """The endpoint of `provider.mjs`; `NODE` names the Node that runs it."""

    def __init__(self) -> None:
        program = Path(__file__).parent.parent / "provider.mjs"
        command = [os.environ.get("NODE", "node"), str(program)]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(self._child.stdout.readline())
        self._url: str = said["url"]
        self._keys = [ECAlgorithm.from_jwk(key) for key in said["keys"]]

    def url(self, path: str) -> str:
        return self._url + path

    def count(self, path: str) -> int:
        """How often the path has been asked."""
        with urllib.request.urlopen(f"{self._url}/count{path}") as answer:
            return json.load(answer)

    def token(self, index: int, kid: str, claims: dict[str, Any]) -> str:
        """A token under the key of that index, which counts on beyond the pool."""
        return jwt.encode(claims, self._keys[index % len(self._keys)], "ES256", {"kid": kid})

    def close(self) -> None:
        self._child.stdin.close()
        self._child.wait()


def on_clock(wall_ms: int, **options: Any) -> tuple[JwtVerifier, Callable[[int], None]]:
    """A verifier on a clock of the script's own, and what sets its monotonic hand in milliseconds."""
    gate = Gate.on_clock(options, wall_ms, 0)
    return JwtVerifier._over(Judge(gate, Hooks())), lambda ms: gate.set_clock(wall_ms, ms)


def quantile(samples: Sequence[float], share: float) -> float:
    """The value below which a share of the samples lies."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, math.floor(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def say(text: str) -> None:
    print(f"     {PYTHON}: {text}", flush=True)


def figure(text: str, *, holds: bool) -> None:
    """Prints a figure, and fails the script where it is not as it must be."""
    global _failed  # noqa: PLW0603
    _failed |= not holds
    print(f"{'ok  ' if holds else 'FAIL'} {PYTHON}: {text}", flush=True)


def end() -> NoReturn:
    sys.exit(1 if _failed else 0)
