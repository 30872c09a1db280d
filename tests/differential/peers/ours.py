"""Our verdicts in Python, through the package."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance/runner-python"))

from canonical import canonical
from lines import one_line, serve

from bearergate import ConfigError, JwtAuthError, JwtVerifier
from bearergate._judge import Judge, take_hooks
from bearergate._native import Gate

NOW = int(sys.argv[1])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prepare(line: dict[str, Any]) -> JwtVerifier | str:
    snake = {
        re.sub("[A-Z]", lambda c: "_" + c[0].lower(), name): value for name, value in line["options"].items()
    }
    try:
        hooks = take_hooks(snake)
        return JwtVerifier._over(Judge(Gate.on_clock(snake, NOW * 1000, 0), hooks))
    except ConfigError as error:
        option = re.sub("_([a-z])", lambda c: c[1].upper(), error.option)
        return f"R\tERR_CONFIG\t{option}\t"
    except Exception as error:
        return f"R\t{one_line(repr(error))}"


def judge(verifier: JwtVerifier | str, token: str) -> str:
    if isinstance(verifier, str):
        return verifier
    try:
        context = verifier.verify(token)
    except JwtAuthError as error:
        return f"R\t{error.code}\t{error.claim or ''}\t{error.reason}"
    except Exception as error:
        return f"R\t{one_line(repr(error))}"
    at = context.expires_at
    rest = {
        "subject": context.subject,
        "name": context.name,
        "roles": list(context.roles),
        "scopes": list(context.scopes),
        "expiresAt": at and (at - EPOCH) // timedelta(milliseconds=1),
    }
    return f"A\t{canonical(context.claims.to_dict())}\t{canonical(rest)}"


serve(prepare, judge)
