"""Real servers as child processes, each running the test service under this interpreter."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).parent
_BIN = Path(sys.executable).parent

COMMANDS = {
    "uvicorn": lambda port: [_BIN / "uvicorn", "--port", port, "--log-level", "warning", "service:asgi"],
    "gunicorn": lambda port: [
        _BIN / "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "warning", "service:wsgi",
    ],
    "pyvoy-asgi": lambda port: [_BIN / "pyvoy", "--port", port, "service:asgi"],
    "pyvoy-trio": lambda port: [_BIN / "pyvoy", "--port", port, "--loop", "trio", "service:asgi"],
    "pyvoy-wsgi": lambda port: [_BIN / "pyvoy", "--port", port, "--interface", "wsgi", "service:wsgi"],
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server over the test service with the given options of the interceptors."""

    def __init__(self, name: str, options: dict, authz: dict | None = None) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="bearergate-e2e-")
        self._calls = Path(self._folder.name) / "calls"
        self._calls.touch()
        self._log = Path(self._folder.name) / "log"
        environment = {**os.environ, "E2E_OPTIONS": json.dumps(options), "E2E_CALLS": str(self._calls)}
        if authz is not None:
            environment["E2E_AUTHZ"] = json.dumps(authz)
        with self._log.open("w") as log:
            self._child = subprocess.Popen(
                [str(part) for part in COMMANDS[name](self.port)],
                cwd=_HERE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._await_listening()

    def calls(self) -> list[str]:
        """The handlers that began, in order."""
        return self._calls.read_text().split()

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._folder.cleanup()

    def _await_listening(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self.name} did not start:\n{self.log()}")
