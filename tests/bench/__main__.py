"""``python -m tests.bench [name]``: run all benchmarks, or one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ("extract", "stage", "nightly")


def main() -> int:
    """Run the benchmarks named on the command line, each in a process of its own."""
    wanted = sys.argv[1:] or list(NAMES)
    if unknown := [name for name in wanted if name not in NAMES]:
        print(f"no benchmark is named {unknown[0]}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    root = Path(__file__).resolve().parents[2]
    codes = [
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], cwd=root, check=False)
        for name in wanted
    ]
    return max(code.returncode for code in codes)


if __name__ == "__main__":
    sys.exit(main())
