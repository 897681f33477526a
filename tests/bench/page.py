"""Seconds that readers of the page wait, while many read and a build is published.

Twenty readers with a browser's manners share a served company ten times the default; meanwhile the
same company is published again, its last month's money doubled so that a mixture of two builds
shows. Each answer is held against the sums it contains and against every other answer to the same
question under the same tag. Then chromium opens the default company's first view. See README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import multiprocessing
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import aiohttp
import psutil

from include import warehouse
from include.run import Run
from include.settings import Settings, load_settings
from include.warehouse.engine import engine_of
from include.warehouse.published import published
from tests.bench.published import company
from tests.bench.report import write
from tests.report.reading import rows_of

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("warehouse.duckdb", "marts.duckdb", "ops.duckdb")
LOOKS = (1.0, 5.0)
"""Seconds that a reader looks at a view before asking for the next: quicker than people are."""
VIEWS = (
    "overview",
    "channels",
    "cohorts",
    "funnel",
    "goals",
    "forecast",
    "advice",
    "budget",
    "models",
    "journeys",
    "health",
    "unplaced",
)
AFTER = 20
"""Seconds that the readers go on after the publish, however long it took."""
ALONE = 60
"""How many of the questions are asked again of a server that nobody else asks."""
SEARCHED = ("a", "gmbh", "inc", "north", "example", "zzz")
DRAWN = """() => new Promise((done) => {
    const look = () => {
        const canvas = [...document.querySelectorAll("#main canvas")];
        if (document.getElementById("main")?.dataset.shown === "overview" && canvas.length > 1)
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
        else requestAnimationFrame(look);
    };
    look();
})"""
"""Milliseconds from the navigation to the overview with its charts."""
NOTHING = "() => new Promise((done) => requestAnimationFrame(() => done(performance.now())))"
DOUBLED = ("spend", "spend_base", "won_revenue", "won_revenue_base")


@dataclass(frozen=True)
class Answered:
    """One answer as its reader saw it: asked when, in seconds since the start; how long it took."""

    question: str
    at: float
    seconds: float
    status: int
    is_first: bool


@dataclass
class Readers:
    """What all readers know and found together."""

    address: str
    choices: dict[str, list[dict[str, str]]]
    began: float
    until: float
    answers: list[Answered] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    builds: dict[str, int] = field(default_factory=dict)
    digests: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def check(self, question: str, tag: str, body: bytes) -> None:
        """One build an answer: its tag names one build, and whatever it sums up agrees."""
        told = json.loads(body)
        number = told["build"]["publish_number"]
        if self.builds.setdefault(tag, number) != number:
            self.wrong.append(f"{question}: {tag} names builds {self.builds[tag]} and {number}")
        digest = hashlib.sha256(body).digest()
        if self.digests.setdefault((tag, question), digest) != digest:
            self.wrong.append(f"{question}: two answers under {tag}")
        tables = {name: rows_of(table) for name, table in told["tables"].items()}
        parts = {"overview": ("months", "channels"), "channels": ("channels", "campaigns")}
        for part in parts.get(told["view"], ()):
            for figure in ("spend", "won_revenue"):
                whole = sum(Decimal(row[figure]) for row in tables["total"])
                if sum(Decimal(row[figure]) for row in tables[part]) != whole:
                    self.wrong.append(f"{question}: {figure} of {part} is not the total's")
        if told["view"] == "cohorts":
            latest = {row["cohort_month"]: row for row in tables["revenue"]}
            for row in tables["cohorts"]:
                share = latest[row["cohort_month"]]["share_of_spend"]
                won = Decimal(latest[row["cohort_month"]]["cumulative_won_revenue"])
                if share and abs(Decimal(share) * Decimal(row["spend"]) - won) > won / 1000 + 1:
                    self.wrong.append(f"{question}: the share of {row['cohort_month']}'s spend")


async def read(readers: Readers, number: int) -> None:
    """One reader: opens the page, then looks about until the time is over."""
    mood = random.Random(number)
    kept: dict[str, str] = {}
    given: dict[str, str] = {}
    view = "overview"
    base = aiohttp.ClientTimeout(total=30)
    await asyncio.sleep(mood.uniform(0, LOOKS[1]))
    async with aiohttp.ClientSession(readers.address, timeout=base) as session:

        async def ask(question: str) -> None:
            headers = {"If-None-Match": kept[question]} if question in kept else {}
            began = time.monotonic()
            try:
                async with session.get(question, headers=headers) as answer:
                    body, tag, status = await answer.read(), answer.headers["ETag"], answer.status
            except (aiohttp.ClientError, TimeoutError, KeyError) as error:
                readers.wrong.append(f"{question}: {error!r}")
                return
            seconds = time.monotonic() - began
            is_first = (tag, question) not in readers.digests
            if status == 200:
                readers.check(question, tag, body)
            elif status != 304 or tag != kept[question]:
                readers.wrong.append(f"{question}: status {status}")
            kept[question] = tag
            readers.answers.append(
                Answered(question, began - readers.began, seconds, status, is_first)
            )

        while time.monotonic() < readers.until:
            asked = {name: text for name, text in given.items() if text}
            question = f"/data/{view}" + (f"?{urlencode(asked)}" if asked else "")
            first_time = [ask("/data/choices")] if not kept else []
            await asyncio.gather(ask(question), *first_time)
            await asyncio.sleep(mood.uniform(*LOOKS))
            for name in ("search", "opportunity_id", "campaign_id", "account_id"):
                given.pop(name, None)
            step = mood.random()
            if step < 0.45:
                view = mood.choice(VIEWS)
            elif step < 0.6:
                given = {}
            elif step < 0.85:
                given |= _choice(readers.choices, mood)
            elif step < 0.93:
                view = "channels"
                given = dict(mood.choice(readers.choices["campaigns"]))
            else:
                view = "journeys"
                given |= mood.choice(readers.choices["journeys"])


def _choice(choices: dict[str, list[dict[str, str]]], mood: random.Random) -> dict[str, str]:
    return dict(mood.choice(choices[mood.choice(("channels", "models", "periods", "currencies"))]))


def offered(settings: Settings) -> dict[str, list[dict[str, str]]]:
    """What the readers choose among."""
    with published(settings).read() as session:

        def rows(sql: str) -> list[dict[str, str]]:
            columns, found = session.answer(sql)
            return [dict(zip(columns, map(str, row), strict=True)) for row in found]

        def each(column: str, table: str) -> list[dict[str, str]]:
            return rows(f"select distinct {column} from marts.{table} order by 1")  # noqa: S608

        deals = rows("""
            select opportunity_id from marts.fct_opportunities
            where is_won and touches > 0 order by opportunity_id limit 200
        """)
        return {
            "channels": [{"channel": ""}, *each("channel", "mart_channel_roi_monthly")],
            "models": each("model", "mart_returns_by_model_monthly"),
            "currencies": [{"currency_code": ""}, *each("currency_code", "fct_ad_spend_daily")],
            "campaigns": rows("""
                select platform, account_id, campaign_id from marts.dim_campaign
                order by platform, account_id, campaign_id
            """),
            "periods": [
                {"from_month": f"{year}-{month:02}", "to_month": "2026-11"}
                for year, month in ((2025, 6), (2026, 1), (2026, 4), (2026, 8), (2025, 12))
            ],
            "journeys": [*deals, *({"search": text} for text in SEARCHED)],
        }


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The page of a home in a process of its own; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLOSED_LOOP_HOME": str(home)}
    environment.pop("CLOSED_LOOP_WAREHOUSE_URL", None)
    command = [sys.executable, "-m", "tests.report.serving", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process)
            yield address, psutil.Process(process.pid)
        finally:
            process.terminate()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"{address}/", timeout=10):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def publish_doubled(home: Path) -> None:
    """Publish the company of a home again, the returns of its last month doubled."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # DuckDB's progress bars
    os.nice(10)  # as the task of closed_loop does
    settings = load_settings({"CLOSED_LOOP_HOME": str(home)})
    (build,) = warehouse.read_marts(settings, "select as_of_at, published_at from build_info")
    doubled = ", ".join(f"{name} = 2 * {name}" for name in DOUBLED)
    with engine_of(settings).write("bench") as session:
        session.run(
            f"update build.mart_returns_by_model_monthly set {doubled} where cohort_month = "  # noqa: S608
            "(select max(cohort_month) from build.mart_returns_by_model_monthly)"
        )
    warehouse.publish(settings, Run("bench", build["as_of_at"], build["published_at"]))


async def load(home: Path, address: str, count: int, seconds: float) -> tuple[Readers, float]:
    """Let the readers read, publish meanwhile; what they saw, and when the publish was over.

    They read for so many seconds, and for AFTER more once it is published.
    """
    choices = offered(load_settings({"CLOSED_LOOP_HOME": str(home)}))
    began = time.monotonic()
    readers = Readers(address, choices, began, math.inf)
    publishing = multiprocessing.get_context("spawn").Process(target=publish_doubled, args=(home,))
    everybody = asyncio.gather(*(read(readers, number) for number in range(count)))
    await asyncio.sleep(seconds / 6)
    publishing.start()
    while publishing.is_alive():
        await asyncio.sleep(0.1)
    published_at = time.monotonic() - began
    readers.until = began + max(seconds, published_at + AFTER)
    await everybody
    if publishing.exitcode != 0 or len(readers.builds) != 2:
        readers.wrong.append(f"{len(readers.builds)} builds were seen, not two")
    return readers, published_at


async def alone(address: str, questions: Sequence[str]) -> list[float]:
    """Seconds of each question, one after another."""
    taken = []
    async with aiohttp.ClientSession(address) as session:
        for question in questions:
            began = time.monotonic()
            async with session.get(question) as answer:
                await answer.read()
            taken.append(time.monotonic() - began)
    return taken


def first_views(home: Path) -> tuple[float, float, float]:
    """Seconds from chromium's navigation to the overview's drawn charts: of a server just started,
    of one that has answered before; and to an image of the same server, drawn."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("the first view is measured in chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )

        def seen(address: str, script: str) -> float:
            context = browser.new_context()
            page = context.new_page()
            page.goto(address, wait_until="commit")
            milliseconds = page.evaluate(script)
            context.close()
            return float(milliseconds) / 1000

        with serving(home) as (address, _):
            cold = seen(f"{address}/", DRAWN)
            warm = sorted(seen(f"{address}/", DRAWN) for _ in range(5))[2]
            empty = sorted(seen(f"{address}/nowhere", NOTHING) for _ in range(5))[2]
        browser.close()
    return cold, warm, empty


def _percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)]


def _row(measure: str, ours: float, yardstick: float, name: str) -> dict[str, Any]:
    return {
        "measure": measure,
        "unit": "ms",
        "ours": round(ours * 1000, 1),
        "yardstick": round(yardstick * 1000, 1),
        "yardstick_name": name,
        "ratio": round(ours / yardstick, 2),
    }


def _cpu_seconds() -> tuple[float, float]:
    """What all processors have worked, and what of it this process and its ended children have."""
    told = psutil.cpu_times()
    everybody = told.user + told.nice + told.system + told.irq + told.softirq
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return everybody, sum(each.ru_utime + each.ru_stime for each in own)


def under_load(home: Path, count: int, seconds: float) -> list[dict[str, Any]]:
    """The readers' rows of the table; SystemExit where an answer was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        for name in SERVED:
            shutil.copy(home / name, folder)
        began = (time.monotonic(), *_cpu_seconds())
        with serving(Path(folder)) as (address, server):
            readers, published_at = asyncio.run(load(Path(folder), address, count, seconds))
            used = server.cpu_times()
        passed, everybody, own = (
            now - then for now, then in zip((time.monotonic(), *_cpu_seconds()), began, strict=True)
        )
        elsewhere = (everybody - own) / passed
        firsts = [each.question for each in readers.answers if each.is_first]
        chosen = random.Random(0).sample(sorted(set(firsts)), min(ALONE, len(set(firsts))))
        with serving(Path(folder)) as (address, server):
            asyncio.run(alone(address, ["/data/choices"]))
            before = server.cpu_times()
            base = asyncio.run(alone(address, chosen))
            after = server.cpu_times()
            each_alone = after.user + after.system - before.user - before.system
    waits = [each.seconds for each in readers.answers]
    soon = [
        each.seconds
        for each in readers.answers
        if published_at <= each.at + each.seconds and each.at < published_at + AFTER
    ]
    new = [each.seconds for each in readers.answers if each.is_first]
    known = sum(each.status == 304 for each in readers.answers)
    print(
        f"\n{len(waits)} answers to {count} readers in {readers.until - readers.began:.0f} s, "
        f"{len(readers.wrong)} wrong; "
        f"{len(new)} asked for the first time, {known} known already; published after "
        f"{published_at:.0f} s; the server used {used.user + used.system:.1f} CPU s, "
        f"the readers {time.process_time():.1f}; other work kept {elsewhere:.1f} processors busy"
    )
    if readers.wrong:
        raise SystemExit("\n".join(readers.wrong[:20]))
    name = "first-time questions asked one by one of an idle server"
    used_by_one = (used.user + used.system) / len(waits)
    halves = [("p50", 0.5), ("p95", 0.95), ("max", 1.0)]
    return [
        _row(f"{of}, {told}", _percentile(values, part), _percentile(base, part), name)
        for of, values in (
            ("all answers", waits),
            ("asked for the first time", new),
            ("in the 20 seconds after the publish", soon),
        )
        for told, part in halves
    ] + [_row("CPU an answer", used_by_one, each_alone / len(base), name)]


def main() -> None:
    """Both measures, or those whose homes are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench page")
    parser.add_argument("--home", type=Path, help="a published company ten times the default")
    parser.add_argument("--default-home", type=Path, help="a published default company")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", choices=("load", "first"))
    options = parser.parse_args()
    settings = load_settings()
    rows = []
    if options.only != "first":
        home = options.home or company(settings, "ten_times", 10)
        rows += under_load(home, options.readers, options.seconds)
    if options.only != "load":
        cold, warm, empty = first_views(options.default_home or company(settings, "default", 1))
        name = "a line of text from the same server"
        rows += [
            _row("first view, server just started", cold, empty, name),
            _row("first view, server in use", warm, empty, name),
        ]
    write(settings, "page", rows)


if __name__ == "__main__":
    main()
