"""A Connect server under uvicorn, open or guarded: `server.py MODE ALG HTTP`. It prints its port and a token."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import jwt
import uvicorn
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from least import Empty, Natively, Unjudged
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


class Announced(uvicorn.Server):
    """Tells its port once it listens. It opens its sockets itself: asyncio sends without delay only where it has
    been told that a socket is TCP's."""

    def __init__(self, config: uvicorn.Config, token: str) -> None:
        super().__init__(config)
        self._token = token

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        sys.stdout.write(json.dumps({"port": port, "token": self._token}) + "\n")
        sys.stdout.flush()


INTERCEPTORS = {
    "open": lambda _: (),
    "empty interceptor": lambda _: (Empty(),),
    "no cache": lambda subject: (create_jwt_auth_interceptor(**options(subject, cache=False)),),
    "cache hit": lambda subject: (create_jwt_auth_interceptor(**options(subject)),),
    "all but the verification": lambda _: (Unjudged(),),
    "native side alone": lambda subject: (Natively(subject),),
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
    config = uvicorn.Config(
        app,
        port=0,
        http=http,
        loop="uvloop" if http == "httptools" else "asyncio",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
    )
    Announced(config, subject.token).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
