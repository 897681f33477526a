"""Named points at which a test may kill the process, as a power cut would; otherwise nothing."""

from __future__ import annotations

import os
import signal


def reach(name: str) -> None:
    """Die here by SIGKILL if the environment's ``CLOSED_LOOP_FAILPOINT`` is ``name``."""
    if os.environ.get("CLOSED_LOOP_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
