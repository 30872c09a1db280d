"""The rest of a response: what runs after the call that began it has returned.

A server may ask for each chunk of a body in another `contextvars.Context`, or on another thread, than
the one the request began in. So the identity is entered before each chunk is made and left before it
is handed on; between chunks nobody's identity is current.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, final

from ._http import answer

if TYPE_CHECKING:
    from ._current import Identity
    from ._errors import JwtAuthError
    from ._web import Admission, WebGuard


@final
class Ending:
    """When a body outlives its token, and what is said then."""

    __slots__ = ("_admission", "_begun", "_content_type", "_guard", "_over")

    def __init__(self, guard: WebGuard, admission: Admission, content_type: str | None) -> None:
        self._guard = guard
        self._admission = admission
        self._content_type = content_type
        self._begun = self._over = False

    def last(self) -> bytes | None:
        """Before each chunk: `None` while there may be one, and afterwards what ends the body.

        A body of one chunk is no stream and never ends early.

        Raises:
            JwtAuthError: Where the protocol has nothing to say it with: the body breaks off, so that
                nobody takes what came for the whole.
            StopIteration: When the end has been said.
        """
        if self._over:
            raise StopIteration
        begun, self._begun = self._begun, True
        deadline_ms = self._admission.deadline_ms
        if not begun or deadline_ms is None or time.time() * 1000 < deadline_ms:
            return None
        self._over = True
        error = self._guard.expired(self._admission)
        last = in_stream(error, self._content_type)
        if not last:
            raise error
        return last


def in_stream(error: JwtAuthError, content_type: str | None) -> bytes:
    """What tells of an error in the middle of a response; nothing where only a status could."""
    status, _, body = answer(error, content_type)
    return body if status == 200 else b""


@final
class Chunks(Iterator[bytes]):
    """A body that is made under an identity, chunk by chunk."""

    def __init__(self, identity: Identity, body: Iterable[bytes], ending: Ending) -> None:
        self._identity = identity
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._ending = ending

    def __next__(self) -> bytes:
        last = self._ending.last()
        if last is not None:
            return last
        self._identity.enter()
        try:
            if self._chunks is None:
                self._chunks = iter(self._body)
            return next(self._chunks)
        finally:
            self._identity.leave()

    def close(self) -> None:
        """Closes the body, as a server does in the end."""
        close = getattr(self._body, "close", None)
        if close is not None:
            self._identity.enter()
            try:
                close()
            finally:
                self._identity.leave()


@final
class AsyncChunks(AsyncIterator[bytes]):
    """The same for an asynchronous body."""

    def __init__(self, identity: Identity, body: AsyncIterable[bytes], ending: Ending) -> None:
        self._identity = identity
        self._chunks = aiter(body)
        self._ending = ending

    async def __anext__(self) -> bytes:
        try:
            last = self._ending.last()
        except StopIteration:
            raise StopAsyncIteration from None
        if last is not None:
            return last
        self._identity.enter()
        try:
            return await anext(self._chunks)
        finally:
            self._identity.leave()

    async def aclose(self) -> None:
        """Closes the body."""
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            self._identity.enter()
            try:
                await close()
            finally:
                self._identity.leave()
