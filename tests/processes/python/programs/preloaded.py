"""A WSGI app that gunicorn loads before it forks its workers. With WARM_TOKEN the parent has fetched."""

import os

from bearergate import JwtAuthError, JwtVerifier

verifier = JwtVerifier(jwks_uri=os.environ["JWKS_URI"])
if os.environ.get("WARM_TOKEN"):
    verifier.verify(os.environ["WARM_TOKEN"])


def app(environ, start_response):
    token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    try:
        said = verifier.verify(token).subject
    except JwtAuthError as error:
        said = error.code
    body = f"{os.getpid()} {os.getppid()} {said}".encode()
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body]
