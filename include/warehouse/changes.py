"""Why closed months changed: the candidates held against the marts they are about to replace.

Runs within the transaction of a publish, while the published marts can still be read as
``marts.*``. Figures of closed months that move are found mart by mart; the files of sql/changes
then find the facts that moved them, and why those did.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.contracts.build_info import BUILD_INFO
from include.contracts.ops import MART_CHANGES
from include.contracts.seeds import SEED_TABLES
from include.contracts.settings import STG_CURRENCIES, STG_PLATFORM_TAGS, STG_SETTINGS
from include.contracts.shape import Table, Type
from include.warehouse import models
from include.warehouse.engine import Session, Sql, compose

if TYPE_CHECKING:
    import pyarrow as pa

    from include.run import Run

_FOLDER = Path(__file__).parents[2] / "sql" / "changes"
_STEPS = (
    "change_reloaded",
    "change_named_inputs",
    "change_campaigns",
    "change_merged_companies",
    "change_spend",
    "change_people",
    "change_deals",
    "change_credits",
    "change_deal_people",
    "change_touches",
    "change_spend_causes",
    "change_people_causes",
    "change_deal_causes",
    "change_decision_causes",
    "change_credit_causes",
    "change_people_sides",
    "change_deal_sides",
    "change_contributions",
    "change_close_contributions",
    "change_explained",
)
_ESTIMATES = Path(__file__).parents[1] / "estimates"
_TRACKED = (
    "mart_campaign_roi_monthly",
    "mart_channel_roi_monthly",
    "mart_funnel_monthly",
    "mart_revenue_by_close_month",
    "mart_sales_cycles_monthly",
    "mart_attribution_rates_monthly",
)
_KEY_COLUMNS = ("channel", "platform", "account_id", "campaign_id", "model", "type_group")
_NO_FIGURES = ("age_days", "missing_days", "visitors", "visitor_to_lead_rate")
"""What moves every day, what mart_data_health explains, and what web analytics counts: it restates
months as a whole, or begins to be connected, and no fact of ours could tell why."""
_PUBLISHED = re.compile(r"\bmarts\.(\w+)")
_TEXTS_AND_DAYS = (Type.TEXT, Type.DATE, Type.TIMESTAMP, Type.BOOLEAN)


def record(session: Session, tables: Sequence[Table], run: Run) -> pa.Table:
    """Write what this publish moves into ``ops.mart_changes``; returns the row of ``build_info``.

    ``tables`` are the marts about to be published. Rows of a publish that was announced and never
    took place are removed first, so trying again leaves each change once.
    """
    import pyarrow as pa

    from include.contracts.values import arrow_schema

    inputs = _inputs(session)
    before = _published(session)
    number = _next_number(session, before)
    if before:
        _record_changes(session, tables, run, number, before, inputs)
    row = {
        "run_id": run.run_id,
        "inputs": json.dumps(inputs, sort_keys=True),
        "publish_number": number,
        "as_of_at": run.as_of,
        "published_at": run.started_at,
    }
    return pa.Table.from_pylist([row], schema=arrow_schema(BUILD_INFO))


def _record_changes(
    session: Session,
    tables: Sequence[Table],
    run: Run,
    number: int,
    before: Mapping[str, Any],
    inputs: Mapping[str, str],
) -> None:
    tracked = [
        table for table in tables if table.name in _TRACKED and _is_as_before(session, table)
    ]
    if not tracked:
        return
    _make(session, "change_figures", _moved_figures(session, tracked))
    if session.rows("select count(*) as moved from build.change_figures")[0]["moved"]:
        _make(session, "change_inputs", _changed_inputs(json.loads(before["inputs"]), inputs))
        _make(session, "change_publish", "select published_at from marts.build_info")
        shapes = {table.name: table for table in tables}
        for step in _STEPS:
            _make(session, step, _comparable(session, _FOLDER / f"{step}.sql", shapes))
        session.execute(
            compose(
                "insert into ops.mart_changes ({stamps}, {told}) select :run_id, :number, "
                "cast(:as_of as timestamptz), cast(:changed_at as timestamptz), {told} "
                "from build.change_explained",
                stamps=("run_id", "publish_number", "as_of_at", "changed_at"),
                told=[c for c in MART_CHANGES.column_names if c not in _STAMPS],
            ),
            {
                "run_id": run.run_id,
                "number": number,
                "as_of": run.as_of,
                "changed_at": run.started_at,
            },
        )
    for name in ("change_figures", "change_inputs", "change_publish", *_STEPS):
        session.execute(compose("drop table if exists {name}", name=f"build.{name}"))


_STAMPS = ("run_id", "publish_number", "as_of_at", "changed_at")


def _make(session: Session, name: str, query: str) -> None:
    session.execute(compose("drop table if exists {name}", name=f"build.{name}"))
    session.run(compose("create table {name} as\n{query}", name=f"build.{name}", query=Sql(query)))
    session.analyze(f"build.{name}")


def _published(session: Session) -> dict[str, Any] | None:
    """The row of the build that is published; None before the first."""
    if not session.columns("marts", "build_info"):
        return None
    rows = session.rows("select * from marts.build_info")
    unknown = {"inputs": "{}", "publish_number": 0}
    return unknown | rows[0] if rows else None


def _next_number(session: Session, before: Mapping[str, Any] | None) -> int:
    if before:
        session.execute(
            Sql("delete from ops.mart_changes where publish_number > :number"),
            {"number": before["publish_number"]},
        )
        return int(before["publish_number"]) + 1
    rows = session.rows("select max(publish_number) as last_number from ops.mart_changes")
    return (rows[0]["last_number"] or 0) + 1


def _inputs(session: Session) -> dict[str, str]:
    """A hash of each thing but the sources' data that decides what a build says."""
    selects = [
        compose(
            "select '{table}' as name, md5(coalesce(string_agg(told, chr(10) "
            "order by told collate \"C\"), '')) as hash "
            "from (select {told} as told from {name}) as rows_told",
            table=table.name,
            told=_row_text(table),
            name=f"staging.{table.name}",
        )
        for table in (*SEED_TABLES, STG_CURRENCIES, STG_PLATFORM_TAGS)
    ]
    selects += [
        compose(
            "select '{c}' as name, md5(cast({c} as text)) as hash from {name}",
            c=name,
            name=f"staging.{STG_SETTINGS.name}",
        )
        for name in STG_SETTINGS.column_names
    ]
    hashes = session.rows(" union all ".join(selects))
    code = hashlib.sha256()
    files = [model.path for model in models.models()]
    for path in sorted([*files, *_ESTIMATES.glob("*.py")]):
        code.update(f"{path.parent.name}/{path.name}\n{path.read_text('utf-8')}\n".encode())
    return {"sql": code.hexdigest()} | {row["name"]: row["hash"] for row in hashes}


def _row_text(table: Table) -> Sql:
    texts = [compose("coalesce(cast({c} as text), '-')", c=name) for name in table.column_names]
    return Sql(" || '|' || ".join(texts))


def _changed_inputs(before: Mapping[str, str], now: Mapping[str, str]) -> Sql:
    """The inputs that differ, as a select; of a build that kept none, its code.

    One that the build before did not know came with a release, which the code tells of.
    """
    changed = [name for name in sorted(now) if name in before and before[name] != now[name]]
    told = [_input_told(name) for name in (changed if before else ["sql"])]
    rows = [compose("('{kind}', '{name}')", kind=kind, name=name) for kind, name in told]
    return compose(
        "select cast(input_kind as text) as input_kind, cast(input_name as text) as input_name "
        "from (values {rows}) as listed (input_kind, input_name) where input_kind is not null",
        rows=rows or Sql("(null, null)"),
    )


def _input_told(name: str) -> tuple[str, str]:
    if name.startswith("seed_"):
        return "seed", name.removeprefix("seed_")
    return ("setting" if name in STG_SETTINGS.column_names else "code", name)


def _is_as_before(session: Session, table: Table) -> bool:
    """Whether rows of the published mart can be told by the key they have now."""
    published = session.columns("marts", table.name)
    return all(published.get(name) == table.column(name).type.value for name in table.key)


def _moved_figures(session: Session, tracked: Sequence[Table]) -> Sql:
    """A select of every figure of a closed month that moved, row by row."""
    acts = []
    selects = []
    for table in tracked:
        published = session.columns("marts", table.name)
        figures = [
            column.name
            for column in table.columns
            if column.type not in _TEXTS_AND_DAYS
            and column.name not in (*table.key, *_NO_FIGURES)
            and column.name in published
        ]
        acts.append(_moved_rows(table, figures))
        selects += [_moved_figure(table, figure) for figure in figures]
    return Sql(f"with {', '.join(acts)} {' union all '.join(selects)}")


def _moved_rows(table: Table, figures: Sequence[str]) -> Sql:
    def each(template: str, names: Sequence[str], joint: str = ", ") -> Sql:
        return Sql(joint.join(compose(template, c=name) for name in names))

    return compose(
        "{moved} as (select {keys}, {values}, new_rows.{month} is not null "
        "and old_rows.{month} is not null as is_in_both "
        "from {new} as new_rows full outer join {old} as old_rows on {same} "
        "where coalesce(new_rows.{month}, old_rows.{month}) < (select "
        "cast(date_trunc('month', as_of_date) as date) from build.int_as_of) and ({differ}))",
        moved=f"{table.name}_moved",
        keys=each("coalesce(new_rows.{c}, old_rows.{c}) as {c}", table.key),
        values=each("old_rows.{c} as old_{c}, new_rows.{c} as new_{c}", figures),
        month=_month_of(table),
        new=f"build.{table.name}",
        old=f"marts.{table.name}",
        same=each("new_rows.{c} = old_rows.{c}", table.key, " and "),
        differ=each("new_rows.{c} is distinct from old_rows.{c}", figures, " or "),
    )


def _moved_figure(table: Table, figure: str) -> Sql:
    """One figure of the rows that moved; of a row that came or went, only what is not zero."""
    return compose(
        "select '{mart}' as mart, {row_key} as row_key, '{figure}' as figure, {columns}, "
        "{month} as month, cast(old_{figure} as {number}) as old_value, "
        "cast(new_{figure} as {number}) as new_value from {mart}_moved "
        "where new_{figure} is distinct from old_{figure} "
        "and (is_in_both or coalesce(new_{figure}, old_{figure}) <> 0)",
        mart=table.name,
        row_key=Sql(" || '/' || ".join(compose("cast({c} as text)", c=c) for c in table.key)),
        figure=figure,
        columns=[
            Sql(name) if name in table.key else compose("cast(null as text) as {c}", c=name)
            for name in _KEY_COLUMNS
        ],
        month=_month_of(table),
        number=Sql(Type.FIGURE.value),
    )


def _month_of(table: Table) -> str:
    return next(name for name in table.key if table.column(name).type is Type.DATE)


def _comparable(session: Session, path: Path, shapes: Mapping[str, Table]) -> str:
    """A file's select; a mart published in another shape is taken to say what it says now.

    That is so for one publish after an upgrade, which the code version then explains.
    """
    text = models.statement(path)
    for name in sorted(set(_PUBLISHED.findall(text))):
        table = shapes.get(name)
        if table is not None:
            wanted = {column.name: column.type.value for column in table.columns}
            if session.columns("marts", name) != wanted:
                text = re.sub(rf"\bmarts\.{name}\b", f"build.{name}", text)
    return text
