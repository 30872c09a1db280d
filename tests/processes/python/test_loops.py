"""Event loops: several in a process, one that is closed during a fetch, and trio's, under Starlette."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from bearergate import JwtAuthError, JwtVerifier

LOOPS = 4


def test_loops_on_several_threads_wait_for_one_fetch(jwks, old, requests_reach):
    jwks.hold()
    token = old.token()
    waiting = threading.Barrier(LOOPS + 1)

    async def serve(verifier):
        calls = [asyncio.create_task(verifier.verify_async(token)) for _ in range(10)]
        await asyncio.sleep(0)
        waiting.wait(10)
        return [(await call).subject for call in calls]

    with JwtVerifier(jwks_uri=jwks.url) as verifier, ThreadPoolExecutor(LOOPS) as threads:
        loops = [threads.submit(asyncio.run, serve(verifier)) for _ in range(LOOPS)]
        waiting.wait(10)
        requests_reach(1)
        jwks.release()
        assert [loop.result(10) for loop in loops] == [["alice"] * 10] * LOOPS
        assert jwks.requests == 1


def test_loops_one_after_the_other(jwks, old, new):
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        for _ in range(3):
            assert asyncio.run(verifier.verify_async(old.token())).subject == "alice"
        jwks.keys = [new.jwk]
        # The fetch that a token causes is this loop's to wait for.
        assert asyncio.run(verifier.verify_async(new.token())).subject == "alice"
        assert jwks.requests == 2


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_loop_is_closed_while_a_fetch_is_pending(jwks, old, requests_reach, cancelled):
    """Its answer finds nobody. Other loops go on, with the same verifier and the same fetch."""
    jwks.hold()
    token = old.token()
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        loop = asyncio.new_event_loop()
        abandoned = [loop.create_task(verifier.verify_async(token)) for _ in range(3)]
        loop.run_until_complete(asyncio.sleep(0.01))
        requests_reach(1)
        if cancelled:
            for task in abandoned:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*abandoned, return_exceptions=True))
        loop.close()

        async def another():
            call = asyncio.create_task(verifier.verify_async(token))
            await asyncio.sleep(0.01)
            jwks.release()
            return await call

        assert asyncio.run(another()).subject == "alice"
        assert jwks.requests == 1
        for task in abandoned:
            # As the loop's end left it: asyncio says so once more when it is collected.
            task._log_destroy_pending = False
            assert task.cancelled() is cancelled


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_starlette_on_either_loop(jwks, old, new, backend):
    async def whoami(request):
        return PlainTextResponse((await verifier.verify_async(request.headers["authorization"][7:])).subject)

    async def refused(request, error):
        return JSONResponse({"code": error.code}, error.http_status)

    app = Starlette(routes=[Route("/", whoami)], exception_handlers={JwtAuthError: refused})

    async def main():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:

            async def ask(signer, said):
                answer = await client.get("/", headers={"authorization": f"Bearer {signer.token()}"})
                told.append((answer.status_code, answer.text) == said)

            jwks.hold()
            with anyio.move_on_after(0.05) as gone:
                await ask(old, None)
            # A client that has gone while keys are on their way.
            assert gone.cancelled_caught
            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(ask, old, (200, "alice"))
                await anyio.sleep(0.02)
                jwks.release()
            await ask(new, (401, '{"code":"ERR_KEY_NOT_FOUND"}'))

    told = []
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        anyio.run(main, backend=backend)
    assert told == [True] * 11
    # One, and the one that the unknown key caused.
    assert jwks.requests == 2
