"""What is logged and what is measured: never a token, and nothing of what nobody wants."""

import asyncio
import contextlib
import gc
import logging
import subprocess
import sys
import threading
import time

import pytest
from grpc_service import Server, loop
from keys import SECRET, token
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY, generate_latest
from service import Async, Sync

from bearergate import (
    JwtAuthError,
    JwtVerifier,
    KeysUnavailableError,
    _observe,
    create_jwt_auth_interceptor,
    otel,
)
from bearergate._http import HttpGuard
from bearergate._judge import Judge
from bearergate.grpc import create_jwt_server_interceptor

pytestmark = pytest.mark.thread_unsafe(reason="the log and what measures are the process's")


def refuse(verifier, given):
    with pytest.raises(JwtAuthError):
        verifier.verify(given)


def until(what, done):
    for _ in range(500):
        if done():
            return
        time.sleep(0.01)
    pytest.fail(f"in vain: {what}")


def fields(record, *names):
    return {name: getattr(record, name) for name in names}


class TestLog:
    NAMES = ("code", "claim", "reason", "alg", "kid", "issuer", "procedure")

    def test_a_refusal(self, caplog):
        verifier = JwtVerifier(secret=SECRET, issuer="https://a.example")
        with caplog.at_level(logging.INFO, "bearergate"):
            refuse(verifier, token(iss="https://evil.example"))
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("bearergate", "INFO")
        assert record.getMessage() == "refused: ERR_CLAIM_INVALID (iss)"
        assert fields(record, *self.NAMES) == {
            "code": "ERR_CLAIM_INVALID",
            "claim": "iss",
            "reason": "check_failed",
            "alg": "HS256",
            "kid": None,
            "issuer": "https://a.example",
            "procedure": None,
        }

    @pytest.mark.parametrize("kind", [Sync, Async])
    def test_a_request_by_its_procedure(self, kind, caplog):
        with caplog.at_level(logging.INFO, "bearergate"):
            kind(create_jwt_auth_interceptor(secret=SECRET)).call("Server", {})
        (record,) = caplog.records
        assert fields(record, "code", "procedure") == {
            "code": "ERR_CREDENTIALS_MISSING",
            "procedure": "test.v1.Service/Server",
        }

    def test_an_outage_is_the_operators(self, caplog, jwks, signer):
        jwks.status = 500
        with JwtVerifier(jwks_uri=f"{jwks.url}?secret=1") as verifier:
            refuse(verifier, signer.token())
            until("both records", lambda: len(caplog.records) == 2)
        of = {record.getMessage(): record for record in caplog.records}
        assert of["refused: ERR_KEYS_UNAVAILABLE"].levelname == "WARNING"
        failed = of[f"no new keys of {jwks.url}"]
        assert failed.levelname == "WARNING"
        assert fields(failed, "source", "error", "reason", "status", "state") == {
            "source": "remote",
            "error": "status 500",
            "reason": "unavailable",
            "status": 500,
            "state": "cold",
        }

    def test_keys(self, caplog, jwks, signer):
        with caplog.at_level(logging.DEBUG, "bearergate"), JwtVerifier(jwks_uri=jwks.url) as verifier:
            verifier.verify(signer.token())
            until("both records", lambda: len(caplog.records) == 2)
        fetched, changed = caplog.records
        assert (fetched.levelname, fetched.getMessage()) == ("DEBUG", f"fetched the keys of {jwks.url}")
        assert (changed.levelname, changed.getMessage()) == (
            "INFO",
            f"other keys of {jwks.url} are in service",
        )
        assert fields(changed, "source", "keys", "added", "removed") == {
            "source": "remote",
            "keys": 1,
            "added": ("key-1",),
            "removed": (),
        }

    def test_keys_are_told_once_and_ready_is_told_too(self, caplog, jwks):
        with caplog.at_level(logging.INFO, "bearergate"):
            with JwtVerifier(jwks_uri=jwks.url, on_keys_changed=lambda event: None) as verifier:
                verifier.ready(5)
                refuse(verifier, "a.b")
                until("the records", lambda: len(caplog.records) == 2)
                time.sleep(0.05)
            assert len(caplog.records) == 2
            caplog.clear()
            with JwtVerifier(jwks_uri=f"{jwks.url}?b") as verifier:
                verifier.ready(5)
                until("the record", lambda: caplog.records)

    def test_a_hook_that_fails_by_where_and_not_by_what(self, caplog):
        given = token()

        def validate(context):
            raise ValueError(given)

        refuse(JwtVerifier(secret=SECRET, validate=validate), given)
        (record,) = caplog.records
        assert record.levelname == "ERROR"
        text = record.getMessage()
        assert text.startswith("refused: ERR_VALIDATE_FAILED: ValueError at ")
        assert "test_observability.py:" in text
        assert given not in logging.Formatter().format(record)
        assert record.exc_info is None

    def test_a_defect(self, caplog):
        interceptor = create_jwt_auth_interceptor(secret=SECRET)
        interceptor._judge.check = lambda *_: 1 / 0
        assert Sync(interceptor).call("Unary", {}).status == 401
        (record,) = caplog.records
        assert (record.levelname, record.code) == ("ERROR", "ERR_INTERNAL")
        assert "ZeroDivisionError" in record.getMessage()

    def test_no_part_of_a_token_is_in_any_record(self, caplog, jwks, signer):
        bad = [
            token(exp=1), token(nbf=2**40), token(sub=""), token(cnf={}), token() + "A", "a.b.c", "x" * 20_000,
            token(exp="soon"), signer.token(), signer.token(exp=1),
        ]  # fmt: skip
        with caplog.at_level(logging.DEBUG, "bearergate"):
            for options in ({"secret": SECRET}, {"secret": "another secret of thirty-two byte"}):
                for given in bad:
                    refuse(JwtVerifier(**options), given)
            with JwtVerifier(jwks_uri=jwks.url) as verifier:
                for given in bad[:-2]:
                    refuse(verifier, given)
        assert len(caplog.records) >= 28
        told = "\n".join(str(vars(record)) + record.getMessage() for record in caplog.records)
        for given in bad:
            for part in given.split("."):
                assert len(part) < 4 or part not in told
        assert SECRET not in told

    def test_a_logger_that_is_off_makes_no_record(self, monkeypatch):
        made = []
        monkeypatch.setattr(logging, "_logRecordFactory", lambda *given, **named: made.append(given))
        logger = logging.getLogger("bearergate")
        monkeypatch.setattr(logger, "disabled", True)
        verifier = JwtVerifier(secret=SECRET)
        for _ in range(10):
            refuse(verifier, "a.b")
        monkeypatch.setattr(logger, "disabled", False)
        logger.setLevel(logging.WARNING)
        try:
            refuse(verifier, "a.b")
        finally:
            logger.setLevel(logging.NOTSET)
        assert made == []

    def test_nothing_is_printed_where_logging_is_not_configured(self):
        code = (
            "import unittest\n"
            "from bearergate import JwtAuthError, JwtVerifier\n"
            "def validate(context): raise ValueError\n"
            "import unittest, bearergate.testing as t\n"
            "try: JwtVerifier(secret=t.TEST_JWT_SECRET, validate=validate).verify(t.create_test_jwt({'sub': 'a'}))\n"
            "except JwtAuthError as error: print(error.code)\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=20
        )
        assert (done.stdout, done.stderr) == ("ERR_VALIDATE_FAILED\n", "")

    def test_a_handler_that_fails_changes_nothing(self, jwks, signer):
        class Failing(logging.Handler):
            def emit(self, record):
                raise RuntimeError("no log today")

        handler = Failing()
        logger = logging.getLogger("bearergate")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        told = []
        try:
            with JwtVerifier(jwks_uri=jwks.url, on_keys_changed=told.append) as verifier:
                assert verifier.verify(signer.token()).subject == "alice"
                until("the hook", lambda: told)
                refuse(verifier, "a.b")
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)

    def test_construction_starts_no_thread(self, tmp_path, jwks, signer):
        file = tmp_path / "keys"
        with JwtVerifier(jwks_uri=jwks.url, jwks={"snapshot_file": file}) as first:
            first.ready(5)
            until("the file", file.exists)
        code = (
            "import logging, os, sys\n"
            "logging.basicConfig(level='DEBUG')\n"
            "from bearergate import JwtVerifier\n"
            "kept = JwtVerifier(jwks_uri=sys.argv[1], jwks={'snapshot_file': sys.argv[2]})\n"
            "print(len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self/task') else 1)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, jwks.url, file], capture_output=True, text=True, timeout=20
        )
        assert (done.stdout, done.stderr) == ("1\n", "")


class Measured:
    """Metrics and spans in memory."""

    def __init__(self, **options):
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader])
        otel.instrument(meter_provider=self.provider, **options)

    def points(self, name):
        """Attributes to point."""
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        return {
            tuple(sorted(point.attributes.items())): point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }

    def outcomes(self):
        return {
            dict(key)["outcome"]: point.value
            for key, point in self.points("bearergate.verifications").items()
        }

    def durations(self):
        return {
            dict(key)["outcome"]: point
            for key, point in self.points("bearergate.verification.duration").items()
        }


@pytest.fixture
def measured():
    gc.collect()
    yield Measured()
    otel.uninstrument()


class TestMetrics:
    def test_verdicts_by_outcome_and_how_long_they_took(self, measured):
        verifier = JwtVerifier(secret=SECRET)
        for _ in range(3):
            verifier.verify(token())
        asyncio.run(verifier.verify_async(token()))
        refuse(verifier, token(exp=1))
        refuse(verifier, "a.b")
        assert measured.outcomes() == {"OK": 4, "ERR_TOKEN_EXPIRED": 1, "ERR_TOKEN_MALFORMED": 1}
        durations = measured.durations()
        assert {outcome: point.count for outcome, point in durations.items()} == measured.outcomes()
        assert 0 < durations["OK"].sum < 1
        assert durations["OK"].explicit_bounds[0] == 0.00001

    def test_verifiers_of_before_are_measured_and_none_after(self):
        verifier, interceptor = JwtVerifier(secret=SECRET), create_jwt_auth_interceptor(secret=SECRET)
        verifier.verify(token())
        measured = Measured()
        try:
            verifier.verify(token())
            Sync(interceptor).call("Unary", {})
            assert measured.outcomes() == {"OK": 1, "ERR_CREDENTIALS_MISSING": 1}
        finally:
            otel.uninstrument()
        verifier.verify(token())
        assert verifier._judge.verify == verifier._judge.gate.verify
        assert measured.outcomes() == {}

    def test_a_second_instrument_takes_over(self, measured, jwks):
        with JwtVerifier(jwks_uri=jwks.url) as verifier:
            verifier.ready(5)
            otel.instrument(meter_provider=measured.provider)
            refuse(verifier, "a.b")
            assert measured.outcomes() == {"ERR_TOKEN_MALFORMED": 1}
            assert measured.points("bearergate.jwks.keys")

    @pytest.mark.parametrize("kind", ["connect", "connect-async", "http", "grpc", "grpc-aio"])
    def test_every_way_in_is_measured_with_its_duration(self, measured, kind):
        bearer = {"authorization": f"Bearer {token()}"}
        if kind == "connect":
            Sync(create_jwt_auth_interceptor(secret=SECRET)).call("Unary", bearer)
        elif kind == "connect-async":
            Async(create_jwt_auth_interceptor(secret=SECRET)).call("Unary", bearer)
        elif kind == "http":
            guard = HttpGuard(Judge.of({"secret": SECRET}))
            guard.judge.settle(guard.check("GET", b"/", False, [bearer["authorization"]]))
        else:
            with Server(
                "sync" if kind == "grpc" else "aio", create_jwt_server_interceptor(secret=SECRET)
            ) as server:
                server.call("Unary", bearer)
            if kind == "grpc-aio":
                loop().close()
                loop.cache_clear()
        assert measured.outcomes() == {"OK": 1}
        assert measured.durations()["OK"].count == 1

    def test_a_wait_for_keys_and_validate_count(self, measured, jwks, signer):
        jwks.hold()

        async def validate(context):
            await asyncio.sleep(0.1)

        async def main():
            with JwtVerifier(jwks_uri=jwks.url, validate=validate) as verifier:
                calls = [asyncio.create_task(verifier.verify_async(signer.token())) for _ in range(5)]
                await asyncio.sleep(0.1)
                jwks.release()
                await asyncio.gather(*calls)

        asyncio.run(main())
        accepted = measured.durations()["OK"]
        assert accepted.count == 5
        assert accepted.min > 0.15

    def test_the_state_of_keys(self, measured, jwks, signer):
        jwks.status = 500
        with (
            JwtVerifier(jwks_uri=f"{jwks.url}?secret=1") as verifier,
            JwtVerifier(jwks_uri=f"{jwks.url}?secret=1"),
        ):
            with pytest.raises(KeysUnavailableError):
                verifier.ready(0.1)
            url = ("url", jwks.url)

            def states():
                points = measured.points("bearergate.jwks.state")
                return {dict(key)["state"]: p.value for key, p in points.items() if url in key}

            assert states() == {"cold": 1, "fresh": 0, "ageing": 0, "stale": 0, "dead": 0}
            assert measured.points("bearergate.jwks.failures")[(url,)].value == 1
            jwks.status = 200
            verifier.ready(5)
            assert states()["fresh"] == 1
            assert states()["cold"] == 0
            assert measured.points("bearergate.jwks.keys")[(url,)].value == 1
            assert measured.points("bearergate.jwks.fetches")[(url,)].value == 2
            assert 0 <= measured.points("bearergate.jwks.age")[(url,)].value < 5
        assert states() == {}

    def test_spans(self):
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("test")
        verifier = JwtVerifier(secret=SECRET)

        def attributes(given, **options):
            Measured(**options)
            exporter.clear()
            try:
                with tracer.start_as_current_span("request"), contextlib.suppress(JwtAuthError):
                    verifier.verify(given)
            finally:
                otel.uninstrument()
            return dict(exporter.get_finished_spans()[0].attributes)

        assert attributes(token()) == {"bearergate.outcome": "OK"}
        assert attributes(token(), subjects=True) == {"bearergate.outcome": "OK", "enduser.id": "alice"}
        assert attributes(token(exp="x"), subjects=True) == {
            "bearergate.outcome": "ERR_CLAIM_INVALID",
            "bearergate.reason": "invalid",
            "bearergate.claim": "exp",
        }

    def test_prometheus(self, jwks, signer):
        reader = PrometheusMetricReader()
        provider = MeterProvider([reader])
        otel.instrument(meter_provider=provider)
        try:
            with JwtVerifier(jwks_uri=jwks.url) as verifier:
                verifier.verify(signer.token())
                refuse(verifier, "a.b")
                text = generate_latest(REGISTRY).decode()
        finally:
            otel.uninstrument()
            provider.shutdown()
        lines = [line for line in text.splitlines() if line.startswith("bearergate")]
        told = {line.partition("{")[0]: line for line in lines if "ERR" not in line}
        assert 'outcome="OK"' in told["bearergate_verifications_total"]
        assert told["bearergate_verifications_total"].endswith(" 1.0")
        assert any("ERR_TOKEN_MALFORMED" in line and line.endswith(" 1.0") for line in lines)
        assert "bearergate_verification_duration_seconds_bucket" in told
        assert f'url="{jwks.url}"' in told["bearergate_jwks_keys"]
        assert any(
            line.startswith("bearergate_jwks_state") and 'state="fresh"' in line and line.endswith(" 1.0")
            for line in lines
        )
        assert signer.token().split(".")[1] not in text

    def test_an_instrument_that_fails_changes_nothing(self, measured, monkeypatch):
        monkeypatch.setattr(_observe.active, "_measure", lambda *_: 1 / 0)
        verifier = JwtVerifier(secret=SECRET)
        assert verifier.verify(token()).subject == "alice"
        refuse(verifier, "a.b")

    def test_many_threads_are_counted_right(self, measured):
        verifier = JwtVerifier(secret=SECRET)
        good = token()

        def work():
            for _ in range(200):
                verifier.verify(good)
                refuse(verifier, "a.b")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert measured.outcomes() == {"OK": 800, "ERR_TOKEN_MALFORMED": 800}
        assert {point.count for point in measured.durations().values()} == {800}

    def test_verifiers_that_are_gone_are_not_kept(self, measured, jwks):
        before = len(_observe.judges())
        for _ in range(5):
            JwtVerifier(secret=SECRET)
            JwtVerifier(secret=SECRET, on_fetch=lambda event: None).verify(token())
        assert len(_observe.judges()) == before


def test_without_opentelemetry_the_extra_is_named():
    code = (
        "import sys, bearergate\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
        "sys.modules['opentelemetry'] = None\n"
        "try:\n"
        "    import bearergate.otel\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == (
        "opentelemetry-api is not installed: pip install 'bearergate[otel]'\n",
        "",
    )
