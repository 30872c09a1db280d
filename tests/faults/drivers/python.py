"""The Python package behind JSON lines: one operation per line on standard input, one answer per line on
standard output, answers in the order in which they are ready."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import os
import re
import resource
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import Headers, RequestContext
from protobuf.wkt import StringValue

from bearergate import ConfigError, JwtAuthError, JwtVerifier
from bearergate._judge import Judge, take_hooks
from bearergate._native import Gate as NativeGate
from bearergate.connect import JwtAuthInterceptor

HOOKS = {"on_fetch": "onFetch", "on_fetch_error": "onFetchError", "on_keys_changed": "onKeysChanged"}

# Objects whose members are data, not options.
DATA = {"publicKey", "initial", "headers"}

METHOD = MethodInfo(
    name="Get",
    service_name="pkg.Service",
    input=StringValue,
    output=StringValue,
    idempotency_level=IdempotencyLevel.UNKNOWN,
    stream_type=StreamType.UNARY,
)


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda c: "_" + c[0].lower(), name)


def camel(name: str) -> str:
    return re.sub("_([a-z])", lambda c: c[1].upper(), name)


def options_of(value: Any) -> Any:
    """Options as this language spells them."""
    if isinstance(value, list):
        return [options_of(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {snake(name): each if name in DATA else options_of(each) for name, each in value.items()}


def plain(value: Any) -> Any:
    """Stats and events as the other language spells them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {camel(name): plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def outcome_of(error: Exception) -> dict[str, Any]:
    if not isinstance(error, JwtAuthError):
        return {"crash": repr(error)}
    return {"code": error.code, "reason": error.reason, "connectCode": error.connect_code}


def blocking(verifier: JwtVerifier, token: str) -> dict[str, Any]:
    try:
        return {"subject": verifier.verify(token).subject}
    except Exception as error:
        return outcome_of(error)


def count(outcomes: list[dict[str, Any]]) -> dict[str, int]:
    return Counter(map(name_of, outcomes))


def name_of(outcome: dict[str, Any]) -> str:
    if "subject" in outcome:
        return "ok"
    return outcome["crash"] if "crash" in outcome else f"{outcome['code']} {outcome['reason']}"


class Open:
    """One verifier, what its hooks were told, and its clock where it has one."""

    def __init__(self, options: dict[str, Any], clock: dict[str, int] | None) -> None:
        self.events: list[dict[str, Any]] = []
        given = options_of(options)
        for hook, name in HOOKS.items():
            given[hook] = lambda event, name=name: self.events.append({"hook": name, **plain(event)})
        if clock is None:
            self.verifier = JwtVerifier(**given)
            self.judge = self.verifier._judge
        else:
            self.judge = on_clock(given, clock)
            self.verifier = JwtVerifier._over(self.judge)


def on_clock(given: dict[str, Any], clock: dict[str, int]) -> Judge:
    hooks = take_hooks(given)
    return Judge(NativeGate.on_clock(given, clock["wall"], clock["mono"]), hooks)


class Driver:
    def __init__(self) -> None:
        self.gates: dict[int, Open] = {}
        self.tasks: set[asyncio.Task[Any]] = set()

    def open(self, options: Any, clock: Any = None) -> dict[str, Any]:
        try:
            self.gates[len(self.gates) + 1] = Open(options, clock)
        except ConfigError as error:
            return {"config": {"option": camel(error.option), "message": str(error)}}
        return {"gate": len(self.gates)}

    async def verify(self, gate: int, token: str, block: bool = False) -> dict[str, Any]:
        verifier = self.gates[gate].verifier
        started = time.perf_counter()
        if block:
            outcome = await asyncio.to_thread(blocking, verifier, token)
        else:
            try:
                outcome = {"subject": (await verifier.verify_async(token)).subject}
            except Exception as error:
                outcome = outcome_of(error)
        return {**outcome, "ms": (time.perf_counter() - started) * 1000}

    async def request(self, gate: int, token: str) -> dict[str, Any]:
        headers = Headers()
        headers.add("authorization", f"Bearer {token}")
        ctx = RequestContext(method=METHOD, http_method="POST", request_headers=headers)
        interceptor = JwtAuthInterceptor._over(self.gates[gate].judge)
        try:
            await interceptor.on_end(await interceptor.on_start(ctx), ctx, None)
        except ConnectError as error:
            cause = error.__cause__
            code = cause.code if isinstance(cause, JwtAuthError) else None
            retry_after = ctx.response_headers.get("retry-after")
            said = {"connectCode": error.code.value, "code": code, "message": error.message}
            return {**said, "retryAfter": retry_after}
        return {"admitted": True}

    async def verify_many(self, gate: int, tokens: list[str], times: int = 1) -> dict[str, Any]:
        """How many of these calls, all begun at once, ended in which way."""
        started = time.perf_counter()
        outcomes = await asyncio.gather(*(self.verify(gate, token) for token in tokens * times))
        return {"counts": count(outcomes), "ms": (time.perf_counter() - started) * 1000}

    async def verify_in_threads(self, gate: int, token: str, times: int) -> dict[str, Any]:
        """The same from threads, each of which blocks."""
        outcomes: list[dict[str, Any]] = []
        verifier = self.gates[gate].verifier

        def work() -> None:
            outcomes.append(blocking(verifier, token))

        threads = [threading.Thread(target=work) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        return {"counts": count(outcomes)}

    async def cancelled_verify(self, gate: int, token: str, after_ms: int) -> str:
        """A call that gives up while it waits."""
        task = asyncio.create_task(self.gates[gate].verifier.verify_async(token))
        await asyncio.sleep(after_ms / 1000)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"
        return "ended"

    async def flood(
        self, gate: int, tokens: list[str], valid: list[str], per_second: int, seconds: float
    ) -> dict[str, Any]:
        """Tokens at an even pace, with a valid one every now and then whose time is taken."""
        verifier = self.gates[gate].verifier
        outcomes, times = [], []
        started = time.perf_counter()
        sent = slots = 0
        while (elapsed := time.perf_counter() - started) < seconds:
            while sent < elapsed * per_second:
                outcomes.append(asyncio.ensure_future(self.verify(gate, tokens[sent % len(tokens)])))
                sent += 1
            while slots < elapsed * 500:
                before = time.perf_counter()
                verifier.verify(valid[slots % len(valid)])
                times.append((time.perf_counter() - before) * 1000)
                slots += 1
            await asyncio.sleep(0)
        return {"counts": count(await asyncio.gather(*outcomes)), "times": times}

    async def ready(self, gate: int, timeout: float) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            await self.gates[gate].verifier.ready_async(timeout)
            outcome = {"ready": True}
        except JwtAuthError as error:
            outcome = outcome_of(error)
        return {**outcome, "ms": (time.perf_counter() - started) * 1000}

    def stats(self, gate: int) -> Any:
        stats: dict[str, Any] = dict(self.gates[gate].verifier.stats())
        if stats["last_success"] is not None:
            stats["last_success"] = round(stats["last_success"].timestamp() * 1000)
        return {camel(name): plain(each) for name, each in stats.items()}

    def close(self, gate: int) -> None:
        self.gates[gate].verifier.close()

    def clock(self, gate: int, wall: int, mono: int) -> None:
        self.gates[gate].judge.gate.set_clock(wall, mono)

    async def settle(self, gate: int) -> None:
        """Returns once no fetch is under way."""
        verifier = self.gates[gate].verifier
        while verifier.stats()["fetching"]:  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    def events(self, gate: int) -> list[dict[str, Any]]:
        """The events so far; hooks are called soon after what they tell."""
        return self.gates[gate].events

    def memory(self) -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    async def fork(self, gate: int, token: str, number: int = 1) -> list[Any]:
        """Forked children verify with the parent's verifier."""
        verifier = self.gates[gate].verifier

        def work() -> dict[str, Any]:
            return {**blocking(verifier, token), "fetches": verifier.stats()["fetches"]}

        children = [fork_and(work) for _ in range(number)]
        return [await asyncio.to_thread(collect, *child) for child in children]

    async def exit(self, gate: int, token: str, after_ms: int) -> None:
        """Ends the interpreter while a coroutine and a thread wait."""
        verifier = self.gates[gate].verifier
        threading.Thread(target=blocking, args=(verifier, token), daemon=True).start()
        task = asyncio.create_task(verifier.verify_async(token))
        self.tasks.add(task)
        await asyncio.sleep(after_ms / 1000)
        asyncio.get_running_loop().stop()


def fork_and(work: Callable[[], dict[str, Any]]) -> tuple[int, int]:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # That this process has threads is the point.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.write(writing, json.dumps(work()).encode())
        os._exit(0)
    os.close(writing)
    return pid, reading


def collect(pid: int, reading: int) -> Any:
    """What the child says and how it ended; one that says nothing for long is killed."""
    watchdog = threading.Timer(10, os.kill, (pid, 9))
    watchdog.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
    finally:
        watchdog.cancel()
    return {**(json.loads(said) if said else {}), "exit": os.waitstatus_to_exitcode(status)}


async def answer(driver: Driver, request: dict[str, Any]) -> None:
    ident, operation = request.pop("id"), snake(request.pop("op"))
    try:
        result = getattr(driver, operation)(**{snake(name): value for name, value in request.items()})
        if inspect.isawaitable(result):
            result = await result
        line = {"id": ident, "result": result}
    except Exception as error:
        line = {"id": ident, "error": repr(error)}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    requests = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    driver = Driver()
    while line := await requests.readline():
        task = asyncio.create_task(answer(driver, json.loads(line)))
        driver.tasks.add(task)
        task.add_done_callback(driver.tasks.discard)
    loop.stop()


def main() -> None:
    warnings.simplefilter("error", RuntimeWarning)
    loop = asyncio.new_event_loop()
    serving = loop.create_task(serve())
    loop.run_forever()
    if serving.done():
        serving.result()


if __name__ == "__main__":
    main()
