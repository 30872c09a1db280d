"""busy_hook.py URL TOKEN: ends while a hook is at work."""

import sys
import threading
import time

from bearergate import FetchEvent, JwtVerifier

at_work = threading.Event()


def hook(event: FetchEvent) -> None:
    at_work.set()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        time.sleep(0)  # asks for the GIL again and again


verifier = JwtVerifier(jwks_uri=sys.argv[1], on_fetch=hook)
verifier.verify(sys.argv[2])
at_work.wait(5)
sys.exit(7)
