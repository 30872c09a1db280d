"""spawned.py URL OLD NEW WAY: processes that begin anew (`spawn`, `forkserver`) and import the program: each
has a verifier, and keys, of its own, and hands contexts back."""

import multiprocessing
import os
import pickle
import signal
import sys
from concurrent.futures import ProcessPoolExecutor

from bearergate import AuthContext, JwtAuthError, JwtVerifier

CHILDREN = 2
verifier = JwtVerifier(jwks_uri=os.environ.setdefault("JWKS_URI", sys.argv[1]))


def task(token: str, together) -> tuple[int, AuthContext | str]:
    signal.alarm(15)  # a child that hangs dies of it, and its task fails
    # Each child has one task at a time, so each has its turn.
    together.wait()
    try:
        return os.getpid(), verifier.verify(token)
    except JwtAuthError as error:
        return os.getpid(), error.code


def ask(pool: ProcessPoolExecutor, token: str, together) -> dict[int, AuthContext | str]:
    answers = [pool.submit(task, token, together) for _ in range(CHILDREN)]
    return dict(answer.result(20) for answer in answers)


if __name__ == "__main__":
    _, url, old, new, way = sys.argv
    here = verifier.verify(old)
    try:
        pickle.dumps(verifier)
    except TypeError:
        pass
    else:
        raise AssertionError("a verifier went to another process")
    methods = multiprocessing.get_context(way)
    with methods.Manager() as manager, ProcessPoolExecutor(CHILDREN, mp_context=methods) as pool:
        together = manager.Barrier(CHILDREN)
        there = ask(pool, old, together)
        assert list(there.values()) == [here] * CHILDREN, there
        print("verified", flush=True)
        sys.stdin.readline()
        assert verifier.verify(new).subject == "bob"
        after = ask(pool, new, together)
        assert after.keys() == there.keys()
        assert {context.subject for context in after.values()} == {"bob"}
        assert set(ask(pool, old, together).values()) == {"ERR_KEY_NOT_FOUND"}
