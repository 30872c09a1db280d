"""The end of the interpreter, and the beginning of a forked one, for the threads of the core."""

from __future__ import annotations

import atexit
import os

from ._native import end_calls, forget_calls

atexit.register(end_calls)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_calls)
