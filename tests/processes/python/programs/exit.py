"""exit.py URL TOKEN WAY: begins a fetch, and ends in the given way when it is told to."""

import asyncio
import contextlib
import os
import sys
import threading

from bearergate import JwtAuthError, JwtVerifier

url, token, way = sys.argv[1:]
verifier = JwtVerifier(jwks_uri=url)


def wait_in_thread() -> None:
    # Daemons: the interpreter does not wait for them.
    threading.Thread(target=verifier.verify, args=(token,), daemon=True).start()


async def give_up() -> None:
    waiting = [asyncio.create_task(verifier.verify_async(token)) for _ in range(20)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in waiting:
        task.cancel()
    assert {type(error) for error in await asyncio.gather(*waiting, return_exceptions=True)} == {
        asyncio.CancelledError
    }


if way == "blocked":
    # A signal ends the wait.
    with contextlib.suppress(JwtAuthError):
        verifier.verify(token)
elif way == "cancelled":
    asyncio.run(give_up())
    sys.exit(7)
elif way == "cancelled from outside":

    async def main() -> None:
        # asyncio.run cancels what is left when its coroutine ends.
        asyncio.get_running_loop().create_task(verifier.verify_async(token))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

    asyncio.run(main())
    sys.exit(7)
else:
    wait_in_thread()
    sys.stdin.readline()
    if way == "exit":
        sys.exit(7)
    elif way == "raise":
        raise RuntimeError("on purpose")
    elif way == "close":
        verifier.close()
    elif way == "os._exit":
        os._exit(7)
