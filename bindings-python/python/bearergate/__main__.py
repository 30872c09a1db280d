"""The command line: `python -m bearergate`. The native side reads the arguments, does the work and writes
the text; the same text in both packages."""

from __future__ import annotations

import sys
from typing import NoReturn

from ._native import run_command


def main() -> NoReturn:
    """Runs the command with the arguments behind its name."""
    try:
        stdout, stderr, exit_code = run_command(sys.argv[1:]).wait()
    except KeyboardInterrupt:
        sys.exit(130)
    # Bytes, whatever the locale says, so that the output is the same everywhere.
    for stream, text in ((sys.stderr, stderr), (sys.stdout, stdout)):
        stream.buffer.write(text.encode())
        stream.flush()
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
