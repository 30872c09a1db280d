"""What is the same for every gRPC handler, of either kind of server: what is asked about a call, what
its handler sees of the request, and how a call is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

import grpc

from ._current import Identity, current_identity
from ._errors import JwtAuthError
from ._headers import AUTH_HEADERS
from ._native import AuthContext, Refusal, Ticket

if TYPE_CHECKING:
    from ._errors import ErrorCode
    from ._judge import Judge, Outcome

_SPOOFABLE = frozenset(AUTH_HEADERS.values())


class Metadatum(NamedTuple):
    """An entry of metadata, as grpcio's own look."""

    key: str
    value: str | bytes


@final
class Call:
    """One call, as an interceptor knows it before its handler runs."""

    __slots__ = ("_credentials", "_judge", "_method", "_service", "procedure")

    def __init__(self, judge: Judge, path: str, metadata: Iterable[tuple[str, str | bytes]]) -> None:
        self._judge = judge
        self._service, self._method = _names(path)
        self.procedure = f"{self._service}/{self._method}"
        header = judge.gate.credentials_header
        self._credentials = [_text(value) for name, value in metadata if name == header]

    def authenticate(self, context: Any) -> Admission:
        """Blocks while keys are on their way, so it belongs on a thread of the pool.

        Raises:
            JwtAuthError: When the call is refused.
        """
        try:
            outcome = self._ask()
            admission = self._admit(None if outcome is None else self._judge.settle(outcome, self.procedure))
        except JwtAuthError:
            raise
        except Exception as error:
            raise self._judge.defect(error, self.procedure) from error
        if isinstance(outcome, Ticket) and not context.is_active():
            # The client has gone while keys were on their way: its handler has nobody to work for.
            context.abort(grpc.StatusCode.CANCELLED, "")
        return admission

    async def authenticate_async(self) -> Admission:
        """The same without blocking the event loop."""
        try:
            outcome = self._ask()
            if outcome is None:
                return self._admit(None)
            return self._admit(await self._judge.settle_async(outcome, self.procedure))
        except JwtAuthError:
            raise
        except Exception as error:
            raise self._judge.defect(error, self.procedure) from error

    def _ask(self) -> Outcome | None:
        return self._judge.check(self._service, self._method, self._credentials)

    def _admit(self, caller: AuthContext | None) -> Admission:
        if caller is None:
            return Admission(None)
        gate = self._judge.gate
        propagated = gate.propagate(caller) if gate.propagates else []
        if isinstance(propagated, Refusal):
            raise self._judge.refused(propagated, self.procedure)
        return Admission(
            caller, tuple(Metadatum(*header) for header in propagated), gate.stream_deadline(caller)
        )

    def fail(self, code: ErrorCode) -> JwtAuthError:
        """The exception for a refusal that is decided here."""
        return self._judge.failed(code, self.procedure)


class Admission(NamedTuple):
    """A call that may run; without a caller where its method is skipped."""

    caller: AuthContext | None
    propagated: tuple[Metadatum, ...] = ()
    deadline_ms: int | None = None

    def identity(self, context: Any) -> AbstractContextManager[None, None]:
        """What is entered around the handler's code, any number of times."""
        call = _unwrapped(context)
        if self.caller is None and current_identity(call) is not None:
            # What an earlier interceptor of this call entered stays.
            return nullcontext()
        return Identity(call, self.caller)

    def seen(self, context: Any) -> Any:
        """The context for the handler: its metadata holds no identity but the verified one."""
        metadata = context.invocation_metadata() or ()
        believed = without_spoofable(metadata)
        if believed is metadata and not self.propagated:
            return context
        kind = _SyncSeenContext if isinstance(context, grpc.ServicerContext) else _SeenContext
        return kind(context, (*believed, *self.propagated))


def without_spoofable(metadata: Sequence[Any]) -> Sequence[Any]:
    """The metadata without `x-auth-*`; the same object where there is none."""
    if not any(name.lower() in _SPOOFABLE for name, _ in metadata):
        return metadata
    return tuple(entry for entry in metadata if entry[0].lower() not in _SPOOFABLE)


class _SeenContext:
    """A servicer context with other metadata. All else, attributes of the program's own included, is the
    context's."""

    __slots__ = ("_bearergate_context", "_bearergate_metadata")
    _bearergate_context: Any
    _bearergate_metadata: tuple[Any, ...]

    def __init__(self, context: Any, metadata: tuple[Any, ...]) -> None:
        object.__setattr__(self, "_bearergate_context", context)
        object.__setattr__(self, "_bearergate_metadata", metadata)

    def invocation_metadata(self) -> tuple[Any, ...]:
        return self._bearergate_metadata

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bearergate_context, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._bearergate_context, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._bearergate_context, name)


@grpc.ServicerContext.register
class _SyncSeenContext(_SeenContext):
    __slots__ = ()


def _unwrapped(context: Any) -> object:
    while isinstance(context, _SeenContext):
        context = context._bearergate_context
    return context


def refuse(error: JwtAuthError, context: Any) -> NoReturn:
    """Ends a call that a thread runs."""
    context.set_trailing_metadata(_trailers(error))
    context.abort(status_of(error), error.client_message)
    raise AssertionError("abort returned")  # pragma: no cover - grpcio's never does


async def refuse_async(error: JwtAuthError, context: Any) -> NoReturn:
    """Ends a call that an event loop runs."""
    await context.abort(status_of(error), error.client_message, _trailers(error))
    raise AssertionError("abort returned")  # pragma: no cover - grpcio's never does


def end(error: JwtAuthError, context: Any) -> None:
    """What `refuse` says, for whoever sends the status by other means."""
    context.set_trailing_metadata(_trailers(error))
    context.set_code(status_of(error))
    context.set_details(error.client_message)


def status_of(error: JwtAuthError) -> grpc.StatusCode:
    return grpc.StatusCode[error.connect_code.upper()]


def _trailers(error: JwtAuthError) -> tuple[tuple[str, str], ...]:
    trailers: list[tuple[str, str]] = []
    if error.challenge is not None:
        trailers.append(("www-authenticate", error.challenge))
    if error.retry_after is not None:
        trailers.append(("retry-after", str(error.retry_after)))
    return tuple(trailers)


def _names(path: str) -> tuple[str, str]:
    before, _, rest = path.partition("/")
    service, slash, method = rest.partition("/")
    # Anything but `/service/method` has no service, so no pattern but `*` covers it.
    return (service, method) if slash and not before and "/" not in method else ("", path)


def _text(value: str | bytes) -> str:
    # A `-bin` header's. What is not ASCII is no token, however it is read.
    return value if isinstance(value, str) else value.decode("latin-1")
