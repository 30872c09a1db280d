"""Forks before, after or during a fetch. Every process verifies, and verifies again after a rotation.

forks.py URL OLD NEW SNAPSHOT MOMENT WAY: MOMENT is before, after, during (a cold fetch) or refreshing (a
fetch that a token caused); WAY is os or multiprocessing. All processes write one snapshot file.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time

from bearergate import JwtAuthError, JwtVerifier, KeysChangedEvent

CHILDREN = 2
url, old, new, snapshot, moment, way = sys.argv[1:]
heard: list[tuple[int, tuple[str | None, ...]]] = []


def hear(event: KeysChangedEvent) -> None:
    heard.append((os.getpid(), event.added))


verifier = JwtVerifier(jwks_uri=url, jwks={"snapshot_file": snapshot}, on_keys_changed=hear)
# Children tell that they have verified, and are told of the rotation.
verified, tell_verified = os.pipe()
rotated, tell_rotated = os.pipe()


def live(at_rotation) -> None:
    # A process that hangs dies of its alarm; with keys from before the fork there is nothing to wait for.
    signal.alarm(2 if moment in {"after", "refreshing"} else 10)
    assert verifier.verify(old).subject == "alice"
    signal.alarm(10)
    at_rotation()
    # Children on a loop of their own, the parent blocking.
    is_child = at_rotation is tell_and_wait
    context = asyncio.run(verifier.verify_async(new)) if is_child else verifier.verify(new)
    assert context.subject == "bob"
    try:
        verifier.verify(old)
    except JwtAuthError as error:
        assert error.code == "ERR_KEY_NOT_FOUND", error.code
    else:
        raise AssertionError("a key that is gone still verifies")
    # The hooks of this process hear of it; its alarm ends the wait.
    while (os.getpid(), ("key-2",)) not in heard:
        time.sleep(0.001)


def tell_and_wait() -> None:
    os.write(tell_verified, b"x")
    os.read(rotated, 1)


def child() -> None:
    live(tell_and_wait)


def await_rotation() -> None:
    for _ in range(CHILDREN):
        os.read(verified, 1)
    print("verified", flush=True)
    sys.stdin.readline()
    os.write(tell_rotated, b"x" * CHILDREN)


def fork_os() -> int:
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def fork_multiprocessing() -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    return process


def code_of(child) -> int:
    if way == "os":
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    child.join()
    return child.exitcode


waiting = None
if moment in {"after", "refreshing"}:
    verifier.verify(old)
if moment == "refreshing":
    print("warm", flush=True)
    sys.stdin.readline()
if moment in {"during", "refreshing"}:
    # A thread waits for a fetch that the endpoint holds back.
    waiting = threading.Thread(target=verifier.verify, args=(old if moment == "during" else new,))
    waiting.start()
    sys.stdin.readline()
children = [fork_os() if way == "os" else fork_multiprocessing() for _ in range(CHILDREN)]
live(await_rotation)
if waiting is not None:
    waiting.join()
codes = [code_of(child) for child in children]
print(codes)
sys.exit(0 if codes == [0] * CHILDREN else 1)
