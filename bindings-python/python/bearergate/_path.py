"""The path that an application routes by, as it was sent: what patterns are compared with.

Servers tell the path twice, undecoded for the record and decoded for the application, and a proxy, a
mount or a rewrite may make them differ. Only a raw path that says what is routed can be skipped.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

UNTOLD = b""
"""No path: nothing is skipped for it."""


def raw_path(target: bytes | None, mount: bytes, routed: bytes) -> bytes:
    """The raw form of the routed path; `UNTOLD` where that is not certain.

    Args:
        target: The path as it was sent, where the server tells; its query may follow.
        mount: What the application is mounted at (`SCRIPT_NAME`), and does not route by.
        routed: What it routes by, decoded.
    """
    if not target:
        # A `%` was encoded, or is an encoding still; a `?` would end the path.
        return UNTOLD if b"%" in routed or b"?" in routed else routed
    sent = target.partition(b"?")[0]
    # A proxy may have taken the mount off before the server saw the path.
    for path in (sent.removeprefix(mount), sent):
        if path.startswith(b"/") and unquote_to_bytes(path) == routed:
            return path
    return UNTOLD


def below(root: str, path: str) -> tuple[str, str]:
    """What an ASGI application is mounted at, and what it routes by.

    A path that is not below its `root_path` is routed whole, by Starlette and by Django.
    """
    return (root, path.removeprefix(root)) if path.startswith(root) else ("", path)
