"""``python -m tests.bench [name [its options]]``: run all benchmarks, or one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ("extract", "stage", "nightly", "transform", "page", "outlook", "trust")


def main() -> int:
    """Run the benchmark named on the command line, else each, in a process of its own."""
    wanted, options = (sys.argv[1:2], sys.argv[2:]) if sys.argv[1:] else (list(NAMES), [])
    if unknown := [name for name in wanted if name not in NAMES]:
        print(f"no benchmark is named {unknown[0]}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    root = Path(__file__).resolve().parents[2]
    codes = [
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *options], cwd=root)
        for name in wanted
    ]
    return max(code.returncode for code in codes)


if __name__ == "__main__":
    sys.exit(main())
