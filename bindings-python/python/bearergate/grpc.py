"""The interceptor for servers of `grpcio`, synchronous and aio. Importing this module imports `grpcio`.

A synchronous server asks its interceptors on its one serving thread, so nothing is verified there: the
handler that is handed back verifies on its own thread before anything else. An aio server asks them in
the task of the call, where the call is judged before its message is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, final

from . import _extras

try:
    import grpc
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, "grpc", "grpcio", "grpc") from _missing

from . import _grpc_aio, _grpc_sync, _waiting
from ._errors import JwtAuthError
from ._grpc_call import Call, refuse, without_spoofable
from ._verifier import JwtVerifier
from ._web import judge_of

if TYPE_CHECKING:
    from typing import Unpack

    from ._judge import Judge
    from ._options import JwtAuthOptions

__all__ = ["JwtServerInterceptor", "create_jwt_server_interceptor"]


def create_jwt_server_interceptor(
    *, verifier: JwtVerifier | None = None, **options: Unpack[JwtAuthOptions]
) -> JwtServerInterceptor:
    """An interceptor that lets a call of a gRPC server through only with a good token.

    One object serves `grpc.server` and `grpc.aio.server`, all four kinds of methods, and handlers of
    either kind on an aio server. List it first: an interceptor listed before it sees calls that are not
    authenticated, and on a synchronous server messages that are not parsed.

    Args:
        verifier: Judges by the options, and with the keys, of a verifier that is there already.
        **options: The options of a new one.

    Raises:
        ConfigError: When an option cannot be meant, or is given beside a verifier.
    """
    return JwtServerInterceptor(verifier=verifier, **options)


@final
class JwtServerInterceptor(grpc.ServerInterceptor, grpc.aio.ServerInterceptor):
    """Lets a call through only with a good token. Made by `create_jwt_server_interceptor`.

    A refused call ends with `UNAUTHENTICATED`, or with `UNAVAILABLE` where the keys cannot be had;
    `www-authenticate` or `retry-after` is in its trailing metadata. Methods that the server does not
    have stay `UNIMPLEMENTED`.
    """

    __slots__ = ("_judge", "verifier")
    verifier: JwtVerifier
    """Verifies bare tokens under the same options, with the same keys."""
    _judge: Judge

    def __init__(self, *, verifier: JwtVerifier | None = None, **options: Unpack[JwtAuthOptions]) -> None:
        judge = judge_of(verifier, dict(options))
        object.__setattr__(self, "_judge", judge)
        object.__setattr__(self, "verifier", verifier or JwtVerifier._over(judge))

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Hands back the handler that authenticates; on an aio server, an awaitable of it."""
        details = _believed(handler_call_details)
        call = Call(self._judge, details.method, details.invocation_metadata or ())
        if _waiting.asyncio_loop() is not None:
            return _intercept_async(call, continuation, details)
        return _intercept(call, continuation, details)

    def __init_subclass__(cls) -> None:
        raise TypeError("JwtServerInterceptor cannot be extended: put another interceptor after it")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")


def _believed(details: Any) -> Any:
    metadata = details.invocation_metadata or ()
    believed = without_spoofable(metadata)
    # Of the same class: an aio server takes no other.
    return details if believed is metadata else type(details)(details.method, believed)


def _intercept(call: Call, continuation: Callable[[Any], Any], details: Any) -> Any:
    handler = continuation(details)
    if handler is None:
        return None
    client, server, behavior = _shape(handler)
    if behavior is None:
        return grpc.stream_unary_rpc_method_handler(lambda _, context: refuse(_unknown(call), context))
    parse: _grpc_sync.Parse = _grpc_sync.as_is
    deserializer = handler.request_deserializer
    if not client:
        parse, deserializer = _grpc_sync.parsing(deserializer), _grpc_sync.Unparsed
    guarded = _grpc_sync.guarded(behavior, call, call.authenticate, parse, client=client, server=server)
    return _maker(client, server)(guarded, deserializer, handler.response_serializer)


async def _intercept_async(call: Call, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
    handler = await continuation(details)
    if handler is None:
        return None
    client, server, behavior = _shape(handler)
    if behavior is None:
        return grpc.stream_unary_rpc_method_handler(_grpc_aio.refusing(_unknown(call)))
    try:
        admission = await call.authenticate_async()
    except JwtAuthError as error:
        return _maker(client, server)(_grpc_aio.refusing(error))
    guarded = _grpc_aio.guarded(behavior, call, admission, client=client, server=server)
    return _maker(client, server)(guarded, handler.request_deserializer, handler.response_serializer)


def _shape(handler: Any) -> tuple[bool, bool, Any]:
    """Whether the client and the server stream, and what does the work; nothing where that is not known."""
    client, server = getattr(handler, "request_streaming", None), getattr(handler, "response_streaming", None)
    behavior = getattr(handler, _kind(bool(client), bool(server)), None)
    known = isinstance(client, bool) and isinstance(server, bool) and callable(behavior)
    known = known and hasattr(handler, "request_deserializer") and hasattr(handler, "response_serializer")
    return bool(client), bool(server), behavior if known else None


def _unknown(call: Call) -> JwtAuthError:
    """A handler that grpcio may know how to call, and this package does not, is not called."""
    return call.fail("ERR_INTERNAL")


def _maker(client: bool, server: bool) -> Callable[..., Any]:
    maker: Callable[..., Any] = getattr(grpc, f"{_kind(client, server)}_rpc_method_handler")
    return maker


def _kind(client: bool, server: bool) -> str:
    return f"{'stream' if client else 'unary'}_{'stream' if server else 'unary'}"
