"""`JwtVerifier` over remote keys: waiting, blocking and not, in every state of the process."""

import asyncio
import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from datetime import UTC, datetime, timedelta

import pytest
from jwks_server import JwksServer
from keys import SECRET, Signer, token

from bearergate import (
    ConfigError,
    InvalidTokenError,
    JwtVerifier,
    KeysUnavailableError,
    _native,
    create_jwt_auth_interceptor,
)
from bearergate._judge import Hooks, Judge


@pytest.fixture
def verifier(jwks):
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        yield verifier


def test_nothing_happens_before_the_first_token(jwks):
    before = threading.active_count()
    verifier = JwtVerifier(jwks_uri=jwks.url)
    assert verifier.stats()["state"] == "cold"
    time.sleep(0.05)
    assert jwks.requests == 0
    assert threading.active_count() == before


def test_the_first_token_waits_for_the_keys(verifier, jwks, signer):
    assert verifier.verify(signer.token()).subject == "alice"
    assert verifier.verify(signer.token(sub="bob")).subject == "bob"
    assert jwks.requests == 1


def test_waiting_holds_no_other_thread_up(verifier, jwks, signer):
    jwks.hold()
    subjects = []
    threads = [
        threading.Thread(
            target=lambda i=i: subjects.append(verifier.verify(signer.token(sub=f"s{i}")).subject)
        )
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    assert jwks.asked.wait(5)
    # This thread runs Python code while eight others wait.
    assert subjects == []
    jwks.release()
    for thread in threads:
        thread.join(5)
    assert sorted(subjects) == [f"s{i}" for i in range(8)]
    assert jwks.requests == 1


def test_waiting_holds_no_event_loop_up(verifier, jwks, signer):
    async def main():
        jwks.hold()
        calls = [asyncio.ensure_future(verifier.verify_async(signer.token(sub=f"s{i}"))) for i in range(8)]
        ticks = 0
        while not jwks.asked.is_set():
            await asyncio.sleep(0.005)
            ticks += 1
        for _ in range(5):
            await asyncio.sleep(0.005)
            ticks += 1
        assert ticks >= 5
        assert not any(call.done() for call in calls)
        jwks.release()
        assert sorted(context.subject for context in await asyncio.gather(*calls)) == [
            f"s{i}" for i in range(8)
        ]
        # With keys at hand nothing is suspended.
        call = verifier.verify_async(signer.token())
        with pytest.raises(StopIteration):
            call.send(None)

    asyncio.run(main())
    assert jwks.requests == 1


def test_a_cancelled_call_hurts_nobody(verifier, jwks, signer):
    async def main():
        jwks.hold()
        cancelled = asyncio.ensure_future(verifier.verify_async(signer.token()))
        kept = asyncio.ensure_future(verifier.verify_async(signer.token(sub="bob")))
        while not jwks.asked.is_set():
            await asyncio.sleep(0.005)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        jwks.release()
        assert (await kept).subject == "bob"

    asyncio.run(main())


def test_a_loop_closed_while_keys_are_on_their_way(verifier, jwks, signer):
    jwks.hold()
    loop = asyncio.new_event_loop()
    call = loop.create_task(verifier.verify_async(signer.token()))
    while not jwks.asked.is_set():
        loop.run_until_complete(asyncio.sleep(0.005))
    call.cancel()
    loop.run_until_complete(asyncio.gather(call, return_exceptions=True))
    loop.close()
    jwks.release()
    # The answer finds its loop closed; the verifier goes on, on this and any other loop.
    assert verifier.verify(signer.token()).subject == "alice"
    assert asyncio.run(verifier.verify_async(signer.token())).subject == "alice"


def test_a_task_whose_loop_has_ended_is_collected_once_the_answer_is_there(verifier, jwks, signer):
    class Held:
        pass

    async def wait(held):
        await verifier.verify_async(signer.token())

    jwks.hold()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # which is told that the task was pending
    held = Held()
    left = weakref.ref(held)
    task = loop.create_task(wait(held))
    while not jwks.asked.is_set():
        loop.run_until_complete(asyncio.sleep(0.005))
    loop.close()
    del task, held
    gc.collect()
    assert left() is not None  # the loop could go on: the task is kept while it waits
    jwks.release()
    assert verifier.verify(signer.token()).subject == "alice"
    for _ in range(500):
        gc.collect()
        if left() is None:
            break
        time.sleep(0.01)
    assert left() is None


def test_several_loops_share_a_verifier(verifier, jwks, signer):
    jwks.hold()
    subjects = []

    def run(i):
        subjects.append(asyncio.run(verifier.verify_async(signer.token(sub=f"s{i}"))).subject)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    assert jwks.asked.wait(5)
    jwks.release()
    for thread in threads:
        thread.join(5)
    assert sorted(subjects) == ["s0", "s1", "s2"]
    assert jwks.requests == 1


def test_trio(verifier, jwks, signer):
    import trio

    async def main():
        jwks.hold()
        seen = []

        async def call():
            seen.append((await verifier.verify_async(signer.token())).subject)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            while not jwks.asked.is_set():
                await trio.sleep(0.005)
            assert seen == []
            jwks.release()
        assert seen == ["alice"]
        await verifier.ready_async(timeout=1)

    trio.run(main)


def test_a_blocking_call_in_a_running_loop_warns_once(verifier, jwks, signer):
    async def main():
        with pytest.warns(RuntimeWarning, match="verify_async"):
            verifier.verify(signer.token())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            verifier.verify(signer.token())

    asyncio.run(main())


def test_with_keys_at_hand_a_blocking_call_in_a_loop_does_not_warn():
    async def main():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            JwtVerifier(secret=SECRET).verify(token())

    asyncio.run(main())


def test_keys_that_cannot_be_had(jwks, signer):
    jwks.status = 500
    verifier = JwtVerifier(jwks_uri=jwks.url)
    with pytest.raises(KeysUnavailableError) as caught:
        verifier.verify(signer.token())
    assert caught.value.http_status == 503
    assert caught.value.retry_after >= 1
    assert caught.value.challenge is None
    with pytest.raises(KeysUnavailableError):
        asyncio.run(verifier.verify_async(signer.token()))
    assert jwks.requests == 1
    assert verifier.stats()["failures"] == 1


class TestReady:
    def test_fetches_ahead(self, verifier, jwks, signer):
        assert verifier.ready(timeout=5) is None
        stats = verifier.stats()
        assert (stats["state"], stats["keys"], stats["fetches"]) == ("fresh", 1, 1)
        assert stats["url"] == jwks.url
        assert abs(stats["last_success"] - datetime.now(UTC)) < timedelta(seconds=10)
        verifier.ready()
        asyncio.run(verifier.ready_async())
        assert jwks.requests == 1

    def test_async(self, verifier, jwks):
        asyncio.run(verifier.ready_async(timeout=timedelta(seconds=5)))
        assert verifier.stats()["state"] == "fresh"

    @pytest.mark.parametrize("timeout", [0.05, timedelta(milliseconds=50), "0.05s", 0])
    def test_gives_up_in_time(self, verifier, jwks, timeout):
        jwks.hold()
        started = time.monotonic()
        for call in (verifier.ready, lambda timeout: asyncio.run(verifier.ready_async(timeout))):
            with pytest.raises(KeysUnavailableError) as caught:
                call(timeout)
            assert (caught.value.code, caught.value.reason) == ("ERR_KEYS_UNAVAILABLE", "timeout")
            assert caught.value.retry_after >= 1
        assert time.monotonic() - started < 2

    @pytest.mark.parametrize("timeout", ["5s", "1 minute", timedelta(seconds=5), 5, 5.0, None])
    def test_takes_durations_as_options_do(self, verifier, timeout):
        verifier.ready(timeout)
        asyncio.run(verifier.ready_async(timeout))

    @pytest.mark.parametrize(
        "timeout", [-1, timedelta(seconds=-1), float("nan"), float("inf"), "", "5", "soon", True, [5], b"5s"]
    )
    @pytest.mark.parametrize("static", [True, False])
    def test_what_is_no_duration(self, verifier, jwks, timeout, static):
        if static:
            verifier = JwtVerifier(secret=SECRET)
        for call in (verifier.ready, lambda timeout: asyncio.run(verifier.ready_async(timeout))):
            with pytest.raises(ConfigError, match="`timeout`") as caught:
                call(timeout)
            assert caught.value.option == "timeout"
        assert jwks.requests == 0

    def test_static_keys_are_ready(self):
        verifier = JwtVerifier(secret=SECRET)
        verifier.ready()
        asyncio.run(verifier.ready_async())
        assert verifier.stats()["state"] == "static"


class TestClose:
    def test_ends_waiting_calls(self, jwks, signer):
        jwks.hold()
        verifier = JwtVerifier(jwks_uri=jwks.url)
        errors = []

        def call():
            try:
                verifier.verify(signer.token())
            except KeysUnavailableError as error:
                errors.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        assert jwks.asked.wait(5)
        verifier.close()
        thread.join(5)
        assert len(errors) == 1

    def test_is_idempotent_and_lasting(self, jwks, signer):
        with JwtVerifier(jwks_uri=jwks.url) as verifier:
            verifier.verify(signer.token())
        verifier.close()
        assert verifier.stats()["state"] == "closed"
        with pytest.raises(KeysUnavailableError):
            verifier.verify(signer.token())

    def test_async_with(self, jwks, signer):
        async def main():
            async with JwtVerifier(jwks_uri=jwks.url) as verifier:
                assert (await verifier.verify_async(signer.token())).subject == "alice"
            assert verifier.stats()["state"] == "closed"

        asyncio.run(main())


def test_ctrl_c_interrupts_a_blocked_call(jwks):
    jwks.hold()
    code = (
        "import sys\n"
        "from bearergate import JwtVerifier\n"
        "print('waiting', flush=True)\n"
        "JwtVerifier(jwks_uri=sys.argv[1]).ready()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, jwks.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "waiting\n"
    assert jwks.asked.wait(10)
    started = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert "KeyboardInterrupt" in errors


def test_an_interpreter_that_ends_while_keys_are_on_their_way(jwks):
    jwks.hold()
    code = (
        "import asyncio, sys\n"
        "from bearergate import JwtVerifier\n"
        "async def main():\n"
        "    asyncio.ensure_future(JwtVerifier(jwks_uri=sys.argv[1]).ready_async())\n"
        "    await asyncio.sleep(0.2)\n"
        "asyncio.run(main())\n"
    )
    child = subprocess.run([sys.executable, "-c", code, jwks.url], capture_output=True, text=True, timeout=20)
    assert (child.returncode, child.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_fork_verifies(jwks, warm):
    code = """
import os, signal, sys
from bearergate import JwtVerifier
verifier = JwtVerifier(jwks_uri=sys.argv[1])
token = sys.argv[2]
if sys.argv[3] == "True":
    verifier.verify(token)
child = os.fork()
signal.alarm(10)
assert verifier.verify(token).subject == "alice"
verifier.verify(token)
if child == 0:
    os._exit(0)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    signer = Signer("key-1")
    jwks.keys = [signer.jwk]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, jwks.url, signer.token(), str(warm)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("given", ["", ".", "a.b.c", "\ud800.a.b", "é.a.b", "\0", "a" * 100_000])
def test_any_text_is_judged(given):
    with pytest.raises(InvalidTokenError):
        JwtVerifier(secret=SECRET).verify(given)


@pytest.mark.parametrize("given", [None, b"a.b.c", token().encode(), bytearray(b"x"), 5, ["a"], object()])
def test_what_is_no_text_is_no_token(given):
    told = []
    verifier = JwtVerifier(secret=SECRET, on_reject=told.append)
    for call in (verifier.verify, lambda given: asyncio.run(verifier.verify_async(given))):
        with pytest.raises(InvalidTokenError) as caught:
            call(given)
        assert (caught.value.code, caught.value.reason) == ("ERR_TOKEN_MALFORMED", "invalid")
    assert [info["code"] for info in told] == ["ERR_TOKEN_MALFORMED"] * 2


def test_positional_options_are_refused():
    with pytest.raises(TypeError):
        JwtVerifier({"secret": SECRET})


def test_the_clock_of_a_runner():
    options = {"secret": SECRET}
    gate = _native.Gate.on_clock(options, 1_000_000_000_000, 0)
    verifier = JwtVerifier._over(Judge(gate, Hooks()))
    old = token(exp=1_000_000_100)
    assert verifier.verify(old).subject == "alice"
    gate.set_clock(1_000_000_100_000, 100_000)
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(old)
    assert caught.value.code == "ERR_TOKEN_EXPIRED"
    with pytest.raises(RuntimeError):
        _native.Gate(options).set_clock(0, 0)


def test_a_ticket_is_waited_for_once(jwks):
    gate = _native.Gate({"jwks_uri": jwks.url})
    ticket = gate.ready()
    assert ticket.wait() is None
    for again in (ticket.wait, lambda: ticket.subscribe(print)):
        with pytest.raises(RuntimeError):
            again()


def test_rotation(jwks, verifier):
    new = Signer("key-2")
    old = jwks.keys[0]
    verifier.ready()
    jwks.keys = [old, new.jwk]
    assert verifier.verify(new.token()).subject == "alice"
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(Signer("key-3").token())
    assert caught.value.code == "ERR_KEY_NOT_FOUND"
    assert jwks.requests == 2


def test_two_servers_do_not_mix(jwks, signer):
    other_signer = Signer("key-1")
    other = JwksServer(other_signer.jwk)
    try:
        with JwtVerifier(jwks_uri=jwks.url) as one, JwtVerifier(jwks_uri=other.url) as two:
            assert one.verify(signer.token()).subject == "alice"
            assert two.verify(other_signer.token()).subject == "alice"
            with pytest.raises(InvalidTokenError):
                one.verify(other_signer.token())
    finally:
        other.close()


def test_threads_share_one_verifier_and_one_context():
    verifier = JwtVerifier(secret=SECRET)
    tokens = [token(sub=f"s{i}", big=2**64 + i) for i in range(8)]
    shared = verifier.verify(token(sub="shared", list=[{"a": 1}]))
    start = threading.Barrier(8)
    wrong, claims = [], []

    def work(i):
        start.wait()
        claims.append(shared.claims)
        for _ in range(200):
            context = verifier.verify(tokens[i])
            if (context.subject, context.claims["big"]) != (f"s{i}", 2**64 + i):
                wrong.append(context)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    # Parsed once, whoever asked first.
    assert all(seen is claims[0] for seen in claims)
    assert verifier.stats()["cache_hits"] > 0


def test_it_belongs_to_its_process():
    verifier = JwtVerifier(secret=SECRET)
    for send in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="build a verifier in each"):
            send(verifier)
        with pytest.raises(TypeError, match="cannot pickle"):
            send(create_jwt_auth_interceptor(secret=SECRET))
