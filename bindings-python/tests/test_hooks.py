"""`validate` and `on_reject`, sync and async."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest
from keys import SECRET, token

from bearergate import ExpiredTokenError, InvalidTokenError, JwtVerifier


def verify(**options):
    return JwtVerifier(secret=SECRET, **options).verify(token())


def verify_async(**options):
    return asyncio.run(JwtVerifier(secret=SECRET, **options).verify_async(token()))


both = pytest.mark.parametrize("judged", [verify, verify_async])


def answering(verdict):
    async def validate(context):
        await asyncio.sleep(0)
        return verdict

    return validate


@both
@pytest.mark.parametrize("verdict", [None, True, 1, "yes"])
def test_validate_passes(judged, verdict):
    seen = []

    def validate(context):
        seen.append(context)
        return verdict

    context = judged(validate=validate)
    assert seen == [context]


@both
@pytest.mark.parametrize("verdict", [False, 0, "", []])
def test_validate_refuses(judged, verdict):
    with pytest.raises(InvalidTokenError) as caught:
        judged(validate=lambda context: verdict)
    assert (caught.value.code, caught.value.reason) == ("ERR_REVOKED", "check_failed")


@pytest.mark.parametrize(("verdict", "code"), [(True, None), (None, None), (False, "ERR_REVOKED")])
def test_async_validate(verdict, code):
    if code is None:
        assert verify_async(validate=answering(verdict)).subject == "alice"
    else:
        with pytest.raises(InvalidTokenError) as caught:
            verify_async(validate=answering(verdict))
        assert caught.value.code == code


@both
def test_a_validate_that_raises_refuses_with_its_error_as_cause(judged):
    failure = RuntimeError("the database is down")

    def validate(context):
        raise failure

    with pytest.raises(InvalidTokenError) as caught:
        judged(validate=validate)
    assert caught.value.code == "ERR_VALIDATE_FAILED"
    assert caught.value.__cause__ is failure


def test_an_async_validate_cannot_answer_a_blocking_call():
    with pytest.raises(InvalidTokenError) as caught:
        verify(validate=answering(True))
    assert caught.value.code == "ERR_VALIDATE_FAILED"
    assert "validate is async" in str(caught.value.__cause__)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        gc.collect()
    assert heard == []


def test_validate_never_sees_an_unverified_token():
    seen = []
    with pytest.raises(InvalidTokenError):
        JwtVerifier(secret="x" * 32, validate=seen.append).verify(token())
    with pytest.raises(ExpiredTokenError):
        JwtVerifier(secret=SECRET, validate=seen.append).verify(token(exp=1))
    assert seen == []


def test_a_cancelled_validate_is_a_cancellation():
    async def main():
        begun = asyncio.Event()

        async def validate(context):
            begun.set()
            await asyncio.sleep(60)

        task = asyncio.ensure_future(JwtVerifier(secret=SECRET, validate=validate).verify_async(token()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_on_reject_is_told_and_not_the_token():
    told = []
    verifier = JwtVerifier(secret=SECRET, issuer="https://a.example", on_reject=told.append)
    with pytest.raises(InvalidTokenError):
        verifier.verify(token(iss="https://evil.example"))
    with pytest.raises(InvalidTokenError):
        verifier.verify("a.b")
    assert told == [
        {
            "code": "ERR_CLAIM_INVALID",
            "connect_code": "unauthenticated",
            "reason": "check_failed",
            "claim": "iss",
            "alg": "HS256",
            "issuer": "https://a.example",
        },
        {"code": "ERR_TOKEN_MALFORMED", "connect_code": "unauthenticated", "reason": "invalid"},
    ]


def test_on_reject_is_told_of_a_validate_that_refuses():
    told = []
    with pytest.raises(InvalidTokenError):
        verify(validate=lambda context: False, on_reject=told.append)
    assert [info["code"] for info in told] == ["ERR_REVOKED"]


def test_whatever_on_reject_does_the_refusal_stands():
    def fail(info):
        raise RuntimeError("no log today")

    async def fail_later(info):
        await asyncio.sleep(0)
        raise RuntimeError("no log today")

    for on_reject in (fail, fail_later, lambda info: info.clear()):
        verifier = JwtVerifier(secret=SECRET, on_reject=on_reject)
        with pytest.raises(InvalidTokenError):
            verifier.verify("a.b")

        async def main(verifier=verifier):
            with pytest.raises(InvalidTokenError):
                await verifier.verify_async("a.b")
            await asyncio.sleep(0.01)

        asyncio.run(main())


class Clerk:
    """An async `on_reject` that keeps what it was told, and where."""

    def __init__(self):
        self.told, self.threads, self.loops = [], set(), set()
        self.done = threading.Event()

    async def __call__(self, info):
        await asyncio.sleep(0.05)
        self.told.append(info["code"])
        self.threads.add(threading.current_thread())
        self.loops.add(asyncio.get_running_loop())
        self.done.set()


def test_an_async_on_reject_runs_to_its_end_without_a_loop():
    clerk = Clerk()
    verifier = JwtVerifier(secret=SECRET, on_reject=clerk)
    for _ in range(3):
        clerk.done.clear()
        started = time.monotonic()
        with pytest.raises(InvalidTokenError):
            verifier.verify("a.b")
        # The refusal does not wait for its report.
        assert time.monotonic() - started < 0.05
        assert clerk.done.wait(5)
    assert clerk.told == ["ERR_TOKEN_MALFORMED"] * 3
    (thread,) = clerk.threads
    assert thread.daemon
    assert thread is not threading.current_thread()
    # A client that is bound to its loop can be kept.
    assert len(clerk.loops) == 1


def test_an_async_on_reject_that_ends_programs_ends_no_later_report():
    async def leave(info):
        raise SystemExit(1)

    clerk = Clerk()
    for on_reject in (leave, clerk):
        with pytest.raises(InvalidTokenError):
            verify(validate=lambda context: False, on_reject=on_reject)
    assert clerk.done.wait(5)


def test_an_async_on_reject_runs_on_trio():
    import trio

    told = []

    async def on_reject(info):
        await trio.lowlevel.checkpoint()
        told.append(info["code"])
        raise RuntimeError("no log today")

    async def main():
        verifier = JwtVerifier(secret=SECRET, on_reject=on_reject)
        with pytest.raises(InvalidTokenError):
            await verifier.verify_async("a.b")
        with pytest.raises(InvalidTokenError):
            verifier.verify("a.b")
        await trio.sleep(0.02)

    trio.run(main)
    assert told == ["ERR_TOKEN_MALFORMED"] * 2


@pytest.mark.parametrize("fork", [False, True])
def test_the_end_of_a_process_waits_for_its_reports(fork):
    if fork and not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")
    code = """
import asyncio, os, sys
from bearergate import InvalidTokenError, JwtVerifier
async def report(info):
    await asyncio.sleep(0.2)
    # One write, which another process cannot come between.
    os.write(1, (info["code"] + "\\n").encode())
def refuse():
    try:
        JwtVerifier(secret="x" * 32, on_reject=report).verify("a.b")
    except InvalidTokenError:
        pass
refuse()
if sys.argv[1] == "True":
    child = os.fork()
    if child == 0:
        refuse()
    else:
        os.waitpid(child, 0)
"""
    # From 3.12 a fork beside threads warns, whoever made them.
    flags = ["-W", "default", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [sys.executable, *flags, "-c", code, str(fork)], capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["ERR_TOKEN_MALFORMED"] * (2 if fork else 1)


def test_an_async_on_reject_runs_to_its_end():
    told = []

    async def on_reject(info):
        await asyncio.sleep(0)
        told.append(info["code"])

    async def main():
        verifier = JwtVerifier(secret=SECRET, on_reject=on_reject)
        with pytest.raises(InvalidTokenError):
            await verifier.verify_async("a.b")
        assert told == []
        gc.collect()
        await asyncio.sleep(0.01)
        assert told == ["ERR_TOKEN_MALFORMED"]

    asyncio.run(main())
