"""The identity provider of `tests/idp` as a child process."""

import json
import subprocess
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

_SCRIPT = Path(__file__).parents[2] / "idp" / "server.mjs"


class IdentityProvider:
    """A real OpenID provider on loopback. `close` it, or end this process, to be rid of it."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            ["node", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(
                f"the identity provider ended with {self._child.wait()}: is tests/idp installed (npm ci)?"
            )
        ready = json.loads(line)
        self.issuer: str = ready["issuer"]
        self.jwks_uri: str = ready["jwksUri"]
        self._control: str = ready["control"]

    def token(self, **request: object) -> str:
        """A token, got over HTTP; `client`, `audience`, `scope`, `alg`, `ttl` (seconds)."""
        return self._call("POST", "/token", **request)["token"]

    def forged_token(self, **request: object) -> str:
        """The same, signed by a key that the provider does not have."""
        return self._call("POST", "/forge", **request)["token"]

    def rotate(self, keys: str) -> None:
        """Other keys on the same port."""
        self._call("POST", "/rotate", keys=keys)

    def go_down(self) -> None:
        self._call("POST", "/stop")

    def come_back(self) -> None:
        self._call("POST", "/start")

    def jwks_requests(self) -> int:
        return self._call("GET", "/counts")["jwks"]

    def close(self) -> None:
        self._child.stdin.close()
        self._child.wait(10)
        self._child.stdout.close()

    def _call(self, method: str, path: str, **query: object) -> dict:
        request = urllib.request.Request(f"{self._control}{path}?{urlencode(query)}", method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
