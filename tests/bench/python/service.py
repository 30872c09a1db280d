"""A Connect service of one unary method, for ASGI and WSGI, without generated code."""

from __future__ import annotations

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import ConnectASGIApplication, ConnectWSGIApplication, Endpoint, EndpointSync
from protobuf.wkt import StringValue

from bearergate import get_auth_context
from bearergate.connect import JwtAuthInterceptor

SERVICE = "/bench.v1.Echo"
PATH = f"{SERVICE}/Say"
BODY = b'"hello"'

_SAY = MethodInfo(
    name="Say",
    service_name="bench.v1.Echo",
    input=StringValue,
    output=StringValue,
    idempotency_level=IdempotencyLevel.UNKNOWN,
    stream_type=StreamType.UNARY,
)


class _ASGI(ConnectASGIApplication):
    path = SERVICE


class _WSGI(ConnectWSGIApplication):
    path = SERVICE


def _say(request, _ctx):
    return StringValue(value=request.value)


def _say_to_caller(request, _ctx):
    if get_auth_context() is None:
        raise ConnectError(Code.INTERNAL, "no caller")
    return StringValue(value=request.value)


def asgi(*interceptors: object) -> ConnectASGIApplication:
    """The service; behind our interceptor its handler asks who is calling."""
    answer = _answer(interceptors)

    async def say(request, ctx):
        return answer(request, ctx)

    endpoints = {PATH: Endpoint.unary(method=_SAY, function=say)}
    return _ASGI(service=None, endpoints=lambda _: endpoints, interceptors=interceptors)


def wsgi(*interceptors: object) -> ConnectWSGIApplication:
    """The same for WSGI."""
    endpoints = {PATH: EndpointSync.unary(method=_SAY, function=_answer(interceptors))}
    return _WSGI(endpoints=endpoints, interceptors=interceptors)


def _answer(interceptors: tuple[object, ...]):
    ours = any(isinstance(item, JwtAuthInterceptor) for item in interceptors)
    return _say_to_caller if ours else _say
