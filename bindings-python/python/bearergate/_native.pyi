import builtins
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar, final, overload

from ._errors import ErrorCode, Reason
from ._options import Duration

__all__ = [
    "AUTHZ_EFFECTS",
    "AUTH_HEADERS",
    "TEST_JWT_KID",
    "TEST_JWT_SECRET",
    "AuthContext",
    "AuthzDenial",
    "AuthzPolicy",
    "Claims",
    "Gate",
    "Refusal",
    "SkipPaths",
    "Ticket",
    "__version__",
    "allow_test_secret",
    "answer_http",
    "authz_failure",
    "decode_auth_headers",
    "encode_auth_headers",
    "end_calls",
    "error_table",
    "forget_calls",
    "generate_rsa_test_keypair",
    "hold_calls",
    "internal_refusal",
    "matches_method_pattern",
    "mint_test_jwt",
    "mint_test_jwt_rs256",
    "missing_credentials",
    "mock_context",
    "procedure_of",
    "read_duration",
    "resume_calls",
    "run_command",
    "unfit_claims",
]

__version__: Final[str]
AUTHZ_EFFECTS: Final[list[str]]
AUTH_HEADERS: Final[tuple[tuple[str, str], ...]]
TEST_JWT_KID: Final[str]
"""The `kid` of generated test keys."""
TEST_JWT_SECRET: Final[str]
"""The HMAC secret of test tokens. **Everyone knows it**: a verifier that accepts it accepts anyone. It is
refused as a `secret` unless `bearergate.testing` was imported in the process, in a test run."""

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

@final
class AuthContext:
    """Who is calling, as a verified token says.

    Cannot be changed; equal when every field is; may be pickled and copied. The constructor is for
    tests and for code that learned an identity elsewhere: it verifies nothing.
    """

    __match_args__: Final = ("subject", "roles", "scopes")

    def __new__(
        cls,
        *,
        subject: str,
        name: str | None = None,
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        type: str = "jwt",
        expires_at: datetime | None = None,
    ) -> Self: ...
    @property
    def subject(self) -> str:
        """The mapped subject or `sub`; never empty in a verified context."""

    @property
    def name(self) -> str | None:
        """The mapped name or the `name` claim."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The mapped roles."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """The mapped scopes, or those of `scope` or `scp`."""

    @property
    def claims(self) -> Claims:
        """Every claim of the token, read-only at every level."""

    @property
    def type(self) -> str:
        """How the identity was proved: `"jwt"`."""

    @property
    def expires_at(self) -> datetime | None:
        """`exp` as an aware UTC datetime, floored to the millisecond; `None` without `exp` or beyond
        the year 9999."""

    def has_role(self, role: str, /) -> bool:
        """Whether the caller has this role. Compared exactly."""

    def has_scopes(self, *scopes: str) -> bool:
        """Whether the caller has all of these scopes. Compared exactly."""

    def claims_as(self, model: builtins.type[_T], /) -> _T:
        """The claims as a value of this type: a pydantic model, a msgspec struct, a dataclass or a
        `TypedDict`.

        Models and structs follow their own rules. Dataclasses and `TypedDict`s are checked by msgspec,
        or where that is not installed by pydantic, strictly: a string is no number.

        Raises:
            InvalidClaimError: When the claims do not fit; `__cause__` is what the library raised.
            ImportError: For a dataclass or `TypedDict` where neither library is installed.
            TypeError: When `model` is no such type.
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any], /) -> Self: ...
    def __replace__(self, **changes: Any) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Refusal:
    """Why a token was refused, before it is an exception."""

    @property
    def code(self) -> ErrorCode: ...
    @property
    def claim(self) -> str | None: ...
    @property
    def reason(self) -> Reason: ...
    @property
    def connect_code(self) -> Literal["unauthenticated", "unavailable"]: ...
    @property
    def http_status(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def challenge(self) -> str | None: ...
    @property
    def retry_after(self) -> int | None: ...
    @property
    def alg(self) -> str | None: ...
    @property
    def kid(self) -> str | None: ...
    @property
    def issuer(self) -> str | None: ...
    @property
    def python_class(self) -> str: ...

@final
class Ticket(Generic[_T_co]):
    """An answer that waits for keys. It resolves once."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> Any: ...
    def wait(self) -> _T_co:
        """Blocks with the GIL released; signals are handled."""

    def subscribe(self, callback: Callable[[_T_co], object]) -> bool:
        """Calls back with the answer while the ticket is there, on any thread, possibly before this returns. False as
        the interpreter ends, when nothing calls back any more: whoever wants the answer waits for it."""

    def cancel(self) -> None:
        """Gives up a wait that was subscribed to: nobody is called any more."""

@final
class SkipPaths:
    """Compiled paths to skip."""

    def __new__(cls, patterns: Sequence[str]) -> Self: ...

@final
class Claims(Mapping[str, Any]):
    """A read-only JSON object.

    Nested objects read as `Claims`, arrays as tuples. Integers keep every digit. Two claims objects are
    equal when their JSON is, and a `Claims` equals the plain `dict` of the same content.
    """

    def __new__(cls, members: Mapping[str, Any] = {}, /) -> Self:
        """Copies `members`, which must be JSON: str keys, and values of JSON's types at every level."""

    def to_dict(self) -> dict[str, Any]:
        """A fresh plain copy: dicts and lists at every level."""

    def __getitem__(self, name: str, /) -> Any: ...
    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    @overload
    def get(self, key: str, default: None = None) -> Any | None:
        """The claim with this name, or `default`."""

    @overload
    def get(self, key: str, default: _T) -> Any | _T: ...
    def keys(self) -> KeysView[str]:
        """The names, as a set-like view."""

    def items(self) -> ItemsView[str, Any]:
        """Names and values, as a set-like view."""

    def values(self) -> ValuesView[Any]:
        """The values, as a view."""

    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __setattr__(self, name: str, value: object, /) -> None: ...
    def __delattr__(self, name: str, /) -> None: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any], /) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Gate:
    """The core's gate over one set of options."""

    def __new__(cls, options: Mapping[str, Any]) -> Self: ...
    @property
    def credentials_header(self) -> str: ...
    def offered_protocols(self, values: Sequence[bytes]) -> list[str] | None:
        """The subprotocols that a handshake offers without those that carry a token; `None` where tokens
        come another way."""

    @property
    def has_remote_keys(self) -> bool: ...
    @property
    def propagates(self) -> bool: ...
    @property
    def ends_streams_at_expiry(self) -> bool: ...
    def check(
        self, service: str, method: str, credentials: Sequence[str]
    ) -> AuthContext | Refusal | Ticket[AuthContext | Refusal] | None: ...
    def check_http(
        self,
        skip_paths: SkipPaths,
        method: str,
        target: bytes,
        preflight: bool,
        credentials: Sequence[bytes | str],
    ) -> AuthContext | Refusal | Ticket[AuthContext | Refusal] | None:
        """Judges an HTTP request; `None` where it goes through without a context."""

    def verify(self, token: object) -> AuthContext | Refusal | Ticket[AuthContext | Refusal]:
        """Judges a bare token. Only a str can be one."""

    def ready(self, limit: float | None = None) -> Ticket[Refusal | None] | None:
        """`None` when the keys are there, else a ticket; `limit` is in seconds."""

    def on_key_event(self, listener: Callable[[str], object]) -> None:
        """Has `listener` called with each event about the keys, as JSON, on a thread of its own."""

    @property
    def advice(self) -> str | None:
        """What the operator should know about how this gate was built, the one time it is said."""

    def propagate(self, context: AuthContext) -> list[tuple[str, str]] | Refusal: ...
    def stream_deadline(self, context: AuthContext) -> int | None: ...
    def refuse(self, code: ErrorCode) -> Refusal: ...
    def stats_json(self) -> str: ...
    def close(self) -> None: ...

@final
class AuthzDenial:
    """A refused call."""

    @property
    def connect_code(self) -> Literal["unauthenticated", "permission_denied"]: ...
    @property
    def message(self) -> str: ...
    @property
    def rule_name(self) -> str | None: ...
    @property
    def required_roles(self) -> list[str]: ...
    @property
    def required_scopes(self) -> list[str]: ...

@final
class AuthzPolicy:
    """The core's compiled rules. `True` lets a call go on, `None` asks for what `authorize` says."""

    def __new__(cls, given: Mapping[str, Any]) -> Self: ...
    def check(
        self,
        service: str,
        method: str,
        roles: Sequence[str] | None,
        scopes: Sequence[str] | None,
    ) -> AuthzDenial | bool | None:
        """Judges a call; `roles` and `scopes` are both there where there is a caller."""

    def decide(self, authorized: bool | None) -> AuthzDenial | bool | None:
        """Judges a call that no rule matches, given what `authorize` says, if there is one."""

def authz_failure() -> AuthzDenial:
    """The denial that a failure of the host is."""

def encode_auth_headers(
    context: AuthContext, propagated_claims: Sequence[str] | None = None
) -> list[tuple[str, str]]: ...
def decode_auth_headers(headers: Mapping[str, str]) -> AuthContext | None: ...
def matches_method_pattern(service: str, method: str, pattern: str) -> bool:
    """Whether a pattern covers a method: `"*"`, `"pkg.Service/*"`, `"pkg.Service/Get*"` or
    `"pkg.Service/Method"`. Names are case-sensitive.

    Raises:
        ConfigError: When the pattern is none of these.
    """

def read_duration(name: str, given: Duration) -> float:
    """Seconds of a duration as options spell them.

    Raises:
        ConfigError: When it is none; the error calls it by `name`.
    """

def missing_credentials() -> Refusal:
    """The refusal of a request without credentials, where no gate is near to make it."""

def internal_refusal() -> Refusal:
    """The refusal that a defect is, where no gate is near to make it."""

def procedure_of(target: bytes) -> str | None:
    """The method that a request target calls, where it could be one of Connect's."""

def answer_http(
    connect_code: str,
    message: str,
    challenge: str | None,
    retry_after: int | None,
    content_type: str | None,
) -> tuple[int, list[tuple[str, str]], bytes] | None:
    """Status, headers and body for a refused request, given what its client is told. `None` for an
    unknown code."""

def unfit_claims() -> Refusal:
    """The refusal of a token whose claims are not what a program takes."""

def end_calls() -> None:
    """From now on no thread of the core calls Python. Waits up to half a second for those that do."""

def hold_calls() -> None:
    """Before a fork: from now on no thread of the core is made known to Python, until `resume_calls` or for a fifth
    of a second."""

def resume_calls() -> None:
    """After a fork, in the parent."""

def forget_calls() -> None:
    """After a fork, in the child: no thread of the core calls Python."""

def error_table() -> list[dict[str, str]]:
    """Every refusal code as the core has it."""

def mint_test_jwt(payload: str, options: Mapping[str, Any]) -> str:
    """An HS256 token over a payload, the text of a JSON object."""

def mint_test_jwt_rs256(private_key: object, payload: str, options: Mapping[str, Any]) -> str:
    """An RS256 token over a payload, the text of a JSON object."""

def generate_rsa_test_keypair(kid: str) -> tuple[str, str, str]:
    """A new RSA key: PEM PKCS#8, PEM SPKI, public JWK as text."""

def allow_test_secret() -> None:
    """Lets verifiers of this process be built with the test secret."""

def mock_context() -> AuthContext:
    """The caller that tests pretend to be."""

def run_command(arguments: Sequence[str]) -> Ticket[tuple[str, str, int]]:
    """A ticket of what a run of the command writes: standard output, standard error, exit code."""
