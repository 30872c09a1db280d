"""finalize.py URL TOKEN SECONDS WAITERS: ends after a time, with a loop in a daemon thread on which calls
wait for keys and go on calling, so that answers arrive while the interpreter is taken down."""

import asyncio
import contextlib
import sys
import threading
import time

from bearergate import JwtAuthError, JwtVerifier

url, token, seconds, waiters = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
sys.setswitchinterval(0.00001)
started = threading.Event()


async def call(verifier: JwtVerifier) -> None:
    with contextlib.suppress(JwtAuthError):
        await verifier.verify_async(token)


async def main() -> None:
    turn = 0
    while True:
        turn += 1
        with JwtVerifier(jwks_uri=f"{url}?{turn}") as verifier:
            calls = [asyncio.create_task(call(verifier)) for _ in range(waiters)]
            await asyncio.sleep(0)
            started.set()
            await asyncio.gather(*calls)


threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
started.wait()
time.sleep(seconds)
sys.exit(7)
