"""The small tables ``prepare`` writes: seeds, settings, and what the sources declare."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from include import erased
from include.contracts.currencies import CURRENCY_DIGITS
from include.contracts.seeds import (
    SEED_ATTRIBUTION_MODELS,
    SEED_CAMPAIGN_ALIASES,
    SEED_CHANNEL_RULES,
    SEED_GOALS,
    SEED_MANUAL_SPEND,
    SEED_MANUAL_TOUCHPOINTS,
    SEED_OPPORTUNITY_STAGES,
    SEED_TABLES,
)
from include.contracts.settings import (
    STG_CURRENCIES,
    STG_PLATFORM_TAGS,
    STG_SETTINGS,
    STG_SOURCES,
    STG_STREAMS,
)
from include.contracts.shape import Column, Table, Type
from include.contracts.values import LONGEST_TEXT, arrow_schema, fit
from include.registry import SOURCES
from include.settings import Settings
from include.sources import Source
from include.sources.crm_ids import long_form
from include.sources.personal import without_addresses
from include.warehouse.engine import WarehouseError
from include.warehouse.row_rules import broken_row_rules

_TO_COME = timedelta(days=730)
"""How far ahead of the as-of day spend may be entered: later days are slips of the pen."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NO_WIDTH = "\u034f\u115f\u1160\u3164\ufe0e\ufe0f"
"""What shows nothing beside the characters of the category Cf, such as U+200B."""
_WITH_MONTHS = (SEED_MANUAL_SPEND.name, SEED_GOALS.name)
"""Seeds in which a month may stand in place of a day."""
_NEEDED = (SEED_CHANNEL_RULES, SEED_OPPORTUNITY_STAGES)
"""Seeds that nobody leaves without a line on purpose."""


def reference_tables(
    settings: Settings, sources: Iterable[Source], as_of: datetime | None = None
) -> Iterator[tuple[Table, pa.Table]]:
    """Each small table with all the rows it shall have.

    With ``as_of``, spend entered by hand may lie 730 days after it and no later. Raises
    WarehouseError with file, line and reason when a seed breaks its contract.
    """
    sources = list(sources)
    spend_rules = tuple(_spend_rules(sources, as_of))
    spend = replace(SEED_MANUAL_SPEND, row_rules=(*SEED_MANUAL_SPEND.row_rules, *spend_rules))
    spent = read_seed(_seed_path(settings, spend), spend)
    platforms = _platform_rule(sources, spent["platform"].to_pylist())
    for table in SEED_TABLES:
        path = _seed_path(settings, table)
        if table is SEED_MANUAL_SPEND:
            rows = spent
        elif table in (SEED_CHANNEL_RULES, SEED_CAMPAIGN_ALIASES):
            rows = read_seed(path, replace(table, row_rules=(*table.row_rules, platforms)))
        elif table is SEED_GOALS:
            rules = (*table.row_rules, *_goal_rules(settings))
            rows = read_seed(path, replace(table, row_rules=rules))
        elif table is SEED_MANUAL_TOUCHPOINTS:
            rows = _without_erased(settings, read_seed(path, table))
        else:
            rows = read_seed(path, table)
        if table in _NEEDED and not len(rows):
            raise WarehouseError(f"{path}, line 2: is missing; the marts need a {table.grain}")
        if table is SEED_ATTRIBUTION_MODELS and "first_touch" not in rows["model"].to_pylist():
            raise WarehouseError(f"{path}: first_touch is missing; the ROI marts stand on it")
        yield table, rows
    yield STG_SETTINGS, _rows(STG_SETTINGS, [_settings_row(settings)])
    yield STG_SOURCES, _rows(STG_SOURCES, [_source_row(settings, each) for each in sources])
    yield (
        STG_STREAMS,
        _rows(STG_STREAMS, [row for each in sources for row in _stream_rows(settings, each)]),
    )
    yield STG_CURRENCIES, currencies()
    yield (
        STG_PLATFORM_TAGS,
        _rows(STG_PLATFORM_TAGS, [row for each in sources for row in _tags(each)]),
    )


def read_seed(path: Path, table: Table) -> pa.Table:
    """A seed file as rows of its table; WarehouseError names file, line and reason."""
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise WarehouseError(
            f"the seed {path} cannot be read ({error.strerror}); restore it, or mend "
            "CLOSED_LOOP_SEEDS"
        ) from error
    return _seed(path, octets, table)


@lru_cache(maxsize=32)
def _seed(path: Path, octets: bytes, table: Table) -> pa.Table:
    """The rows of a seed file that holds these bytes: rates are many, and seldom others."""
    (_, header), *lines = _records(path, octets)
    if sorted(header) != sorted(table.column_names):
        raise WarehouseError(f"{path}, line 1: the columns must be {', '.join(table.column_names)}")
    numbers = [number for number, _ in lines]
    for number, fields in lines:
        if len(fields) != len(header):
            raise WarehouseError(
                f"{path}, line {number}: {len(fields)} fields where {len(header)} belong"
            )
    arrays = []
    for column in table.columns:
        place = header.index(column.name)
        values = [fields[place] or None for _, fields in lines]
        if table.name == SEED_MANUAL_TOUCHPOINTS.name and column.type is Type.TEXT:
            for number, value in zip(numbers, values, strict=True):
                if value and without_addresses(value) != value:
                    raise WarehouseError(
                        f"{path}, line {number}: {column.name} holds an e-mail address; name the "
                        "lead or contact by its id in the CRM"
                    )
            if column.name == "record_id":
                values = [value and long_form(value) for value in values]
        if table.name in _WITH_MONTHS and column.type is Type.DATE:
            values = [_day_of_month(column, value) for value in values]
        fitted = fit(column, values, is_key=column.name in table.key)
        for position, reason in (
            *_badly_written(column, values),
            *fitted.faults,
            *_broken_rules(column, fitted.array.to_pylist()),
        ):
            raise WarehouseError(f"{path}, line {numbers[position]}: {reason}")
        arrays.append(fitted.array)
    rows = pa.Table.from_arrays(arrays, schema=arrow_schema(table))
    respelled = _respelled(rows) if table.name == SEED_MANUAL_SPEND.name else ()
    for position, reason in (*respelled, *broken_row_rules(table, rows)):
        raise WarehouseError(f"{path}, line {numbers[position]}: {reason}")
    if rows.group_by(list(table.key)).aggregate([]).num_rows == len(rows):
        return rows
    seen: dict[tuple[Any, ...], int] = {}
    for number, *key in zip(numbers, *(rows[name].to_pylist() for name in table.key), strict=True):
        if (earlier := seen.setdefault(tuple(key), number)) != number:
            raise WarehouseError(
                f"{path}, line {number}: line {earlier} has the same {', '.join(table.key)}"
            )
    return rows


def _records(path: Path, octets: bytes) -> list[tuple[int, list[str]]]:
    """The header and the records of a CSV file, each with the line on which it begins."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise WarehouseError(
            f"{path}, line {line}: is not in UTF-8; save the file as CSV in UTF-8"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for fields in reader:
            if fields or not records:
                records.append((begins, fields))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise WarehouseError(
            f"{path}, line {begins}: is no CSV ({error}); close every quotation mark, and write "
            "one within a quoted text twice"
        ) from error
    return records or [(1, [])]


def _without_erased(settings: Settings, rows: pa.Table) -> pa.Table:
    """Touches entered by hand, with the token in place of an erased person's record."""
    known = erased.read(settings)
    if not known.tokens:
        return rows
    place = rows.column_names.index("record_id")
    ids = [known.token(each) or each for each in rows["record_id"].to_pylist()]
    return rows.set_column(place, rows.schema.field(place), pa.array(ids, pa.string()))


def _day_of_month(column: Column, value: str | None) -> str | None:
    """A month as its first day, or as its last where ``last_day`` is asked; else the value."""
    if value is None or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value, re.ASCII):
        return value
    days = monthrange(*map(int, value.split("-")))[1] if column.name == "last_day" else 1
    return f"{value}-{days:02}"


def _badly_written(column: Column, values: Iterable[str | None]) -> Iterator[tuple[int, str]]:
    """What a person wrote and would be read otherwise than it looks."""
    if column.type not in (Type.DATE, Type.TEXT):
        return
    for position, value in enumerate(values):
        if value is None:
            continue
        if column.type is Type.DATE:
            if not _DAY.fullmatch(value):
                yield position, f"{column.name} is not a day written as YYYY-MM-DD"
        elif "\0" in value:
            yield position, f"{column.name} holds a NUL, which no warehouse keeps"
        elif len(value) > LONGEST_TEXT:
            yield position, f"{column.name} is longer than {LONGEST_TEXT} characters"


def _respelled(rows: pa.Table) -> Iterator[tuple[int, str]]:
    """Campaigns of one platform whose names look alike and are written otherwise."""
    spellings: dict[tuple[str, str], str] = {}
    named = zip(rows["platform"].to_pylist(), rows["campaign_name"].to_pylist(), strict=True)
    for position, (platform, name) in enumerate(named):
        if spellings.setdefault((platform, _as_it_looks(name)), name) != name:
            yield position, "an earlier line spells this campaign otherwise"


def _as_it_looks(name: str) -> str:
    """A name whose letter case, blanks, Unicode forms and characters without width do not count."""
    seen = (each for each in name if unicodedata.category(each) != "Cf" and each not in _NO_WIDTH)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", "".join(seen)).lower())
    return " ".join(plain.split())


def currencies() -> pa.Table:
    """The smallest unit of every currency, as rows of ``staging.stg_currencies``."""
    return _rows(
        STG_CURRENCIES,
        [
            {"currency_code": code, "smallest_unit": Decimal(1).scaleb(-digits)}
            for code, digits in CURRENCY_DIGITS.items()
        ],
    )


def _seed_path(settings: Settings, table: Table) -> Path:
    return settings.seeds / f"{table.name.removeprefix('seed_')}.csv"


def _platform_rule(sources: Iterable[Source], by_hand: Iterable[str]) -> tuple[str, str]:
    """A rule or alias is for a network that can be read, or one whose spend is entered by hand."""
    networks = {source.name for source in (*SOURCES, *sources) if source.kind == "ads"}
    known = sorted(networks | set(by_hand))
    names = ", ".join(f"'{name}'" for name in known)
    return (
        f"platform is none of {', '.join(known)}: the networks, and the platforms of manual_spend",
        f"platform in ({names})",
    )


def _spend_rules(sources: Iterable[Source], as_of: datetime | None) -> Iterator[tuple[str, str]]:
    """Spend of a network that is read is never entered by hand as well, nor that of a far day."""
    if as_of is not None:
        latest = as_of.date() + _TO_COME
        yield (
            f"last_day is after {latest}, which is {_TO_COME.days} days after the as-of day",
            f"last_day <= date '{latest}'",
        )
    for source in sources:
        yield (
            f"{source.name} is read from its API; spend entered by hand goes under another word",
            f"platform <> '{source.name}'",
        )


def _goal_rules(settings: Settings) -> Iterator[tuple[str, str]]:
    """Years and quarters are the owner's fiscal ones; figures of money are in one currency."""
    start = settings.fiscal_year_start_month
    months = [(start - 1 + quarter * 3) % 12 + 1 for quarter in range(4)]
    said = f"CLOSED_LOOP_FISCAL_YEAR_START_MONTH is {start}"
    yield (
        f"first_day begins no year: {said}",
        f"period <> 'year' or extract(month from first_day) = {start}",
    )
    yield (
        f"first_day begins no quarter: {said}",
        "period <> 'quarter' or extract(month from first_day) in "
        f"({', '.join(str(month) for month in months)})",
    )
    yield (
        f"currency_code is not {settings.reporting_currency}, the reporting currency, in which "
        "goals are held against the figures",
        f"currency_code is null or currency_code = '{settings.reporting_currency}'",
    )


def _broken_rules(column: Column, values: Iterable[Any]) -> Iterator[tuple[int, str]]:
    for position, value in enumerate(values):
        if value is None:
            if column.is_required:
                yield position, f"{column.name} is missing"
        elif column.at_least is not None and value < column.at_least:
            yield position, f"{column.name} is below {column.at_least}"
        elif column.type is Type.TEXT and value != value.strip():
            yield position, f"{column.name} begins or ends with a blank"
        elif column.one_of is not None and value not in column.one_of:
            yield position, f"{column.name} is none of {', '.join(column.one_of)}"


def _rows(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(table))


def _settings_row(settings: Settings) -> dict[str, Any]:
    return {
        "reporting_currency": settings.reporting_currency,
        "reporting_zone": settings.reporting_zone,
        "rates": settings.rates,
        "attribution_look_back_days": settings.attribution_look_back_days,
        "fiscal_year_start_month": settings.fiscal_year_start_month,
        "roi_bar": settings.roi_bar,
    }


def _source_row(settings: Settings, source: Source) -> dict[str, Any]:
    return {
        "source": source.name,
        "kind": source.kind,
        "look_back_days": settings.look_back_days.get(source.name, source.look_back_days),
        "retention_days": source.retention_days,
        "history_start": settings.history_start,
    }


def _stream_rows(settings: Settings, source: Source) -> Iterator[dict[str, Any]]:
    for stream in source.streams:
        if stream.by_default or f"{source.name}.{stream.name}" in settings.extra_streams:
            yield {
                "source": source.name,
                "stream": stream.name,
                "kind": stream.kind,
                "retention_days": stream.retention_days,
                "every_days": stream.every_days,
            }


def _tags(source: Source) -> Iterator[dict[str, Any]]:
    tagging = source.tagging
    if tagging is None:
        return
    tags = [("utm_source", value) for value in tagging.utm_sources]
    tags += [("click_id", name) for name in tagging.click_ids]
    tags += [("id_parameter", name) for name in tagging.campaign_id_parameters]
    for tag_kind, tag_value in tags:
        yield {"platform": source.name, "tag_kind": tag_kind, "tag_value": tag_value}
