"""Rows a second that each source extracts, against other people's connectors reading the same.

Everyone reads the same rows of one account from the same sandbox, in processes and environments of
their own, through its TLS proxy and on the vendors' default hosts. A time is a process's whole
life, from start to end: start-up, login, reading, keeping. See README.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.settings import load_settings
from tests.bench.readers import STREAMS, CannotInstall, Dlt, Ingestr, Ours, Reader, Sdk
from tests.bench.report import write
from tests.bench.watching import Failed, Watched, watch
from tests.bench.worlds import Size, write_world
from tests.sandbox.running import ROOT, Sandbox, start_sandbox

# Each is as large as the slowest peer reads in about a minute. Facebook: 30 days, the one interval
# ingestr asks for at once. LinkedIn: 80 ads, so that half a year, which ingestr asks for at once,
# stays below the 15,000 rows at which LinkedIn cuts in silence.
COMPARED = {
    "facebook_ads": Size(4_000, 30),
    "google_ads": Size(2_000, 100),
    "linkedin_ads": Size(80, 2_500),
    "salesforce": Size(100_000),
}
LARGE = {name: Size(5_480, 365) for name in COMPARED if name != "salesforce"}
ROUNDS = 3
SHORT = 20  # seconds under which a reading is taken ROUNDS times, and its median counts
PACED = 0.85  # of a core, from which on the sandbox itself is what one waits for


@dataclass(frozen=True)
class Reading:
    """The median of what one reader did."""

    reader: str
    keeps: str
    rows: int
    watched: Watched

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.watched.seconds

    def __str__(self) -> str:
        watched = self.watched
        return f"{self.rows:,} rows in {watched.seconds:.1f} s, {watched.peak_megabytes:,.0f} MB"


def compare(
    readers: Sequence[Reader], source: str, size: Size, *, warm: bool = True
) -> list[Reading]:
    """Every reader over one world, in turns: once to warm the sandbox, then once, and three times
    where that is short. The median counts; a reader that fails is named with its reason and left
    out. Not ``warm``: once, from a sandbox nobody has asked anything yet."""
    taken: dict[Reader, list[Reading]] = {each: [] for each in readers if each.reads(source)}
    with tempfile.TemporaryDirectory(prefix="closed-loop-bench-") as folder:
        data = write_world(Path(folder) / "data", source, size)
        with start_sandbox(data) as sandbox:
            for number in range(1 + ROUNDS if warm else 1):
                for reader, readings in list(taken.items()):
                    if number > 1 and readings[-1].watched.seconds > SHORT:
                        continue
                    try:
                        reading = _read(reader, sandbox, source, size)
                    except Failed as failure:
                        print(f"  {source}, {reader.name} failed:\n{failure}", file=sys.stderr)
                        del taken[reader]
                        continue
                    readings.append(reading)
                    first = " (warms the sandbox)" if warm and number == 0 else ""
                    print(f"  {source}, {reader.name}: {reading}{first}", flush=True)
    return [_middle(readings[1:] if warm else readings) for readings in taken.values()]


def _read(reader: Reader, sandbox: Sandbox, source: str, size: Size) -> Reading:
    with tempfile.TemporaryDirectory(prefix="closed-loop-bench-") as folder:
        job = reader.job(sandbox, source, size, Path(folder))
        watched = watch(job.command, job.variables, ROOT, sandbox)
        return Reading(reader.name, reader.keeps, reader.rows(job, watched.said), watched)


def _middle(readings: Sequence[Reading]) -> Reading:
    return sorted(readings, key=lambda reading: reading.watched.seconds)[len(readings) // 2]


def show(source: str, size: Size, readings: Sequence[Reading]) -> None:
    """One source's table; ratios are by the fastest peer, where there is one."""
    best = fastest_peer(readings)
    print(f"\n{source} {STREAMS[source]}: {size}")
    heads = ("reader", "rows", "s", "rows/s", "×", "peak MB", "×", "requests", "×")
    heads = (*heads, "CPU s", "sandbox CPU", "keeps")
    lines = [heads]
    for reading in readings:
        watched = reading.watched
        rate, memory, calls = (
            (
                f"{reading.rate / best.rate:.2f}",
                f"{watched.peak_megabytes / best.watched.peak_megabytes:.2f}",
                f"{watched.requests / best.watched.requests:.2f}",
            )
            if best
            else ("", "", "")
        )
        paced = " sets the pace" if watched.sandbox_share >= PACED else ""
        lines.append(
            (
                reading.reader,
                f"{reading.rows:,}" + ("" if reading.rows == size.rows else " NOT ALL"),
                f"{watched.seconds:.1f}",
                f"{reading.rate:,.0f}",
                rate,
                f"{watched.peak_megabytes:,.0f}",
                memory,
                f"{watched.requests:,}",
                calls,
                f"{watched.cpu_seconds:.1f}",
                f"{watched.sandbox_share:.0%}{paced}",
                reading.keeps,
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = (
            cell.rjust(width) if 1 <= column <= 9 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  " + "  ".join(cells).rstrip())


def fastest_peer(readings: Iterable[Reading]) -> Reading | None:
    """The peer with the most rows a second; the vendors' SDKs, which keep nothing, are none."""
    peers = [each for each in readings if each.reader not in (Ours.name, Sdk.name)]
    return max(peers, key=lambda reading: reading.rate, default=None)


def measures(source: str, readings: Sequence[Reading], size: Size) -> list[dict[str, Any]]:
    """Ours against the fastest peer, as the other benchmarks tell theirs."""
    mine = next((reading for reading in readings if reading.reader == Ours.name), None)
    peer = fastest_peer(readings)
    if mine is None:
        return []
    told = []
    for what, unit, ours, theirs in (
        ("rate", "rows/s", mine.rate, peer and peer.rate),
        ("peak memory", "MB", mine.watched.peak_megabytes, peer and peer.watched.peak_megabytes),
        ("requests", "requests", mine.watched.requests, peer and peer.watched.requests),
    ):
        told.append(
            {
                "measure": f"{source} {STREAMS[source]}, {size.rows:,} rows, {what}",
                "unit": unit,
                "ours": round(ours, 2),
                "yardstick": round(theirs, 2) if theirs else "",
                "yardstick_name": peer.reader if peer else "nobody else",
                "ratio": round(ours / theirs, 2) if theirs else "",
            }
        )
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, then read the large accounts alone; gives the exit code."""
    options = _options(arguments)
    everyone = ("ours", "sdk", "ingestr", "dlt")
    wanted = options.only.split(",") if options.only else everyone
    if unknown := set(wanted) - set(everyone):
        print(f"no reader is named {unknown.pop()}; there are {', '.join(everyone)}")
        return 2
    # A polite kill ends what was started, too: the sandbox, the peers, their folders.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sources = [options.source] if options.source else list(COMPARED)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores; load before it begins {load:.1f}", flush=True)
    told: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="closed-loop-peers-"))
    try:
        makers = {"ours": Ours, "sdk": Sdk, "ingestr": lambda: Ingestr(folder)}
        makers["dlt"] = lambda: Dlt(folder)
        readers = [] if options.scene == "large" else [makers[name]() for name in wanted]
        for source in sources:
            for scene, sizes, who in (
                ("compared", COMPARED, readers),
                ("large", LARGE, [Ours()]),
            ):
                if source in sizes and options.scene in (scene, "both"):
                    readings = compare(who, source, sizes[source], warm=scene == "compared")
                    show(source, sizes[source], readings)
                    told += measures(source, readings, sizes[source])
    except CannotInstall as refusal:
        print(refusal, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write(load_settings(), "extract", told)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench extract", description=__doc__)
    parser.add_argument("--source", choices=sorted(COMPARED), help="one source (default: all)")
    parser.add_argument("--only", help="readers, by commas: ours, sdk, ingestr, dlt (default: all)")
    parser.add_argument(
        "--scene",
        choices=("compared", "large", "both"),
        default="both",
        help="compared: against the others; large: 2,000,000 rows, ours alone (default: both)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
