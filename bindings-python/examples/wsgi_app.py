"""A plain WSGI application.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python wsgi_app.py
"""

import json
import os
from wsgiref.simple_server import make_server

from bearergate import get_auth_context
from bearergate.wsgi import JwtAuthMiddleware


def application(environ, start_response):
    caller = get_auth_context()
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps({"subject": caller.subject if caller else None}).encode()]


app = JwtAuthMiddleware(
    application,
    jwks_uri=os.environ["JWKS_URI"],
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    skip_paths=["/healthz"],
)

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8080")), app).serve_forever()
