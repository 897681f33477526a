"""A landed batch held against its contract: what may be staged, and what is set aside and why.

The verdict is Great Expectations', over a suite derived from the table's contract. Beside the batch
stand afterwards ``checked/rows.parquet`` (typed rows in the contract's columns, stamps aside),
``checked/rejected.jsonl`` (rows set aside) and ``checked/verdict.json``. Rows are checked a part at
a time, so memory does not grow with the batch, a few bytes a row aside.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress, count, islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.contracts.shape import Table
from include.contracts.values import Unfit, arrow_schema, fit, fit_one
from include.expectations import NotHeld, Verdict, hold
from include.landing import Batch, LandingError, plainly
from include.repeats import KeyHashes, judge
from include.settings import Settings
from include.sources import Row, Source, Stream

_ROWS_AT_ONCE = 32_768
_FEW_ROWS, _BATCHES_AT_ONCE = _ROWS_AT_ONCE // 4, 64
_REASONS_TOLD = 3


class ContractBroken(Exception):
    """A batch as a whole is refused; the message says which, how many rows, and why."""


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """A batch that may be staged.

    ``row_count`` rows stand in ``rows_file``; ``repeated_count`` identical repeats were dropped,
    ``rejected_count`` rows set aside. ``refused_days`` may not be staged, each for the reason that
    is given.
    """

    batch: Batch
    row_count: int
    repeated_count: int
    rejected_count: int
    refused_days: Mapping[date, str]

    @property
    def rows_file(self) -> Path:
        """Parquet file of the accepted rows."""
        return _checked_folder(self.batch) / "rows.parquet"

    @property
    def rejected_file(self) -> Path:
        """JSON lines of the rows set aside."""
        return _checked_folder(self.batch) / "rejected.jsonl"

    def rejected(self) -> Iterator[dict[str, Any]]:
        """The rows set aside: row_number, reason, record (the parsed row)."""
        with self.rejected_file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def loaded_table(stream: Stream) -> Table:
    """The contract of what a stream's parse yields: its table without stamps; keys, the key."""
    table = stream.table
    columns = tuple(
        column
        for column in table.columns
        if (column.name in table.key if stream.kind == "keys" else not column.is_stamp)
    )
    row_rules = () if stream.kind == "keys" else table.row_rules
    return Table(
        table.schema,
        table.name,
        table.title,
        table.grain,
        table.key,
        columns,
        tolerated_share=table.tolerated_share,
        row_rules=row_rules,
    )


def check(settings: Settings, source: Source, batch: Batch) -> CheckedBatch:
    """``check_all`` of one batch."""
    [checked] = check_all(settings, source, [batch])
    return checked


def check_all(settings: Settings, source: Source, batches: Sequence[Batch]) -> list[CheckedBatch]:
    """Parse batches and split their rows into those that keep the contract and those that do not.

    Identical repeats of a row are counted and dropped. Where more rows break the contract than the
    table tolerates, or one key comes with two values, a daily batch's days concerned are refused
    (all of its days, where a row does not say its day); any other batch raises ContractBroken.
    What was wrong is then in ``checked/rejected.jsonl``.
    """
    checked: dict[str, CheckedBatch] = {}
    for name in dict.fromkeys(batch.request.stream for batch in batches):
        stream = source.stream(name)
        table = loaded_table(stream)
        with contextlib.ExitStack() as at_work:
            checks = []
            for batch in batches:
                if batch.request.stream == name:
                    checks.append(_checking(table, source, stream, batch))
                    at_work.callback(checks[-1].close)
            for each in _side_by_side(table, checks):
                checked[each.batch.batch_id] = each
    return [checked[batch.batch_id] for batch in batches]


_Checking = Generator[pa.Table, Verdict, CheckedBatch]
"""A check at work: yields rows, a part of its batch at a time, and is sent how they fared."""


def _side_by_side(table: Table, checks: Iterable[_Checking]) -> Iterator[CheckedBatch]:
    """See checks through; the rows that several wait with are held to the rules at once, for a
    suite takes as long over a few rows as over thousands."""
    to_begin = deque(checks)
    waiting: list[tuple[_Checking, pa.Table]] = []
    while to_begin or waiting:
        rows_waiting = sum(len(rows) for _, rows in waiting)
        if to_begin and len(waiting) < _BATCHES_AT_ONCE and rows_waiting < _FEW_ROWS:
            moved: list[tuple[_Checking, Verdict | None]] = [(to_begin.popleft(), None)]
        else:
            verdicts = _verdicts(table, [rows for _, rows in waiting])
            moved = [(check, of) for (check, _), of in zip(waiting, verdicts, strict=True)]
            waiting = []
        for check, verdict in moved:
            try:
                waiting.append((check, check.send(verdict) if verdict else next(check)))
            except StopIteration as done:
                yield done.value


def _verdicts(table: Table, parts: Sequence[pa.Table]) -> list[Verdict]:
    try:
        return hold(table, parts)
    except NotHeld as error:
        raise ContractBroken(str(error)) from error


def _checking(table: Table, source: Source, stream: Stream, batch: Batch) -> _Checking:
    """Check one batch; what is beside it changes at the very end, at once."""
    tally = _Tally()
    folder = _checked_folder(batch)
    aside = folder.with_name(f".checked-{os.getpid()}")
    try:
        with plainly(folder):
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            with (aside / "rejected.jsonl").open("x", encoding="utf-8") as rejected:
                met_twice = yield from _split(
                    table, source, batch, tally, aside / "rows.parquet", rejected
                )
                if met_twice:
                    _settle(
                        table, stream, batch, tally, met_twice, aside / "rows.parquet", rejected
                    )
            refused = _refused_days(table, batch, tally) if stream.kind == "daily" else {}
            checked = CheckedBatch(
                batch,
                tally.rows - tally.repeated - tally.rejected,
                tally.repeated,
                tally.rejected,
                refused,
            )
            (aside / "verdict.json").write_text(
                json.dumps(_verdict(checked, tally), indent=1), encoding="utf-8"
            )
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    if stream.kind != "daily" and (
        tally.conflicts or tally.rejected > tally.rows * table.tolerated_share
    ):
        raise ContractBroken(
            f"{batch.source} account {batch.account.account_id}, {batch.request.stream}: "
            f"{_told(table, tally.rejected, tally.rows, tally.reasons, bool(tally.conflicts))}; "
            f"nothing of this batch is staged, the rows are in {checked.rejected_file}"
        )
    return checked


def read_checked(settings: Settings, batch: Batch) -> CheckedBatch:
    """The verdict that an earlier ``check`` left; LandingError if there is none."""
    try:
        text = (_checked_folder(batch) / "verdict.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LandingError(f"batch {batch.batch_id} has not been validated yet") from None
    verdict = json.loads(text)
    return CheckedBatch(
        batch,
        verdict["rows_accepted"],
        verdict["rows_repeated"],
        verdict["rows_rejected"],
        {date.fromisoformat(day): reason for day, reason in verdict["refused_days"].items()},
    )


@dataclass
class _Tally:
    """What has been counted of a batch so far; the day None is that of rows that do not tell.

    ``is_sound`` tells of each row in turn whether it by itself keeps the contract.
    """

    is_sound: bytearray = field(default_factory=bytearray)
    repeated: int = 0
    rejected: int = 0
    conflicts: set[date | None] = field(default_factory=set)
    rows_of_day: Counter[date | None] = field(default_factory=Counter)
    rejected_of_day: Counter[date | None] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    reasons_of_day: defaultdict[date | None, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    repaired: Counter[str] = field(default_factory=Counter)
    expectations: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return len(self.is_sound)

    def reject(self, day: date | None, reasons: Sequence[str]) -> None:
        """Count one row set aside."""
        self.rejected += 1
        self.rejected_of_day[day] += 1
        self.reasons.update(reasons)
        self.reasons_of_day[day].update(reasons)


def _checked_folder(batch: Batch) -> Path:
    return batch.folder / "checked"


def _split(
    table: Table,
    source: Source,
    batch: Batch,
    tally: _Tally,
    rows_file: Path,
    rejected: IO[str],
) -> Generator[pa.Table, Verdict, frozenset[int]]:
    """Write the rows that keep the contract to one file, the others with their reasons to another.

    Returns the hashes of keys that more than one of the former bears.
    """
    hashes = KeyHashes(table.key)
    parsed = source.parse(batch.account, batch.request.stream, batch.records())
    with pq.ParquetWriter(rows_file, arrow_schema(table)) as accepted:
        while chunk := list(islice(parsed, _ROWS_AT_ONCE)):
            rows, faults = _typed(table, source, batch, chunk, tally)
            verdict = yield rows
            _note_broken_rules(table, source, batch, rows, verdict, faults, tally)
            days = _days(rows, batch)
            tally.rows_of_day.update(days)
            for position in sorted(faults):
                reasons = list(dict.fromkeys(faults[position]))
                tally.reject(days[position], reasons)
                number = len(tally.is_sound) + position
                rejected.write(_rejection(table, number, reasons, chunk[position]))
            is_sound = [position not in faults for position in range(len(rows))]
            tally.is_sound.extend(is_sound)
            if faults:
                rows = rows.filter(pa.array(is_sound, pa.bool_()))
            hashes.add(rows)
            accepted.write_table(rows)
    return hashes.met_twice()


def _settle(
    table: Table,
    stream: Stream,
    batch: Batch,
    tally: _Tally,
    met_twice: frozenset[int],
    rows_file: Path,
    rejected: IO[str],
) -> None:
    """Leave one of identical rows in the file, and none of those that bear one key and differ."""
    reason = f"another row has the same {', '.join(table.key)}"
    kept_file = rows_file.with_name("kept.parquet")
    numbers = compress(count(), tally.is_sound)
    is_latest_kept = stream.kind == "changes"
    with pq.ParquetWriter(kept_file, arrow_schema(table)) as kept:
        for rows, fates in judge(rows_file, table.key, met_twice, is_latest_kept=is_latest_kept):
            days = _days(rows, batch)
            for position, (number, fate) in enumerate(
                zip(islice(numbers, len(rows)), fates, strict=True)
            ):
                if fate == "repeat":
                    tally.repeated += 1
                elif fate == "conflict":
                    tally.reject(days[position], [reason])
                    tally.conflicts.add(days[position])
                    [record] = rows.slice(position, 1).to_pylist()
                    rejected.write(_rejection(table, number, [reason], record))
            kept.write_table(rows.filter(pa.array([fate == "keep" for fate in fates], pa.bool_())))
    kept_file.replace(rows_file)


def _typed(
    table: Table, source: Source, batch: Batch, chunk: Sequence[Row], tally: _Tally
) -> tuple[pa.Table, defaultdict[int, list[str]]]:
    """The parsed rows as typed ones; values that do not fit are NULL in them and faults."""
    if strange := set().union(*chunk) - set(table.column_names):
        raise ContractBroken(
            f"{source.name} parses {batch.request.stream} into columns that {table.name} does "
            f"not have ({', '.join(sorted(strange))}); mend the source"
        )
    faults: defaultdict[int, list[str]] = defaultdict(list)
    arrays = []
    for column in table.columns:
        fitted = fit(
            column, [row.get(column.name) for row in chunk], is_key=column.name in table.key
        )
        arrays.append(fitted.array)
        for position, reason in fitted.faults:
            faults[position].append(reason)
        if fitted.repaired:
            tally.repaired[column.name] += fitted.repaired
    return pa.Table.from_arrays(arrays, schema=arrow_schema(table)), faults


def _note_broken_rules(
    table: Table,
    source: Source,
    batch: Batch,
    rows: pa.Table,
    verdict: Verdict,
    faults: defaultdict[int, list[str]],
    tally: _Tally,
) -> None:
    """Add to ``faults`` what the contract says of rows whose values could be read."""
    unexpected, expectations = verdict
    for each in expectations:
        tally.expectations[each.expectation, each.column] += each.unexpected
    for position, reasons in unexpected.items():
        unread = {reason.split()[0] for reason in faults[position]}
        faults[position] += [reason for reason in reasons if reason.split()[0] not in unread]
    for position, reason in _misplaced(table, source, batch, rows):
        faults[position].append(reason)
    if table.row_rules:
        from include.warehouse.row_rules import broken_row_rules

        for position, reason in broken_row_rules(table, rows):
            faults[position].append(reason)


def _misplaced(
    table: Table, source: Source, batch: Batch, rows: pa.Table
) -> Iterator[tuple[int, str]]:
    """Rows that speak of another platform, account or day than was asked for."""
    for name, asked in (("platform", source.name), ("account_id", batch.account.account_id)):
        if name in table.column_names and "platform" in table.column_names:
            for position in _where(pc.not_equal(rows[name], asked)):
                yield position, f"{name} is not the one asked for"
    window = batch.request.window
    if window and "date_day" in table.column_names:
        day = rows["date_day"]
        first, last = pa.scalar(window.first), pa.scalar(window.last)
        for position in _where(pc.or_(pc.less(day, first), pc.greater(day, last))):
            yield position, "date_day is outside the days asked for"


def _where(mask: pa.ChunkedArray) -> list[int]:
    return pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()


def _days(rows: pa.Table, batch: Batch) -> list[date | None]:
    """The day asked for that each row is of; None for a row that is of none of them."""
    window = batch.request.window
    if window is None or "date_day" not in rows.column_names:
        return [None] * len(rows)
    asked = set(window.days())
    return [day if day in asked else None for day in rows["date_day"].to_pylist()]


def _refused_days(table: Table, batch: Batch, tally: _Tally) -> dict[date, str]:
    """The days of a daily batch that may not be staged, each with the reason."""
    assert batch.request.window, "a daily batch has a window"
    days = batch.request.window.days()
    if tally.rejected_of_day[None] > tally.rows * table.tolerated_share or None in tally.conflicts:
        count, of = tally.rejected_of_day[None], tally.rows
        told = _told(table, count, of, tally.reasons_of_day[None], None in tally.conflicts)
        return dict.fromkeys(days, f"{told}, and the day of those rows is unknown")
    refused = {}
    for day in days:
        count, of = tally.rejected_of_day[day], tally.rows_of_day[day]
        if count > of * table.tolerated_share or day in tally.conflicts:
            refused[day] = _told(
                table, count, of, tally.reasons_of_day[day], day in tally.conflicts
            )
    return refused


def _told(table: Table, count: int, of: int, reasons: Counter[str], has_conflicts: bool) -> str:
    told = ", ".join(f"{reason} ({n})" for reason, n in reasons.most_common(_REASONS_TOLD))
    tolerated = "" if has_conflicts else f" ({table.tolerated_share:.0%} may)"
    return f"{count} of {of} rows break the contract of {table.name}{tolerated}: {told}"


def _rejection(table: Table, number: int, reasons: Sequence[str], record: Row) -> str:
    """A row set aside as a line, with what of its day, spend and currency can be read."""
    readable = {}
    for name in ("currency_code", "date_day", "spend"):
        value = None
        if name in table.column_names:
            with contextlib.suppress(Unfit):
                value = fit_one(table.column(name), record.get(name))
        readable[name] = value
    row = {
        "row_number": number,
        "reason": "; ".join(reasons),
        "record": json.dumps(record, default=str),
        **readable,
    }
    return json.dumps(row, default=str) + "\n"


def _verdict(checked: CheckedBatch, tally: _Tally) -> dict[str, Any]:
    return {
        "rows_read": tally.rows,
        "rows_accepted": checked.row_count,
        "rows_repeated": checked.repeated_count,
        "rows_rejected": checked.rejected_count,
        "refused_days": {str(day): reason for day, reason in checked.refused_days.items()},
        "texts_repaired": dict(tally.repaired),
        "expectations": [
            {
                "expectation": expectation,
                "columns": column,
                "success": unexpected == 0,
                "unexpected": unexpected,
            }
            for (expectation, column), unexpected in tally.expectations.items()
        ],
    }
