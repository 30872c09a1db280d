"""A Connect server under uvicorn, open or guarded: `server.py MODE ALG HTTP`. It prints its port and a token."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

import jwt
import uvicorn
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from libraries import libraries, options
from service import asgi
from tokens import Signed, signed

from bearergate import create_jwt_auth_interceptor

CORE = 0


class ByHand:
    """A metadata interceptor as it is written by hand around PyJWT."""

    def __init__(self, subject: Signed) -> None:
        self._verify = libraries(subject)["PyJWT"]

    async def on_start(self, ctx: Any) -> dict[str, Any]:
        try:
            return self._verify(ctx.request_headers["authorization"].removeprefix("Bearer "))
        except (KeyError, jwt.PyJWTError) as error:
            raise ConnectError(Code.UNAUTHENTICATED, "refused") from error

    async def on_end(self, token: object, ctx: Any, error: Exception | None, /) -> None:
        pass


INTERCEPTORS = {
    "open": lambda _: (),
    "no cache": lambda subject: (create_jwt_auth_interceptor(**options(subject, cache=False)),),
    "cache hit": lambda subject: (create_jwt_auth_interceptor(**options(subject)),),
    "PyJWT": lambda subject: (ByHand(subject),),
}


def pin(core: int) -> None:
    """Keeps this process on one core, where there are at least two and the system can."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, {cores[core]})


def main(mode: str, alg: str, http: str) -> None:
    pin(CORE)
    subject = signed(alg)
    app = asgi(*INTERCEPTORS[mode](subject))
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    sys.stdout.write(json.dumps({"port": listening.getsockname()[1], "token": subject.token}) + "\n")
    sys.stdout.flush()
    loop = "uvloop" if http == "httptools" else "asyncio"
    config = uvicorn.Config(
        app, http=http, loop=loop, lifespan="off", log_level="warning", access_log=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
