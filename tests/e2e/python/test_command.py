"""The command of both packages, side by side: the same arguments, variables and standard input give the
same bytes and the same exit code, and `python -m bearergate` ends as a program should."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bearergate.testing import (
    create_test_jwt,
    create_test_jwt_rs256,
    generate_rsa_test_keypair,
    start_test_jwks_server,
)

ROOT = Path(__file__).parents[3]
SECRET = "a secret of the command's tests, thirty-two bytes"
PYTHON = (sys.executable, "-m", "bearergate")
NODE = ("node", str(ROOT / "bindings-node/bin/bearergate.js"))
FAR = {"iat": 1000000000, "exp": 4102444800}


def run(
    program: tuple[str, ...], arguments: list[str], stdin: str | bytes = "", **variables: str
) -> tuple[int, bytes, bytes]:
    env = {"PATH": os.environ["PATH"], "JWT_SECRET": SECRET, "LC_ALL": "C", **variables}
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run([*program, *arguments], input=given, capture_output=True, env=env, timeout=60)
    return done.returncode, done.stdout, done.stderr


def same(arguments: list[str], stdin: str | bytes = "", **variables: str) -> tuple[int, bytes, bytes]:
    """What both write, which must be the same."""
    python = run(PYTHON, arguments, stdin, **variables)
    assert python == run(NODE, arguments, stdin, **variables), arguments
    return python


@pytest.fixture(scope="module")
def keypair():
    return generate_rsa_test_keypair()


def test_both_explain_tokens_alike(keypair):
    other = generate_rsa_test_keypair("other")
    issued = {"issuer": "https://i.example", "audience": "api"}

    def mint(pair=keypair, **changed):
        claims = {"sub": "aliçe \u202e\x1b[2J", "roles": ["admin"], "scope": "read write", **FAR}
        claims.update(changed.pop("claims", {}))
        return create_test_jwt_rs256(pair.private_key, claims, **{"kid": pair.kid, **issued, **changed})

    good = mint()
    with start_test_jwks_server(keypair.public_jwk) as server:
        options = ["--jwks-uri", server.url, "--issuer", "https://i.example", "--audience", "api"]
        options += ["--claims-mapping", "roles=roles"]
        for name, token, code, word in [
            ("good", good, 0, "accepted"),
            ("expired", mint(claims={"exp": 1000000000}), 1, "ERR_TOKEN_EXPIRED"),
            ("wrong audience", mint(audience="other"), 1, "ERR_CLAIM_INVALID"),
            ("bad signature", mint(other, kid=keypair.kid), 1, "ERR_SIGNATURE_INVALID"),
            ("unknown kid", mint(other), 1, "ERR_KEY_NOT_FOUND"),
            ("malformed", good.replace(".", ""), 1, "ERR_TOKEN_MALFORMED"),
            ("not UTF-8", b"\xff.x.y", 1, "ERR_TOKEN_MALFORMED"),
        ]:
            for form in ([], ["--json"]):
                exit_code, stdout, stderr = same(["explain", *options, *form], token)
                assert (exit_code, stderr) == (code, b""), name
                assert word in stdout.decode(), name
                assert b"\x1b" not in stdout
                assert good[-40:].encode() not in stdout
        assert same(["jwks", server.url])[0] == 0
        assert same(["jwks", "--json", server.url])[0] == 0
        server.fail(503)
        for form in ([], ["--json"]):
            exit_code, stdout, _ = same(["explain", *options, *form], good)
            assert exit_code == 3
            assert b"ERR_KEYS_UNAVAILABLE" in stdout
        assert same(["jwks", server.url])[0] == 3


def test_both_speak_alike_of_their_use():
    good = create_test_jwt({"sub": "a", **FAR}, secret=SECRET)
    source = ["explain", "--secret-env", "JWT_SECRET"]
    assert same([*source, good])[2].startswith(b"bearergate: the token was given as an argument")
    assert same(source, "x", BEARERGATE_TOKEN=good)[0] == 0
    for arguments in (["--help"], ["explain", "--help"], ["jwks", "--help"], ["--version"]):
        exit_code, stdout, stderr = same(arguments)
        assert (exit_code, stderr) == (0, b"")
        assert stdout
    for arguments in (
        [],
        ["explian"],
        ["explain"],
        source,
        [*source, "--typ"],
        [*source, "--algorithms", "RS256"],
        ["jwks", "nonsense"],
        ["explain", "--public-key", "/nonexistent", "x"],
    ):
        exit_code, stdout, stderr = same(arguments)
        assert (exit_code, stdout) == (2, b""), arguments
        assert stderr.startswith(b"bearergate: ")


def on_terminal(program: tuple[str, ...], **variables: str) -> bytes:
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    env = {
        "PATH": os.environ["PATH"],
        "JWT_SECRET": SECRET,
        "BEARERGATE_TOKEN": "x.y.z",
        "TERM": "xterm",
        **variables,
    }
    arguments = ["explain", "--secret-env", "JWT_SECRET"]
    child = subprocess.Popen([*program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    written = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            some = os.read(ours, 65536)
        except OSError:
            break
        if not some:
            break
        written += some
    os.close(ours)
    assert child.wait(30) == 1
    return written


def test_both_colour_a_terminal_and_honour_no_color():
    coloured = on_terminal(PYTHON)
    assert b"\x1b[1;31mFAILED" in coloured
    assert coloured == on_terminal(NODE)
    plain = on_terminal(PYTHON, NO_COLOR="1")
    assert b"\x1b" not in plain
    assert plain == on_terminal(NODE, NO_COLOR="1") == re.sub(rb"\x1b\[[0-9;]*m", b"", coloured)


@pytest.mark.parametrize("waits_for", ["input", "keys"])
def test_ctrl_c_ends_it(keypair, waits_for):
    with start_test_jwks_server(keypair.public_jwk) as server:
        server.fail("hang")
        env = {"PATH": os.environ["PATH"]}
        child = subprocess.Popen(
            [*PYTHON, "explain", "--jwks-uri", server.url, "--timeout", "60"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )
        assert child.stdin is not None
        if waits_for == "keys":
            token = create_test_jwt_rs256(keypair.private_key, {"sub": "a"}, kid=keypair.kid)
            child.stdin.write(token.encode())
            child.stdin.close()
            child.stdin = None
            deadline = time.monotonic() + 30
            while not server.requests and time.monotonic() < deadline:
                time.sleep(0.05)
            assert server.requests == 1
        else:
            time.sleep(1.5)
        child.send_signal(signal.SIGINT)
        stdout, stderr = child.communicate(timeout=30)
        assert (child.returncode, stdout, stderr) == (130, b"", b"")
