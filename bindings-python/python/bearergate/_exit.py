"""The end of the interpreter, and the beginning of a forked one, for the threads of the core."""

from __future__ import annotations

import atexit
import os
import sys

from ._native import end_calls, forget_calls, hold_calls, resume_calls

atexit.register(end_calls)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_calls)
    if sys.version_info < (3, 13):  # which from then on sees to it itself that no thread is being made known
        os.register_at_fork(before=hold_calls, after_in_parent=resume_calls)
