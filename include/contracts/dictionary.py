"""The data dictionary, written from the contracts."""

from __future__ import annotations

from include.contracts.build_info import BUILD_INFO
from include.contracts.ddl import meaning
from include.contracts.marts import MART_TABLES
from include.contracts.ops import OPS_TABLES, V_FRESHNESS
from include.contracts.seeds import SEED_TABLES
from include.contracts.settings import SETTINGS_TABLES
from include.contracts.shape import Column, Table
from include.contracts.staging import STAGING_TABLES

_PARTS: tuple[tuple[str, tuple[Table, ...]], ...] = (
    ("Marts: what people read", (*MART_TABLES, BUILD_INFO)),
    ("Staging: what the sources say", STAGING_TABLES),
    ("Seeds and settings: what the owner decides", (*SEED_TABLES, *SETTINGS_TABLES)),
    ("Ops: how the pipeline keeps account of itself", (*OPS_TABLES, V_FRESHNESS)),
)


def render() -> str:
    """The dictionary as Markdown: every table with its grain, key and columns."""
    lines = [
        "# Data dictionary",
        "",
        "Written from `include/contracts/` by `make dictionary`. Instants are in UTC. Money is in "
        "the unit named; a column named `_base` is in the reporting currency. Columns marked "
        "*stamp* tell when a row was loaded, not what it says.",
    ]
    for title, tables in _PARTS:
        lines += ["", f"## {title}", ""]
        lines += [f"- [{table.name}](#{table.name}): {table.title}" for table in tables]
        for table in tables:
            lines += ["", *_table(table)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    lines = [
        f"### {table.name}",
        "",
        f"{table.title}.",
        "",
        f"Schema `{table.schema}`. One row per {table.grain}. "
        f"Key: {', '.join(f'`{name}`' for name in table.key)}.",
    ]
    if table.warning:
        lines += ["", f"> {table.warning}"]
    if table.row_rules:
        lines += ["", *(f"- Set aside where {reason}." for reason, _ in table.row_rules)]
    lines += ["", "| column | type | meaning |", "|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.type.value} | {_meaning(column)} |"
        for column in table.columns
    ]
    return lines


def _meaning(column: Column) -> str:
    words = [meaning(column).replace("|", "\\|") + "."]
    if column.one_of:
        words.append(f"One of: {', '.join(column.one_of)}.")
    if column.at_least is not None:
        words.append(f"At least {column.at_least}.")
    if column.is_required:
        words.append("Always set.")
    if column.is_stamp:
        words.append("*Stamp.*")
    return " ".join(words)
