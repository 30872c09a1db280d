"""known.py URL TOKEN CHILDREN: forks while the core's own threads call Python about keys, again and again."""

import os
import sys
import threading

from bearergate import JwtVerifier

url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def work(index: int) -> None:
    turn = 0
    while True:
        turn += 1
        with JwtVerifier(jwks_uri=f"{url}?{index}-{turn}") as verifier:
            verifier.verify(token)


for index in range(3):
    threading.Thread(target=work, args=(index,), daemon=True).start()
for turn in range(count):
    child = os.fork()
    if child == 0:
        os._exit(0)  # which a child comes to unless it hangs in the fork itself
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        print(f"child {turn} ended with {code}", file=sys.stderr, flush=True)
        os._exit(1)
print(f"{count} children", flush=True)
os._exit(0)
