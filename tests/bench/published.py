"""Homes of generated companies that benchmarks read: made and published once, then kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from include.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def company(settings: Settings, name: str, scale: int) -> Path:
    """A home with the generated company at a scale, published; made once and kept."""
    home = settings.home / "bench" / name
    if not (home / "marts.duckdb").exists():
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLOSED_LOOP_HOME": str(home)}
        data = str(home / "data")
        for command in (
            ["include.sandbox", "generate", "--out", data, "--scale", str(scale)],
            ["include.nightly", "run"],
        ):
            subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, check=True)
    return home
