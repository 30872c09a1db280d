"""pool.py URL OLD NEW TASKS: a warm parent and a pool of long-lived forks, each replaced after a number
of tasks, as Celery's prefork pool does it."""

import multiprocessing
import os
import signal
import sys

from bearergate import JwtAuthError, JwtVerifier

WORKERS = 3
TASKS_PER_CHILD = 8
url, old, new, tasks = *sys.argv[1:4], int(sys.argv[4])
verifier = JwtVerifier(jwks_uri=url)


def task(token: str) -> tuple[int, str]:
    signal.alarm(10)  # a worker that hangs dies of it, and the pool's task is never done
    try:
        said = verifier.verify(token).subject
    except JwtAuthError as error:
        said = error.code
    signal.alarm(0)
    return os.getpid(), said


def told(answers: list[tuple[int, str]]) -> None:
    print(len({pid for pid, _ in answers}), *sorted({said for _, said in answers}), flush=True)
    sys.stdin.readline()


verifier.verify(old)
with multiprocessing.get_context("fork").Pool(WORKERS, maxtasksperchild=TASKS_PER_CHILD) as pool:
    told(pool.map_async(task, [old] * tasks, chunksize=1).get(20))
    # The parent refreshes between the forks of its workers.
    assert verifier.verify(new).subject == "bob"
    told(pool.map_async(task, [new] * tasks, chunksize=1).get(20))
    told(pool.map_async(task, [old] * tasks, chunksize=1).get(20))
