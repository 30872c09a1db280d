"""Valid requests beside 10,000 unknown kids a second: their p99 with the flood and without it, in
alternating windows, and the fetches that the flood causes.

Every call has a time at which it is due; a valid call's latency counts from then, so that whatever the
flood holds up is part of it. Twice: as tasks of one event loop that never sleeps, and as threads, four
that flood and one that is valid.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bearergate import JwtAuthError, JwtVerifier
from load import Provider, end, figure, median, quantile, say, us

FLOOD_RATE = 10_000
VALID_RATE = 200
FLOODERS = 4

arguments = argparse.ArgumentParser()
arguments.add_argument("--seconds", type=float, default=10)
arguments.add_argument("--pairs", type=int, default=3)
arguments.add_argument("--cooldown", type=float, default=2)
arguments.add_argument("--smoke", action="store_true")
given = arguments.parse_args()
if given.smoke:
    given.seconds, given.pairs, given.cooldown = 0.5, 1, 30

provider = Provider()
exp = int(time.time()) + 3600
valid = [provider.token(0, "fixed", {"sub": "alice", "jti": str(i), "exp": exp}) for i in range(200)]
# Never signed by a key of the set, which is found out only after the look-up of the kid.
unknown = [provider.token(1, f"unknown-{i}", {"sub": "alice", "exp": exp}) for i in range(10_000)]


@dataclass
class Window:
    """What happened in one window."""

    offered: int = 0
    elapsed: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def tasks(verifier: JwtVerifier, floods: bool) -> Window:
    return asyncio.run(on_a_loop(verifier, floods))


async def on_a_loop(verifier: JwtVerifier, floods: bool) -> Window:
    window = Window()
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()

    async def be_valid(index: int, due: float) -> None:
        await verifier.verify_async(valid[index % len(valid)])
        window.latencies.append(loop.time() - due)

    async def be_unknown(index: int) -> None:
        try:
            await verifier.verify_async(unknown[index % len(unknown)])
        except JwtAuthError as error:
            window.refusals[error.code] += 1

    flood_calls = int(FLOOD_RATE * given.seconds) if floods else 0
    valid_calls = int(VALID_RATE * given.seconds)
    flood = good = 0
    started = loop.time()
    while flood < flood_calls or good < valid_calls:
        due_flood = started + flood / FLOOD_RATE if flood < flood_calls else math.inf
        due_good = started + good / VALID_RATE if good < valid_calls else math.inf
        if min(due_flood, due_good) > loop.time():
            await asyncio.sleep(0)
            continue
        if due_good <= due_flood:
            task = loop.create_task(be_valid(good, due_good))
            good += 1
        else:
            task = loop.create_task(be_unknown(flood))
            flood += 1
        running.add(task)
        task.add_done_callback(running.discard)
    window.elapsed = loop.time() - started
    window.offered = flood
    await asyncio.gather(*running)
    return window


def threads(verifier: JwtVerifier, floods: bool) -> Window:
    window = Window()
    started = time.perf_counter() + 0.05
    lock = threading.Lock()

    def wait_until(due: float) -> None:
        delay = due - time.perf_counter()
        if delay > 0:
            time.sleep(delay)

    def flood(lane: int) -> None:
        refusals: Counter[str] = Counter()
        offered = 0
        for index in range(lane, int(FLOOD_RATE * given.seconds), FLOODERS):
            wait_until(started + index / FLOOD_RATE)
            try:
                verifier.verify(unknown[index % len(unknown)])
            except JwtAuthError as error:
                refusals[error.code] += 1
            offered += 1
        elapsed = time.perf_counter() - started
        with lock:
            window.offered += offered
            window.elapsed = max(window.elapsed, elapsed)
            window.refusals += refusals

    def be_valid() -> None:
        for index in range(int(VALID_RATE * given.seconds)):
            due = started + index / VALID_RATE
            wait_until(due)
            verifier.verify(valid[index % len(valid)])
            window.latencies.append(time.perf_counter() - due)

    lanes = [threading.Thread(target=flood, args=(lane,)) for lane in range(FLOODERS if floods else 0)]
    lanes.append(threading.Thread(target=be_valid))
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return window


def measure(way: Callable[[JwtVerifier, bool], Window]) -> None:
    name = way.__name__
    path = f"/fixed/flood-{name}"
    # Without the cache each valid request verifies a signature.
    verifier = JwtVerifier(jwks_uri=provider.url(path), cache=False, jwks={"cooldown": given.cooldown})
    verifier.ready("5s")
    if not given.smoke:
        way(verifier, True)
    before = provider.count(path)
    started = time.perf_counter()
    windows: dict[bool, list[Window]] = {False: [], True: []}
    for _ in range(given.pairs):
        for floods in (False, True):
            window = way(verifier, floods)
            windows[floods].append(window)
            p50, p99, worst = (us(quantile(window.latencies, share)) for share in (0.5, 0.99, 1))
            kind = f"flood of {window.offered / window.elapsed:.0f}/s" if floods else "no flood"
            say(
                f"{name}, {kind}: {len(window.latencies)} valid, p50 {p50}, p99 {p99}, worst {worst} "
                f"{dict(window.refusals)}, load average {os.getloadavg()[0]:.1f}"
            )
    seconds = time.perf_counter() - started
    time.sleep(0.1)  # the last fetch may be under way when its window ends
    caused = provider.count(path) - before
    verifier.close()

    offered = sum(window.offered for window in windows[True])
    rate = min(window.offered / window.elapsed for window in windows[True])
    most = 1 if given.smoke else math.ceil(seconds / given.cooldown) + 1
    figure(
        f"{name}: {offered} unknown kids in {given.pairs} windows of {given.seconds} s, slowest at {rate:.0f}/s: "
        f"{caused} fetches caused, at most {most} with a cooldown of {given.cooldown} s",
        holds=offered == int(FLOOD_RATE * given.seconds) * given.pairs
        and (caused == 1 if given.smoke else 1 <= caused <= most and rate >= 0.98 * FLOOD_RATE),
    )
    counts = {floods: sum(len(window.latencies) for window in windows[floods]) for floods in windows}
    figure(
        f"{name}: {counts[False]} and {counts[True]} valid requests verified without and with the flood",
        holds=set(counts.values()) == {int(VALID_RATE * given.seconds) * given.pairs},
    )
    if not given.smoke:
        calm, flooded = (
            median([quantile(w.latencies, 0.99) for w in windows[floods]]) for floods in (False, True)
        )
        figure(
            f"{name}: p99 {us(calm)} without, {us(flooded)} with the flood: {flooded / calm:.2f} x",
            holds=flooded / calm <= 2,
        )


for way in (tasks, threads):
    measure(way)
provider.close()
end()
