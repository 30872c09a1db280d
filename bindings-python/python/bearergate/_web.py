"""What the web adapters share: one request judged, in terms of no framework.

An adapter finds method, path and header values where its framework keeps them, asks here, and carries
the answer back. Whatever goes wrong on the way is a refusal.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, final

from ._errors import ConfigError, JwtAuthError
from ._headers import AUTH_HEADERS
from ._http import HttpGuard, procedure_of
from ._judge import Judge
from ._native import AuthContext, Refusal
from ._verifier import JwtVerifier

if TYPE_CHECKING:
    from ._judge import Outcome

AUTH = "bearergate.auth"
"""Where an ASGI scope and a WSGI environ say who is calling: an `AuthContext`, or `None` for nobody."""

_JUDGED = "bearergate.judged"

STRIPPED = frozenset(AUTH_HEADERS.values())
"""The headers that only a verifier may write."""


class Seen(NamedTuple):
    """A request, as far as it matters here."""

    method: str
    path: bytes
    preflight: bool
    credentials: Sequence[bytes | str]


class Admission(NamedTuple):
    """A request that goes through."""

    context: AuthContext | None
    propagated: Sequence[tuple[str, str]] = ()
    deadline_ms: int | None = None
    procedure: str | None = None


@final
class WebGuard:
    """A verifier, the paths that it leaves open, and whether a request may come without credentials."""

    __slots__ = ("_http", "_optional", "header", "judge", "verifier")

    def __init__(
        self, judge: Judge, skip_paths: Sequence[str] | None = None, *, optional: bool = False
    ) -> None:
        if not isinstance(optional, bool):
            raise ConfigError("option `optional`: must be True or False", option="optional")
        self.judge: Judge = judge
        self.verifier: JwtVerifier = JwtVerifier._over(judge)
        self._http = HttpGuard(judge, () if skip_paths is None else skip_paths)
        self._optional = optional
        self.header: str = self._http.header

    def admit(self, seen: Seen) -> Admission:
        """Lets the request through, blocking while keys are on their way.

        Raises:
            JwtAuthError: When it is refused.
        """
        try:
            outcome = self._check(seen)
            if outcome is None:
                return _NOBODY
            procedure = procedure_of(seen.path)
            return self._accept(self.judge.settle(outcome, procedure), procedure)
        except JwtAuthError:
            raise
        except Exception as error:
            raise self.judge.defect(error, None) from error

    async def admit_async(self, seen: Seen) -> Admission:
        """Like `admit`, without blocking the event loop."""
        try:
            outcome = self._check(seen)
            if outcome is None:
                return _NOBODY
            procedure = procedure_of(seen.path)
            return self._accept(await self.judge.settle_async(outcome, procedure), procedure)
        except JwtAuthError:
            raise
        except Exception as error:
            raise self.judge.defect(error, None) from error

    def expired(self, admission: Admission) -> JwtAuthError:
        """The refusal of what outlives its token."""
        return self.judge.failed("ERR_TOKEN_EXPIRED", admission.procedure)

    def unauthenticated(self) -> JwtAuthError:
        """The refusal of a request that came this far without credentials."""
        return self.judge.failed("ERR_CREDENTIALS_MISSING", None)

    def _check(self, seen: Seen) -> Outcome | None:
        outcome = self._http.check(*seen)
        if self._optional and isinstance(outcome, Refusal) and outcome.code == "ERR_CREDENTIALS_MISSING":
            return None
        return outcome

    def _accept(self, context: AuthContext, procedure: str | None) -> Admission:
        gate = self.judge.gate
        propagated = gate.propagate(context)
        if isinstance(propagated, Refusal):
            raise self.judge.refused(propagated, procedure)
        return Admission(context, propagated, gate.stream_deadline(context), procedure)


_NOBODY = Admission(None)


def judge_of(verifier: JwtVerifier | None, options: dict[str, Any], *, streams: bool = True) -> Judge:
    """The judge of an adapter that was given a ready verifier or the options of one.

    Args:
        verifier: Ready, or `None`.
        options: The options, empty beside a ready verifier.
        streams: Whether the adapter stands around the whole request and can end it.

    Raises:
        ConfigError: When both were given, or an option cannot be meant.
    """
    if not streams and options.get("end_streams_at_expiry"):
        raise ConfigError(
            "option `end_streams_at_expiry`: only a middleware can end a stream; give it to one",
            option="end_streams_at_expiry",
        )
    if verifier is None:
        return Judge.of(options, stacklevel=4)
    if not isinstance(verifier, JwtVerifier):
        raise ConfigError(
            f"option `verifier`: must be a JwtVerifier, not {type(verifier).__name__}", option="verifier"
        )
    if options:
        name = min(options)
        raise ConfigError(
            f"option `{name}`: cannot be given beside `verifier`, which has its options already", option=name
        )
    return verifier._judge


@final
class _Verdict:
    """What a judge said to some credentials. Its `repr` tells neither, wherever a store is shown."""

    __slots__ = ("admission", "credentials")

    def __init__(self, credentials: tuple[bytes | str, ...], admission: Admission) -> None:
        self.credentials = credentials
        self.admission = admission


def remember(
    store: MutableMapping[str, Any],
    guard: WebGuard,
    credentials: Sequence[bytes | str],
    admission: Admission,
) -> None:
    """Notes in a scope or environ who is calling; an outer adapter's caller stays where this one let
    the request through as nobody."""
    if admission.context is None:
        store.setdefault(AUTH, None)
        return
    store[AUTH] = admission.context
    # Another mapping each time: a copy of the store is another request's.
    store[_JUDGED] = {**store.get(_JUDGED, {}), guard.judge: _Verdict(tuple(credentials), admission)}


def inherit(outer: MutableMapping[str, Any], inner: MutableMapping[str, Any]) -> None:
    """Takes over what an outer adapter noted elsewhere about the same request."""
    for key in (AUTH, _JUDGED):
        if key in outer:
            inner.setdefault(key, outer[key])


def remembered(
    store: MutableMapping[str, Any], guard: WebGuard, credentials: Sequence[bytes | str]
) -> Admission | None:
    """What the same verifier said to the same credentials of this request before."""
    verdict = store.get(_JUDGED, {}).get(guard.judge)
    return verdict.admission if verdict is not None and verdict.credentials == tuple(credentials) else None
