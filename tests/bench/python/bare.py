"""The signature alone, as the core has it checked: a process that does nothing else, asked in turn with what is
measured here. Both run on one processor, so that both see the same machine."""

from __future__ import annotations

import os
import subprocess
from typing import Self

SIGNATURE = "signature alone"
"""The column of what it takes."""


class BareSignature:
    """The program that tests/bench/rust builds."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __enter__(self) -> Self:
        if hasattr(os, "sched_setaffinity"):
            self._cores = os.sched_getaffinity(0)
            # What is begun now stays there too.
            os.sched_setaffinity(0, {min(self._cores)})
        command = [self._program, "--bare"]
        self._child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self._cores)

    def seconds(self, alg: str, count: int) -> float:
        """What so many checks take."""
        self._child.stdin.write(f"{alg} {count}\n")
        return float(self._child.stdout.readline()) * count / 1e6
