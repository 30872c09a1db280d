"""storm.py URL TOKEN CHILDREN: forks while threads build verifiers, fetch and close them."""

import os
import signal
import sys
import threading

from bearergate import JwtVerifier

url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
shared = JwtVerifier(jwks_uri=url)
shared.verify(token)
over = threading.Event()


def work(index: int) -> None:
    turn = 0
    while not over.is_set():
        turn += 1
        with JwtVerifier(jwks_uri=f"{url}?{index}-{turn}") as verifier:
            assert verifier.verify(token).subject == "alice"
        assert shared.verify(token).subject == "alice"


threads = [threading.Thread(target=work, args=(index,)) for index in range(3)]
for thread in threads:
    thread.start()
for turn in range(count):
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(5)  # a child that hangs dies of it
            assert shared.verify(token).subject == "alice"
            # The same source as a thread's, and one of its own: both are fetched in this process.
            for query in (f"0-{turn}", f"child-{turn}"):
                with JwtVerifier(jwks_uri=f"{url}?{query}") as verifier:
                    assert verifier.verify(token).subject == "alice"
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        print(f"child {turn} ended with {code}", file=sys.stderr)
        os._exit(1)
over.set()
for thread in threads:
    thread.join()
print(f"{count} children")
