"""1,000 requests at once on a cold set make one fetch: as tasks of one loop, and as threads."""

import asyncio
import threading
import time

from bearergate import JwtVerifier
from load import Provider, end, figure

REQUESTS = 1000

provider = Provider()
exp = int(time.time()) + 600
tokens = [provider.token(0, "fixed", {"sub": f"s{index}", "exp": exp}) for index in range(REQUESTS)]


def report(what: str, path: str, subjects: list[str], seconds: float) -> None:
    verified = sum(subject == f"s{index}" for index, subject in enumerate(subjects))
    fetches = provider.count(path)
    figure(
        f"{REQUESTS} {what} on a cold set: {verified} verified, {fetches} fetch, {seconds * 1000:.0f} ms in all",
        holds=verified == REQUESTS and fetches == 1,
    )


async def as_tasks() -> None:
    async with JwtVerifier(jwks_uri=provider.url("/fixed/tasks")) as verifier:
        started = time.perf_counter()
        contexts = await asyncio.gather(*map(verifier.verify_async, tokens))
        report("tasks", "/fixed/tasks", [each.subject for each in contexts], time.perf_counter() - started)


def as_threads() -> None:
    subjects = [""] * REQUESTS
    together = threading.Barrier(REQUESTS + 1)
    with JwtVerifier(jwks_uri=provider.url("/fixed/threads")) as verifier:

        def verify(index: int) -> None:
            together.wait()
            subjects[index] = verifier.verify(tokens[index]).subject

        threads = [threading.Thread(target=verify, args=(index,)) for index in range(REQUESTS)]
        for thread in threads:
            thread.start()
        together.wait()
        started = time.perf_counter()
        for thread in threads:
            thread.join()
        report("threads", "/fixed/threads", subjects, time.perf_counter() - started)


asyncio.run(as_tasks())
as_threads()
provider.close()
end()
