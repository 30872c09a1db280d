"""An ASGI app that says which process answers, and what it thinks of the token. With WARM_TOKEN the process
that loads it has fetched."""

import os

from bearergate import JwtAuthError, JwtVerifier

verifier = JwtVerifier(jwks_uri=os.environ["JWKS_URI"])
if os.environ.get("WARM_TOKEN"):
    verifier.verify(os.environ["WARM_TOKEN"])


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    token = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
    try:
        said = (await verifier.verify_async(token)).subject
    except JwtAuthError as error:
        said = error.code
    body = f"{os.getpid()} {os.getppid()} {said}".encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
