"""A plain ASGI application: requests, and WebSockets that a browser may open.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python asgi_app.py
"""

import json
import os

import uvicorn

from bearergate import JwtVerifier, get_auth_context, require_auth_context
from bearergate.asgi import JwtAuthMiddleware

options = {
    "jwks_uri": os.environ["JWKS_URI"],
    "issuer": os.environ["ISSUER"],
    "audience": os.environ["AUDIENCE"],
}


async def application(scope, receive, send):
    if scope["type"] == "http":
        caller = get_auth_context()
        body = json.dumps({"subject": caller.subject if caller else None}).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        await send({"type": "websocket.send", "text": f"Hello {require_auth_context().subject}"})
        while (await receive())["type"] != "websocket.disconnect":
            pass


app = JwtAuthMiddleware(
    application,
    skip_paths=["/healthz"],
    # In a page: new WebSocket(url, ["chat", "bearer." + token])
    websocket_verifier=JwtVerifier(**options, credentials={"header": "sec-websocket-protocol"}),
    **options,
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")), lifespan="off")
