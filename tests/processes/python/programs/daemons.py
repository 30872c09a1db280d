"""daemons.py URL TOKEN SECONDS: ends after a time, with daemon threads that verify, wait for keys and are
refused all the while."""

import contextlib
import sys
import threading
import time

from bearergate import JwtAuthError, JwtVerifier

url, token, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
sys.setswitchinterval(0.00001)
warm = JwtVerifier(jwks_uri=url, cache=False)
warm.verify(token)


def work(index: int) -> None:
    turn = 0
    while True:
        turn += 1
        for _ in range(20):
            warm.verify(token)
            with contextlib.suppress(JwtAuthError):
                warm.verify("a.b.c")
        with JwtVerifier(jwks_uri=f"{url}?{index}-{turn}") as cold:
            cold.verify(token)


for index in range(4):
    threading.Thread(target=work, args=(index,), daemon=True).start()
time.sleep(seconds)
sys.exit(7)
