"""closed.py URL CHILDREN: forks while threads close verifiers; the children close some too."""

import os
import signal
import sys
import threading
import warnings

from bearergate import JwtVerifier

warnings.simplefilter("ignore", RuntimeWarning)  # so many verifiers, which are built for no request here
url, count = sys.argv[1], int(sys.argv[2])


def work() -> None:
    while True:
        JwtVerifier(jwks_uri=url, on_fetch=print).close()


# What is imported when it is first used: Python's own locks of modules that a thread imports survive a fork.
JwtVerifier(jwks_uri=url, on_fetch=print).close()
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
for turn in range(count):
    child = os.fork()
    if child == 0:
        signal.alarm(5)  # a child that hangs dies of it
        JwtVerifier(jwks_uri=url, on_fetch=print).close()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        print(f"child {turn} ended with {code}", file=sys.stderr, flush=True)
        os._exit(1)
print(f"{count} children", flush=True)
os._exit(0)
