"""The CPythons on this machine: `python3.X` that answers, or one that pyenv keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13")


def find(version: str) -> str | None:
    """An interpreter of this minor version."""
    for candidate in _candidates(version):
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
        )
        if asked.stdout.strip() == version:
            return candidate
    return None


def _candidates(version: str) -> Iterator[str]:
    if override := os.environ.get(f"PYTHON_{version.replace('.', '_')}"):
        yield override
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True))


if __name__ == "__main__":
    import sys

    found = find(sys.argv[1])
    if found is None:
        sys.exit(f"no CPython {sys.argv[1]} here: set PYTHON_{sys.argv[1].replace('.', '_')} to one")
    print(found)
