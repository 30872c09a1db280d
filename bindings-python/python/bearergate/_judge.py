"""From the core's answer to a context or an exception, by way of the two hooks that are Python's. All
that is told of verdicts, to hooks, the log and whoever measures, is told here.

Imported, with all that a verdict may need, when the first judge is made: an import of the package costs
little, and a verification imports nothing, since a thread that does while another one forks would leave the
child waiting.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from . import _claims, _log, _observe, _stats, _waiting  # noqa: F401
from ._awaited import discard, is_awaitable
from ._errors import ConfigError, JwtAuthError, of_refusal
from ._native import AuthContext, Gate, Refusal, Ticket

if TYPE_CHECKING:
    from ._errors import ErrorCode
    from ._events import FetchErrorEvent, FetchEvent, KeysChangedEvent
    from ._native import SkipPaths
    from ._options import RejectInfo, Stats

_QUESTIONS = ("check", "check_http", "verify")

Outcome = AuthContext | Refusal | Ticket[AuthContext | Refusal]


class Hooks(NamedTuple):
    """The options that are functions, which the core never sees."""

    validate: Callable[[AuthContext], object] | None = None
    on_reject: Callable[[RejectInfo], object] | None = None
    on_fetch: Callable[[FetchEvent], object] | None = None
    on_fetch_error: Callable[[FetchErrorEvent], object] | None = None
    on_keys_changed: Callable[[KeysChangedEvent], object] | None = None


def take_hooks(options: dict[str, Any]) -> Hooks:
    """Removes the hooks from the options."""
    hooks = {name: options.pop(name, None) for name in Hooks._fields}
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            raise ConfigError(f"option `{name}`: must be a function, not {type(hook).__name__}", option=name)
    return Hooks(**hooks)


@final
class Judge:
    """A gate and its hooks."""

    __slots__ = (
        "__weakref__", "_deaf", "_on_reject", "_tell", "_validate", "at_once", "check", "check_http", "gate", "verify",
    )  # fmt: skip

    # The gate's own questions. What they answer is for `settle` at once, on the same thread.
    check: Callable[[str, str, Sequence[str]], Outcome | None]
    check_http: Callable[[SkipPaths, str, bytes, bool, Sequence[bytes | str]], Outcome | None]
    verify: Callable[[object], Outcome]
    # Whether a context that the gate answers is the verdict: no hook has a say, and nobody measures.
    at_once: bool

    def __init__(self, gate: Gate, hooks: Hooks) -> None:
        self.gate: Gate = gate
        self._validate = hooks.validate
        self._on_reject = hooks.on_reject
        # The listener, until it listens. Taking the one item out is atomic.
        self._deaf: list[Callable[[Any], object]] = []
        on_event = (hooks.on_fetch, hooks.on_fetch_error, hooks.on_keys_changed)
        if gate.has_remote_keys:
            from . import _events

            self._tell = _events.teller(*on_event)
            self._deaf.append(_events.weakly(self._tell))
        if any(hook is not None for hook in hooks):
            # For what a hook gives that has to be awaited.
            from . import _reports  # noqa: F401
        # Before it is tuned, so that who begins to measure meanwhile is not missed.
        _observe.register(self)
        if self._deaf and not any(hook is not None for hook in on_event):
            # Listening may start a thread, which construction does for hooks alone.
            for question in _QUESTIONS:
                setattr(self, question, partial(_first, weakref.proxy(self), question))
            self.tune()
        else:
            self.listen()

    def listen(self) -> None:
        """Has the log and the hooks told of events about keys; once."""
        with contextlib.suppress(IndexError):
            self.gate.on_key_event(self._deaf.pop())
        self.tune()

    def tune(self) -> None:
        """Has questions go to the gate, and verdicts and questions by way of whoever measures."""
        while True:
            measuring = _observe.active
            self.at_once = self._validate is None and measuring is None
            if not self._deaf:
                for question in _QUESTIONS:
                    setattr(self, question, _observe.timed(getattr(self.gate, question)))
            if _observe.active is measuring:
                return
            # Another thread has begun to measure, or has ended it.

    def stats(self) -> Stats:
        """The state of the keys and of the cache."""
        return _stats.of_json(self.gate.stats_json())

    def ready(self, limit: float | None) -> Ticket[Refusal | None] | None:
        """The gate's `ready`."""
        self.listen()
        return self.gate.ready(limit)

    @classmethod
    def of(cls, options: dict[str, Any], stacklevel: int = 3) -> Judge:
        """A judge by these options; `stacklevel` frames up is the line that builds it.

        Raises:
            ConfigError: When an option cannot be meant.
        """
        hooks = take_hooks(options)
        judge = cls(Gate(options), hooks)
        if judge.gate.advice is not None:
            warnings.warn(judge.gate.advice, RuntimeWarning, stacklevel=stacklevel)
        return judge

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys, and who fetches them, belong to one process: build a verifier in each")

    def settle(self, outcome: Outcome, procedure: str | None = None) -> AuthContext:
        """The verified context; blocks while keys are on their way.

        Raises:
            JwtAuthError: When the token is refused.
        """
        asked = None if _observe.active is None else _observe.asked_at()
        if isinstance(outcome, Ticket):
            outcome = outcome.wait()
        if isinstance(outcome, Refusal):
            raise self._against(outcome, procedure, asked)
        if self._validate is not None:
            try:
                verdict = self._validate(outcome)
                if is_awaitable(verdict):
                    discard(verdict)
                    raise TypeError("validate is async: use verify_async(), or serve through ASGI")
                passed = verdict is None or bool(verdict)
            except Exception as cause:
                refusal = self.gate.refuse("ERR_VALIDATE_FAILED")
                raise self._against(refusal, procedure, asked, cause) from cause
            if not passed:
                raise self._against(self.gate.refuse("ERR_REVOKED"), procedure, asked)
        if _observe.active is not None:
            _observe.accepted(outcome, asked)
        return outcome

    async def settle_async(self, outcome: Outcome, procedure: str | None = None) -> AuthContext:
        """Like `settle`, without blocking the event loop; suspends only where there is a wait."""
        asked = None if _observe.active is None else _observe.asked_at()
        if isinstance(outcome, Ticket):
            outcome = await _waiting.resolved(outcome)
        if isinstance(outcome, Refusal):
            raise self._against(outcome, procedure, asked)
        if self._validate is not None:
            try:
                verdict = self._validate(outcome)
                if is_awaitable(verdict):
                    verdict = await verdict
                passed = verdict is None or bool(verdict)
            except Exception as cause:
                refusal = self.gate.refuse("ERR_VALIDATE_FAILED")
                raise self._against(refusal, procedure, asked, cause) from cause
            if not passed:
                raise self._against(self.gate.refuse("ERR_REVOKED"), procedure, asked)
        if _observe.active is not None:
            _observe.accepted(outcome, asked)
        return outcome

    def _against(
        self, refusal: Refusal, procedure: str | None, asked: float | None, cause: Exception | None = None
    ) -> JwtAuthError:
        """The exception for a refusal that is the verdict."""
        if _observe.active is not None:
            _observe.refused(refusal, asked)
        return self.refused(refusal, procedure, cause)

    def defect(self, error: Exception, procedure: str | None) -> JwtAuthError:
        """The exception for a request in which this package failed. Its text is not the client's business."""
        return self._against(self.gate.refuse("ERR_INTERNAL"), procedure, None, error)

    def failed(self, code: ErrorCode, procedure: str | None) -> JwtAuthError:
        """The exception for a refusal that is decided outside the core, after the verdict."""
        return self.refused(self.gate.refuse(code), procedure)

    def refused(
        self, refusal: Refusal, procedure: str | None, cause: Exception | None = None
    ) -> JwtAuthError:
        """Reports the refusal and makes its exception."""
        _log.refused(refusal, procedure, cause)
        if self._on_reject is not None:
            # Whatever a report does, the refusal stands.
            with contextlib.suppress(Exception):
                report = self._on_reject(_info(refusal, procedure))
                if is_awaitable(report):
                    from . import _reports

                    _reports.finish(report)
        return of_refusal(refusal)


def _first(judge: Judge, question: str, *given: Any) -> Any:
    judge.listen()
    return getattr(judge, question)(*given)


def _info(refusal: Refusal, procedure: str | None) -> RejectInfo:
    info: RejectInfo = {
        "code": refusal.code,
        "connect_code": refusal.connect_code,
        "reason": refusal.reason,
    }
    if refusal.claim is not None:
        info["claim"] = refusal.claim
    if refusal.alg is not None:
        info["alg"] = refusal.alg
    if refusal.kid is not None:
        info["kid"] = refusal.kid
    if refusal.issuer is not None:
        info["issuer"] = refusal.issuer
    if procedure is not None:
        info["procedure"] = procedure
    return info
