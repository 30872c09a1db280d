"""A WSGI application whose verifier has its keys before gunicorn forks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from bearergate import JwtAuthError, JwtVerifier

verifier = JwtVerifier(jwks_uri=os.environ["FAULTS_JWKS_URI"])
verifier.verify(os.environ["FAULTS_TOKEN"])


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    try:
        verifier.verify(token)
        status, body = "200 OK", str(os.getpid())
    except JwtAuthError as error:
        status, body = f"{error.http_status} Refused", error.code
    start_response(status, [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body.encode()]
