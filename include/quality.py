"""A landed batch held against its contract: what may be staged, and what is set aside and why.

The verdict is Great Expectations', over a suite derived from the table's contract. Beside the batch
stand afterwards ``checked/rows.parquet`` (typed rows in the contract's columns, stamps aside),
``checked/rejected.jsonl`` (rows set aside) and ``checked/verdict.json``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.contracts.shape import Table
from include.contracts.values import Unfit, arrow_schema, fit, fit_one
from include.landing import Batch, LandingError, plainly
from include.settings import Settings
from include.sources import Row, Source, Stream

_ROWS_AT_ONCE = 65_536
_REASONS_TOLD = 3


class ContractBroken(Exception):
    """A batch as a whole is refused; the message says which, how many rows, and why."""


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """A batch that may be staged.

    ``row_count`` rows stand in ``rows_file``; ``repeated_count`` identical repeats were dropped,
    ``rejected_count`` rows set aside.
    """

    batch: Batch
    row_count: int
    repeated_count: int
    rejected_count: int

    @property
    def rows_file(self) -> Path:
        """Parquet file of the accepted rows."""
        return _checked_folder(self.batch) / "rows.parquet"

    def rejected(self) -> Iterator[dict[str, Any]]:
        """The rows set aside: row_number, reason, record (the parsed row), in batch order."""
        with (_checked_folder(self.batch) / "rejected.jsonl").open(encoding="utf-8") as lines:
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
    """Parse a batch and split its rows into those that keep the contract and those that do not.

    Identical repeats of a row are counted and dropped. Raises ContractBroken when more rows break
    the contract than the table tolerates, or when one key comes with two values; what was wrong is
    then in ``checked/rejected.jsonl``.
    """
    stream = source.stream(batch.request.stream)
    table = loaded_table(stream)
    rows, faults, records, repaired = _typed(table, source, batch)
    verdict = _expect(table, rows)
    for position, reasons in verdict.unexpected.items():
        unread = {reason.split()[0] for reason in faults[position]}
        faults[position] += [reason for reason in reasons if reason.split()[0] not in unread]
    for position, reason in _misplaced(table, source, batch, rows):
        faults[position].append(reason)
    for position, reason in _broken_row_rules(table, rows):
        faults[position].append(reason)
    repeats, conflicts = _duplicates(table, stream, rows, faults)
    for position in conflicts:
        faults[position].append(f"another row has the same {', '.join(table.key)}")
    missing = [position for position in sorted(faults) if position not in records]
    records |= zip(missing, rows.take(pa.array(missing, pa.int64())).to_pylist(), strict=True)
    keep = [n not in faults and n not in repeats for n in range(len(rows))]
    accepted = rows if all(keep) else rows.filter(pa.array(keep, pa.bool_()))
    checked = CheckedBatch(batch, len(accepted), len(repeats), len(faults))
    _write(
        checked,
        accepted,
        [_rejection(table, n, faults[n], records[n]) for n in sorted(faults)],
        {
            "rows_read": len(rows),
            "rows_accepted": len(accepted),
            "rows_repeated": len(repeats),
            "rows_rejected": len(faults),
            "texts_repaired": dict(repaired),
            "expectations": verdict.expectations,
        },
    )
    if conflicts or len(faults) > len(rows) * table.tolerated_share:
        raise ContractBroken(_sentence(table, batch, len(rows), faults, bool(conflicts)))
    return checked


def read_checked(settings: Settings, batch: Batch) -> CheckedBatch:
    """The verdict that an earlier ``check`` left; LandingError if there is none."""
    try:
        text = (_checked_folder(batch) / "verdict.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LandingError(f"batch {batch.batch_id} has not been validated yet") from None
    counts = json.loads(text)
    return CheckedBatch(
        batch, counts["rows_accepted"], counts["rows_repeated"], counts["rows_rejected"]
    )


def _checked_folder(batch: Batch) -> Path:
    return batch.folder / "checked"


def _typed(
    table: Table, source: Source, batch: Batch
) -> tuple[pa.Table, defaultdict[int, list[str]], dict[int, Row], Counter[str]]:
    """Every parsed row as a typed one; values that do not fit are NULL in it and faults."""
    schema = arrow_schema(table)
    names = set(table.column_names)
    faults: defaultdict[int, list[str]] = defaultdict(list)
    records: dict[int, Row] = {}
    repaired: Counter[str] = Counter()
    parts = []
    offset = 0
    parsed = source.parse(batch.account, batch.request.stream, batch.records())
    while chunk := list(islice(parsed, _ROWS_AT_ONCE)):
        if strange := set().union(*chunk) - names:
            raise ContractBroken(
                f"{source.name} parses {batch.request.stream} into columns that {table.name} does "
                f"not have ({', '.join(sorted(strange))}); mend the source"
            )
        arrays = []
        for column in table.columns:
            fitted = fit(
                column, [row.get(column.name) for row in chunk], is_key=column.name in table.key
            )
            arrays.append(fitted.array)
            for position, reason in fitted.faults:
                faults[offset + position].append(reason)
                records[offset + position] = chunk[position]
            if fitted.repaired:
                repaired[column.name] += fitted.repaired
        parts.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        offset += len(chunk)
    return pa.Table.from_batches(parts, schema), faults, records, repaired


@dataclass(frozen=True, slots=True)
class _Verdict:
    unexpected: Mapping[int, list[str]]
    expectations: list[dict[str, Any]]


def _expect(table: Table, rows: pa.Table) -> _Verdict:
    """Run the table's Great Expectations suite over the rows.

    Decimals are judged as floats: their rules are bounds far coarser than a float's error.
    """
    if not len(rows):
        return _Verdict({}, [])
    definition, suite = _suite(table)
    frame = pa.table(
        {
            column.name: pc.cast(rows[column.name], pa.float64())
            if pa.types.is_decimal(rows[column.name].type)
            else rows[column.name]
            for column in table.columns
            if column.is_required or column.at_least is not None or column.one_of is not None
        }
    ).to_pandas(integer_object_nulls=True)
    validation = definition.get_batch({"dataframe": frame}).validate(
        suite, result_format={"result_format": "COMPLETE"}
    )
    unexpected: defaultdict[int, list[str]] = defaultdict(list)
    told = []
    for result in validation.results:
        rule: Any = result.expectation_config
        if result.exception_info.get("raised_exception"):
            raise ContractBroken(
                f"{rule.type} could not be held against {table.name}: "
                f"{result.exception_info['exception_message']}"
            )
        positions = result.result.get("unexpected_index_list") or []
        for position in positions:
            unexpected[position].append(rule.notes)
        told.append(
            {
                "expectation": rule.type,
                "columns": rule.kwargs.get("column") or rule.kwargs.get("column_list"),
                "success": result.success,
                "unexpected": len(positions),
            }
        )
    return _Verdict(unexpected, told)


@lru_cache
def _suite(table: Table) -> tuple[Any, Any]:
    """The table's suite, and where a frame is handed in to be held against it.

    Imported here because it takes seconds. Nothing is sent or written anywhere, and what the
    library tells of itself at import and on every frame stays out of the task's log.
    """
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    definition = (
        context.data_sources.add_pandas("batch")
        .add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("all rows")
    )
    return definition, gx.ExpectationSuite(table.name, expectations=list(_expectations(table)))


def _expectations(table: Table) -> Iterator[Any]:
    """The contract as expectations; an expectation's note is the reason given for its rows."""
    import great_expectations.expectations as gxe

    for column in table.columns:
        name = column.name
        if column.is_required:
            yield gxe.ExpectColumnValuesToNotBeNull(column=name, notes=f"{name} is missing")
        if column.at_least is not None:
            yield gxe.ExpectColumnValuesToBeBetween(
                column=name, min_value=column.at_least, notes=f"{name} is below {column.at_least}"
            )
        if column.one_of is not None:
            yield gxe.ExpectColumnValuesToBeInSet(
                column=name,
                value_set=list(column.one_of),
                notes=f"{name} is none of {', '.join(column.one_of)}",
            )


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


def _broken_row_rules(table: Table, rows: pa.Table) -> Iterator[tuple[int, str]]:
    if table.row_rules:
        from include.warehouse.row_rules import broken_row_rules

        yield from broken_row_rules(table, rows)


def _duplicates(
    table: Table, stream: Stream, rows: pa.Table, faults: Mapping[int, list[str]]
) -> tuple[set[int], set[int]]:
    """Positions of repeats to drop, and of rows whose key comes with differing values.

    Of a record that changed while a changes stream was read, the latest state stays.
    """
    key = list(table.key)
    numbered = rows.append_column("row_number", _positions(rows))
    if faults:
        sound = [n not in faults for n in range(len(rows))]
        numbered = numbered.filter(pa.array(sound, pa.bool_()))
    groups = numbered.select(key).group_by(key).aggregate([([], "count_all")])
    if len(groups) == len(numbered):
        return set(), set()
    several = groups.filter(pc.greater(groups["count_all"], 1)).select(key)
    by_key: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in numbered.join(several, key, join_type="left semi").to_pylist():
        by_key[tuple(row[name] for name in key)].append(row)
    repeats: set[int] = set()
    conflicts: set[int] = set()
    for group in by_key.values():
        if stream.kind == "changes":
            latest = max(row["modified_at"] for row in group)
            repeats |= {row["row_number"] for row in group if row["modified_at"] != latest}
            group = [row for row in group if row["modified_at"] == latest]
        first, *others = sorted(group, key=lambda row: row["row_number"])
        content = {**first, "row_number": None}
        if all({**other, "row_number": None} == content for other in others):
            repeats |= {other["row_number"] for other in others}
        else:
            conflicts |= {row["row_number"] for row in group}
    return repeats, conflicts


def _positions(rows: pa.Table) -> pa.Array:
    return pa.array(range(len(rows)), pa.int64())


def _where(mask: pa.ChunkedArray) -> list[int]:
    return pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()


def _rejection(table: Table, number: int, reasons: Sequence[str], record: Row) -> dict[str, Any]:
    """A row set aside, with what of its day, spend and currency can be read."""
    readable = {}
    for name in ("currency_code", "date_day", "spend"):
        value = None
        if name in table.column_names:
            with contextlib.suppress(Unfit):
                value = fit_one(table.column(name), record.get(name))
        readable[name] = value
    return {
        "row_number": number,
        "reason": "; ".join(dict.fromkeys(reasons)),
        "record": json.dumps(record, default=str),
        **readable,
    }


def _write(
    checked: CheckedBatch, rows: pa.Table, rejected: list[dict[str, Any]], verdict: dict[str, Any]
) -> None:
    """Write the three files aside and rename them into place; an earlier verdict gives way."""
    folder = _checked_folder(checked.batch)
    aside = folder.with_name(f".checked-{os.getpid()}")
    with plainly(folder):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        pq.write_table(rows, aside / "rows.parquet")
        with (aside / "rejected.jsonl").open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, default=str) + "\n" for row in rejected)
        (aside / "verdict.json").write_text(json.dumps(verdict, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)


def _sentence(
    table: Table,
    batch: Batch,
    row_count: int,
    faults: Mapping[int, list[str]],
    has_conflicts: bool,
) -> str:
    window = batch.request.window
    days = f" {window.first} to {window.last}" if window else ""
    reasons = Counter(reason for each in faults.values() for reason in dict.fromkeys(each))
    told = ", ".join(f"{reason} ({n})" for reason, n in reasons.most_common(_REASONS_TOLD))
    tolerated = "" if has_conflicts else f" ({table.tolerated_share:.0%} may)"
    return (
        f"{batch.source} account {batch.account.account_id}, {batch.request.stream}{days}: "
        f"{len(faults)} of {row_count} rows break the contract of {table.name}{tolerated}: {told}; "
        f"nothing of this batch is staged, the rows are in {_checked_folder(batch)}/rejected.jsonl"
    )
