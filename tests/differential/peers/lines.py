"""The loop of an evaluator: a line of JSON in, a verdict out for each that holds a token, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def serve(prepare: Callable[[dict[str, Any]], Any], judge: Callable[[Any, str], str]) -> None:
    """`prepare(line)` gives what `judge(prepared, token)` is called with."""
    configs: dict[str, Any] = {}
    out = open(  # noqa: SIM115
        sys.stdout.fileno(), "w", encoding="utf-8", errors="backslashreplace", newline="\n", closefd=False
    )
    for text in sys.stdin.buffer:
        line = json.loads(text)
        if line is None:
            out.flush()
        elif "drop" in line:
            configs.pop(line["drop"])
        elif "token" in line:
            out.write(judge(configs[line["config"]], line["token"]) + "\n")
        else:
            configs[line["config"]] = prepare(line)
    out.flush()


def one_line(text: object) -> str:
    """A message on one line."""
    return " ".join(str(text).split())
