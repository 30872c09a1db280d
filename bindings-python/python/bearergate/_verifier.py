"""A verifier of bare tokens, for code that is not behind an interceptor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, final

from . import _waiting
from ._errors import of_refusal
from ._native import AuthContext, Ticket, read_duration

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Unpack

    from ._judge import Judge
    from ._options import Duration, JwtAuthOptions, Stats

__all__ = ["JwtVerifier"]


@final
class JwtVerifier:
    """Verifies tokens against one set of options.

    Make one and keep it: keys, and the cache of verified signatures, live in it. It may be shared by
    any number of threads and event loops. Nothing is fetched and no thread is started (but the one that
    tells a hook of a snapshot) before the
    first token (or `ready`) asks for remote keys.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    __slots__ = ("_judge", "_warned")
    _judge: Judge
    _warned: bool

    def __init__(self, **options: Unpack[JwtAuthOptions]) -> None:
        from ._judge import Judge

        self._judge = Judge.of(dict(options))
        self._warned = False

    @classmethod
    def _over(cls, judge: Judge) -> JwtVerifier:
        verifier = cls.__new__(cls)
        verifier._judge = judge
        verifier._warned = False
        return verifier

    def verify(self, token: str) -> AuthContext:
        """The identity that the token proves.

        Blocks, with the GIL released, while remote keys that it needs are on their way; in
        asynchronous code use `verify_async`.

        Raises:
            JwtAuthError: When the token is refused, or the keys cannot be had.
        """
        outcome = self._judge.verify(token)
        if type(outcome) is AuthContext and self._judge.at_once:
            return outcome
        if isinstance(outcome, Ticket) and not self._warned and _waiting.asyncio_loop() is not None:
            import warnings

            self._warned = True
            warnings.warn(
                "JwtVerifier.verify() blocks this event loop while keys are fetched: "
                "use `await verify_async()`, or `await ready_async()` at start-up",
                RuntimeWarning,
                stacklevel=2,
            )
        return self._judge.settle(outcome)

    async def verify_async(self, token: str) -> AuthContext:
        """Like `verify`, without blocking the event loop.

        Raises:
            JwtAuthError: When the token is refused, or the keys cannot be had.
        """
        outcome = self._judge.verify(token)
        if type(outcome) is AuthContext and self._judge.at_once:
            return outcome
        return await self._judge.settle_async(outcome)

    def ready(self, timeout: Duration | None = None) -> None:
        """Waits until every remote key set has keys, fetching where none is under way.

        Args:
            timeout: Seconds, a `timedelta`, or a string such as `"5s"`. Failed fetches are repeated
                until then; without one, for an hour.

        Raises:
            KeysUnavailableError: When the keys did not come; its `reason` is `timeout` when the time
                was over.
            ConfigError: When `timeout` is no duration.
        """
        ticket = self._judge.ready(_seconds(timeout))
        refusal = None if ticket is None else ticket.wait()
        if refusal is not None:
            raise of_refusal(refusal)

    async def ready_async(self, timeout: Duration | None = None) -> None:
        """Like `ready`, without blocking the event loop.

        Raises:
            KeysUnavailableError: When the keys did not come; its `reason` is `timeout` when the time
                was over.
            ConfigError: When `timeout` is no duration.
        """
        ticket = self._judge.ready(_seconds(timeout))
        refusal = None if ticket is None else await _waiting.resolved(ticket)
        if refusal is not None:
            raise of_refusal(refusal)

    def stats(self) -> Stats:
        """The state of the keys and of the cache, for a readiness page or a log."""
        return self._judge.stats()

    def close(self) -> None:
        """Lets go of the remote keys. Calls that wait, and later ones that need them, are refused as
        unavailable. Closing twice is the same as once."""
        self._judge.gate.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<JwtVerifier {self.stats()['state']}>"


def _seconds(timeout: Duration | None) -> float | None:
    return None if timeout is None else read_duration("timeout", timeout)
