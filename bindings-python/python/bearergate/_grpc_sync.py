"""Handlers that are run by threads: those of synchronous servers, and synchronous ones of aio servers.

A thread of a pool serves one call after the other, and grpcio carries no ContextVar into an aio server's
pool, so the identity is entered and left on the thread that runs the handler's code. The generators of
streams may be closed elsewhere: between messages nobody's identity is current.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from typing import Any

import grpc

from ._errors import JwtAuthError
from ._grpc_call import Admission, Call, end, refuse

Behavior = Callable[..., Any]
Admit = Callable[[Any], Admission]
Parse = Callable[[Any, Any], Any]

# How grpcio's health servicer, among others, asks for its threads.
_POOL = "experimental_thread_pool"
_NON_BLOCKING = "experimental_non_blocking"


class Unparsed:
    """A message of a caller who is not known yet."""

    __slots__ = ("message",)

    def __init__(self, message: bytes) -> None:
        self.message = message


def parsing(deserializer: Callable[[bytes], Any] | None) -> Parse:
    """Parses a message once its caller is known, and answers one that cannot be as grpcio does."""

    def parse(request: Any, context: Any) -> Any:
        if not isinstance(request, Unparsed):
            return request  # an earlier interceptor's own
        if deserializer is None:
            return request.message
        try:
            parsed = deserializer(request.message)
        except Exception:
            logging.getLogger("bearergate").exception("a request message could not be parsed")
            parsed = None
        if parsed is None:
            context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        return parsed

    return parse


def as_is(request: Any, context: Any) -> Any:
    """For messages that need no parsing."""
    return request


def guarded(
    behavior: Behavior, call: Call, admit: Admit, parse: Parse, *, client: bool, server: bool
) -> Behavior:
    """The handler, for admitted calls alone. `client` and `server` say who streams."""
    if not server:
        handle = _unary(behavior, call, admit, parse, streams=client)
    elif getattr(behavior, _NON_BLOCKING, False):
        handle = _non_blocking(behavior, call, admit, parse)
        setattr(handle, _NON_BLOCKING, True)
    else:
        handle = _stream(behavior, call, admit, parse, streams=client)
    if hasattr(behavior, _POOL):
        setattr(handle, _POOL, getattr(behavior, _POOL))
    return handle


def _unary(behavior: Behavior, call: Call, admit: Admit, parse: Parse, *, streams: bool) -> Behavior:
    def handle(request: Any, context: Any) -> Any:
        try:
            admission = admit(context)
            deadline = admission.deadline_ms if streams else None
            seen = admission.seen(context)
            with admission.identity(context):
                response = behavior(_in_time(deadline, parse(request, context), call), seen)
            _check_time(deadline, call)
            return response
        except JwtAuthError as error:
            refuse(error, context)

    return handle


def _stream(behavior: Behavior, call: Call, admit: Admit, parse: Parse, *, streams: bool) -> Behavior:
    def handle(request: Any, context: Any) -> Generator[Any]:
        identity: Any = nullcontext()
        responses: Iterator[Any] | None = None
        try:
            admission = admit(context)
            deadline = admission.deadline_ms
            seen = admission.seen(context)
            identity = admission.identity(context)
            with identity:
                given = parse(request, context)
                responses = iter(behavior(_in_time(deadline, given, call) if streams else given, seen))
            while True:
                with identity:
                    _check_time(deadline, call)
                    try:
                        message = next(responses)
                    except StopIteration:
                        return
                    _check_time(deadline, call)
                yield message
        except JwtAuthError as error:
            refuse(error, context)
        finally:
            close = getattr(responses, "close", None)
            if close is not None:
                with identity:
                    close()

    return handle


def _non_blocking(behavior: Behavior, call: Call, admit: Admit, parse: Parse) -> Behavior:
    """A handler that returns at once and sends its messages later, from threads of its own."""

    def handle(request: Any, context: Any, send: Callable[[Any], None]) -> None:
        try:
            admission = admit(context)
            seen = admission.seen(context)
            with admission.identity(context):
                behavior(parse(request, context), seen, _sending(admission.deadline_ms, send, context, call))
        except JwtAuthError as error:
            refuse(error, context)

    return handle


def _sending(
    deadline: int | None, send: Callable[[Any], None], context: Any, call: Call
) -> Callable[[Any], None]:
    if deadline is None:
        return send

    def send_in_time(message: Any) -> None:
        if message is not None and context.is_active():
            try:
                _check_time(deadline, call)
            except JwtAuthError as error:
                end(error, context)
                message = None
        send(message)

    return send_in_time


def _in_time(deadline: int | None, requests: Any, call: Call) -> Any:
    return requests if deadline is None else _until(deadline, requests, call)


def _until(deadline: int, requests: Iterator[Any], call: Call) -> Generator[Any]:
    for message in requests:
        _check_time(deadline, call)
        yield message


def _check_time(deadline: int | None, call: Call) -> None:
    if deadline is not None and time.time() * 1000 >= deadline:
        raise call.fail("ERR_TOKEN_EXPIRED")
