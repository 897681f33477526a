"""Puts rows into staging for SQL tests: only the columns that matter are written, others default.

What a case leaves out is filled here and nowhere else:

- ``DEFAULT_ROWS``: tables a case need not speak of. One load at the as-of instant 2026-11-20 12:00
  UTC, reporting in EUR and Europe/Berlin, a look-back of 730 days, three networks and a CRM with
  their tags. The seeds are those of the repository.
- ``DEFAULT_VALUES``: values of required columns a row does not name.

A case that gives rows for a table replaces that table's default rows, seeds included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from include import warehouse
from include.contracts import OPS_TABLES, STAGING_TABLES
from include.contracts.seeds import SEED_TABLES
from include.contracts.settings import SETTINGS_TABLES
from include.contracts.shape import Table
from include.contracts.values import fit
from include.settings import Settings
from include.warehouse.engine import compose, engine_of
from include.warehouse.reference import currencies, read_seed

Rows = list[dict[str, Any]]

TABLES: dict[str, Table] = {
    table.name: table for table in (*STAGING_TABLES, *SEED_TABLES, *SETTINGS_TABLES, *OPS_TABLES)
}
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
_LOADED = datetime(2026, 11, 20, 13, tzinfo=UTC)
_CREATED = datetime(2026, 1, 5, 10, tzinfo=UTC)

_TAGS = {
    "facebook_ads": (("facebook", "fb", "ig", "instagram"), (), ("utm_id", "campaign_id")),
    "google_ads": (
        ("google", "adwords"),
        ("gclid", "gbraid", "wbraid"),
        ("utm_id", "gad_campaignid"),
    ),
    "linkedin_ads": (("linkedin", "li"), ("li_fat_id",), ("utm_id",)),
}


def _tag_rows() -> Rows:
    rows = []
    for platform, (sources, click_ids, parameters) in _TAGS.items():
        tags = [("utm_source", source) for source in sources]
        tags += [("click_id", name) for name in click_ids]
        tags += [("id_parameter", parameter) for parameter in parameters]
        rows += [{"platform": platform, "tag_kind": k, "tag_value": v} for k, v in tags]
    return rows


VERSION = 1
"""Of staging in every world: nothing is loaded into one while its models are built."""
DEFAULT_ROWS: dict[str, Rows] = {
    "staging_version": [{"reference_digest": "as filled", "version": VERSION}],
    "load_ledger": [
        {"source": "salesforce", "account_id": "00D", "stream": "leads", "scope": "all"},
    ],
    "stg_settings": [
        {
            "reporting_currency": "EUR",
            "reporting_zone": "Europe/Berlin",
            "rates": "seed",
            "attribution_look_back_days": 730,
        }
    ],
    "stg_sources": [
        {"source": "facebook_ads", "kind": "ads", "look_back_days": 28},
        {"source": "google_ads", "kind": "ads", "look_back_days": 30},
        {"source": "linkedin_ads", "kind": "ads", "look_back_days": 30},
        {"source": "salesforce", "kind": "crm", "look_back_days": 0},
    ],
    "stg_streams": [
        *(
            {"source": platform, "stream": stream, "kind": "daily"}
            for platform in _TAGS
            for stream in ("campaign_daily", "account_daily")
        ),
        {"source": "salesforce", "stream": "leads", "kind": "changes"},
    ],
    "stg_currencies": currencies().to_pylist(),
    "stg_platform_tags": _tag_rows(),
}
DEFAULT_VALUES: dict[str, Any] = {
    "batch_id": "20261120T120000000000Z-00000000",
    "loaded_at": _LOADED,
    "first_loaded_at": _LOADED,
    "created_at": _CREATED,
    "modified_at": _CREATED,
    "as_of_at": AS_OF,
    "status": "loaded",
    "rows_staged": 1,
    "rows_rejected": 0,
    "currency_code": "EUR",
    "time_zone": "Europe/Berlin",
    "impressions": 0,
    "clicks": 0,
    "stage_name": "Prospecting",
    "close_date": date(2026, 12, 31),
    "is_active": True,
    "is_closed": False,
    "is_converted": False,
    "is_deleted": False,
    "is_primary": False,
    "is_won": False,
    "has_responded": True,
    "reason": "spend is not a number",
    "record": "{}",
    "stream": "campaign_daily",
    "every_days": 1,
    "rates": "seed",
    "fiscal_year_start_month": 1,
    "roi_bar": 0,
    "submitted_at": _CREATED,
    "first_seen_at": _CREATED,
    "valid_from_at": _CREATED,
    "valid_from_date": date(2026, 1, 1),
    "is_corporate": False,
    "channel": "Events",
}


@lru_cache(maxsize=32)
def _seed(folder: Path, table_name: str) -> pa.Table:
    table = TABLES[table_name]
    return read_seed(folder / f"{table_name.removeprefix('seed_')}.csv", table)


def as_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as an arrow table of the contract, defaults filled in; unknown columns are refused."""
    filled = []
    for row in rows:
        if unknown := set(row) - set(table.column_names):
            raise ValueError(f"{table.name} has no column {sorted(unknown)}")
        required = {
            column.name: DEFAULT_VALUES[column.name]
            for column in table.columns
            if column.is_required and column.name not in row and column.name in DEFAULT_VALUES
        }
        filled.append(required | dict(row))
    arrays = []
    for column in table.columns:
        fitted = fit(column, [row.get(column.name) for row in filled])
        if fitted.faults:
            raise ValueError(f"{table.name}: {fitted.faults[0][1]}")
        if column.is_required and fitted.array.null_count:
            raise ValueError(f"{table.name}: a row lacks {column.name}")
        arrays.append(fitted.array)
    return pa.Table.from_arrays(arrays, names=list(table.column_names))


_FILLED: dict[Path, set[str]] = {}
"""Per home, the tables that hold their default rows since the last fill."""


def fill(settings: Settings, given: Mapping[str, Rows]) -> None:
    """Fill every staging, seed and ops table with what is given, else with its default rows."""
    if unknown := set(given) - set(TABLES):
        raise ValueError(f"there is no table {sorted(unknown)}")
    standing = _FILLED.pop(settings.home, set())
    with engine_of(settings).write("prepare") as session:
        for name, table in TABLES.items():
            if name in standing and name not in given:
                continue
            if name in given:
                rows = as_rows(table, given[name])
            elif name.startswith("seed_"):
                rows = _seed(settings.seeds, name)
            else:
                rows = as_rows(table, DEFAULT_ROWS.get(name, []))
            full_name = f"{table.schema}.{name}"
            session.execute(compose("delete from {name}", name=full_name))
            if rows.num_rows:
                session.load(full_name, table.column_names, rows)
    _FILLED[settings.home] = set(TABLES) - set(given)


def spoil(settings: Settings, statement: str) -> None:
    """Run a statement that breaks what stands in the warehouse; the next fill mends staging."""
    _FILLED.pop(settings.home, None)
    with engine_of(settings).write("prepare") as session:
        session.run(statement)


def build(settings: Settings, *names: str) -> None:
    """Build these models, and all they read, by the production build; no name: every model."""
    wanted = set(names)
    models = warehouse.models.models()
    for model in reversed(models):
        if model.name in wanted:
            wanted.update(model.depends_on)
    warehouse.build(
        settings, *(model.name for model in models if model.name in wanted or not names)
    )
