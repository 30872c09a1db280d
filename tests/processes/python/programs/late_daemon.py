"""late_daemon.py URL TOKEN: ends while a loop in a daemon thread, which asked for keys when the interpreter
had already begun to end, is being told of them."""

import atexit
import sys
import threading
import time

ending = threading.Event()
at_work = threading.Event()


@atexit.register  # before the package is imported, so it runs after whatever the package does at the end
def late() -> None:
    ending.set()
    if not at_work.wait(10):
        print("the loop was told nothing")


import asyncio  # noqa: E402

from bearergate import JwtVerifier  # noqa: E402

verifier = JwtVerifier(jwks_uri=sys.argv[1], jwks={"timeout": 5})


class Loop(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, *arguments: object, **named: object) -> None:
        at_work.set()
        while True:
            time.sleep(0)  # asks for the GIL again and again


async def main() -> None:
    ending.wait()
    await verifier.verify_async(sys.argv[2])


threading.Thread(target=lambda: Loop().run_until_complete(main()), daemon=True).start()
sys.exit(7)
