"""The warehouse: five verbs over any engine.

``prepare`` makes tables and loads the seeds, ``stage`` takes in checked batches with their ledger
rows, ``build`` makes one candidate table, ``audit`` asks for wrong rows, ``publish`` shows all
marts at one instant. Nothing above this package knows the engine.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from include import failpoints, which_warehouse
from include.contracts.build_info import BUILD_INFO
from include.contracts.ops import OPS_TABLES, PAGE_READS
from include.contracts.seeds import SEED_TABLES
from include.contracts.settings import SETTINGS_TABLES
from include.contracts.shape import Table
from include.contracts.staging import STAGING_TABLES
from include.settings import Settings
from include.warehouse import leases, models
from include.warehouse.bookkeeping import (
    hold_version,
    note_model_run,
    note_reference,
    raise_version,
    record_accounts,
    record_usage,
    staging_version,
)
from include.warehouse.engine import (
    Rows,
    Session,
    Sql,
    WarehouseError,
    WarehouseUnavailable,
    compose,
    engine_of,
    outlasting,
)
from include.warehouse.leases import Superseded, lease_accounts, lease_marts
from include.warehouse.migrations import OfAnotherRelease, migrate
from include.warehouse.models import Model

if TYPE_CHECKING:
    import pyarrow as pa

    from include.estimates import Estimate
    from include.quality import CheckedBatch
    from include.run import Run
    from include.sources import Source
    from include.warehouse.staging import Staged

__all__ = [
    "AuditResult",
    "LedgerRow",
    "Superseded",
    "WarehouseError",
    "WarehouseUnavailable",
    "audit",
    "build",
    "fingerprint",
    "lease_accounts",
    "lease_marts",
    "ledger",
    "prepare",
    "publish",
    "read",
    "read_marts",
    "record_accounts",
    "record_usage",
    "require_clean",
    "stage",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

_REFERENCE_TABLES = (*SEED_TABLES, *SETTINGS_TABLES)
"""Written anew by every prepare: one of an older release is simply replaced."""
_WORKING_TABLES = (*STAGING_TABLES, *_REFERENCE_TABLES, *OPS_TABLES)
_V_FRESHNESS = models.SQL_FOLDER / "ops" / "v_freshness.sql"
_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What has been loaded: one row of ``ops.load_ledger``, in its columns' words."""

    source: str
    account_id: str
    stream: str
    scope: str
    status: str
    reading: str | None
    date_day: date | None
    spend: Decimal | None
    rows_staged: int
    rows_rejected: int
    restated_spend: Decimal | None
    cursor_at: datetime | None
    whole_as_of_at: datetime | None
    as_of_at: datetime
    batch_id: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many rows an audit found wrong, and the first of them."""

    name: str
    wrong_count: int
    rows: tuple[Mapping[str, Any], ...]


@outlasting
def prepare(settings: Settings, sources: Sequence[Source], as_of: datetime | None = None) -> int:
    """Make sure of every schema and table, and load seeds, settings and the sources' tags.

    In one transaction; doing it again changes nothing. ``as_of``: the run's instant, after which
    seeds may speak of no far day. Gives the version that staging has, to be held against it once
    the models are built (``require_clean``). Tables of an earlier release are migrated. Raises
    WarehouseError when a seed breaks its contract (file, line and reason), or when the warehouse
    is of a later release or of none.
    """
    from include.warehouse.reference import reference_tables

    reference = list(reference_tables(settings, sources, as_of))
    engine = engine_of(settings)
    with engine.write("prepare") as session:
        for schema in ("staging", "ops", "build"):
            session.execute(compose("create schema if not exists {schema}", schema=schema))
        migrate(session, (*STAGING_TABLES, *OPS_TABLES), as_of)
        for table in _WORKING_TABLES:
            _make_sure_of(session, table)
        view = models.statement(_V_FRESHNESS)
        session.run(f"create or replace view ops.v_freshness as\n{view}")
        for name, columns in PAGE_READS.items():
            session.share(f"ops.{name}", columns)
        for table, rows in reference:
            name = f"{table.schema}.{table.name}"
            session.execute(compose("delete from {name}", name=name))
            session.load(name, table.column_names, rows)
            session.analyze(name)
        version = note_reference(session, reference)
    engine.clear_orphans()
    which_warehouse.mark(settings)
    return version


@outlasting
def stage(
    settings: Settings,
    source: Source,
    checked: Sequence[CheckedBatch],
    run: Run,
    left_out: Collection[date] = (),
    lease: int | None = None,
) -> Staged:
    """Stage checked batches of one source, with their ledger rows, in one transaction.

    Daily windows and snapshots are replaced, changes merged by key, keys that vanished marked
    deleted. Rows that say the same as before keep their stamps, so staging a batch again changes
    nothing; a batch older than what is staged is left out, and so are the days ``left_out`` of
    every daily batch. Raises Superseded when ``lease``, the token of the account's, is not the
    latest.
    """
    from include.warehouse.staging import Stager

    accounts = {leases.account_of(source.name, each.batch.account.account_id) for each in checked}
    with engine_of(settings).write(*accounts) as session:
        for account in accounts:
            leases.check(session, account, lease)
        staged = Stager(session, source, run).stage(checked, left_out)
        raise_version(session)
        failpoints.reach("stage.before_commit")
    failpoints.reach("stage.after_commit")
    return staged


@outlasting
def build(settings: Settings, *model_names: str, lease: int | None = None) -> int:
    """Build models as tables in schema ``build``, beside what is published; the last one's rows.

    Several are built in one transaction, during which no load commits. Raises WarehouseError when
    the SQL fails, or when a mart or an estimate breaks its contract: other columns, a required
    value missing, a value a rule forbids, a key borne by two rows; Superseded when ``lease``, the
    token of the marts', is not the latest.
    """
    chosen = _models_named(model_names)
    return _build_then(settings, chosen, lease, lambda session, rows: rows)


@outlasting
def audit(settings: Settings, name: str) -> AuditResult:
    """Ask one audit for the rows that are wrong; the first 20 come back with their count."""
    with engine_of(settings).read() as session:
        return _audit(session, name)


@outlasting
def require_clean(
    settings: Settings, names: Sequence[str], version: int, lease: int | None = None
) -> None:
    """Run these audits; WarehouseError tells every one that found rows, and the first of those.

    ``version`` is what staging had before the models were built, one after the other. Where loads
    have come in since, candidates speak of different instants: all are built anew first, in one
    transaction in which no load commits. Raises Superseded as ``build`` does.
    """
    with engine_of(settings).read() as session:
        leases.check(session, leases.MARTS, lease)
        if is_of_one_instant := staging_version(session) == version:
            results = [_audit(session, name) for name in names]
    if not is_of_one_instant:
        log.info("loads came in while the models were built: all are built anew, at one instant")
        results = _build_then(
            settings,
            models.models(),
            lease,
            lambda session, _: [_audit(session, name) for name in names],
        )
    if failed := [result for result in results if result.wrong_count]:
        told = "; ".join(
            f"not so: {result.name.replace('_', ' ')} ({result.wrong_count} rows, the first: "
            f"{_told(result.rows[0])})"
            for result in failed
        )
        raise WarehouseError(f"{told}; nothing was published")


@outlasting
def publish(settings: Settings, run: Run, lease: int | None = None) -> None:
    """Put every mart where people read it, all at one instant, with a row of ``build_info``.

    What that moves in closed months is told, with its causes, in ``ops.mart_changes``. Raises
    Superseded as ``build`` does.
    """
    from include.warehouse import advice_log, changes

    contracts = _mart_contracts()
    tables = [contracts[model.name] for model in models.models() if model.name in contracts]

    def announce(session: Session) -> pa.Table:
        leases.check(session, leases.MARTS, lease)
        advice_log.record(session, run)
        return changes.record(session, tables, run)

    engine_of(settings).publish(tables, announce)


def ledger(settings: Settings, source_name: str) -> list[LedgerRow]:
    """The ledger's rows of one source, by account, stream and scope."""
    rows = read(
        settings,
        "select * from ops.load_ledger where source = :source order by account_id, stream, scope",
        {"source": source_name},
    )
    return [LedgerRow(**row) for row in rows]


@outlasting
def daily_sums(
    settings: Settings, source_name: str, table: Table, measures: Sequence[str]
) -> dict[tuple[str, date], tuple[Decimal, ...]]:
    """What measures of a staged table come to, by account and day of a source."""
    with engine_of(settings).read() as session:
        rows = session.rows(
            compose(
                "select account_id, date_day, {sums} from {table} "
                "where platform = :source group by account_id, date_day",
                sums=[Sql(f"sum({name}) as {name}") for name in measures],
                table=f"{table.schema}.{table.name}",
            ),
            {"source": source_name},
        )
    return {
        (row["account_id"], row["date_day"]): tuple(Decimal(row[name]) for name in measures)
        for row in rows
    }


@outlasting
def read(settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
    """What a query over staging, ops and build gives; ``:name`` places are bound."""
    with engine_of(settings).read() as session:
        return session.rows(sql, parameters)


@outlasting
def read_marts(settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
    """What a query over the published ``marts`` gives; WarehouseError if there are none yet."""
    with engine_of(settings).read_marts() as session:
        return session.rows(sql, parameters)


def fingerprint(settings: Settings, tables: Iterable[str]) -> dict[str, str]:
    """A hash of each table's content, stamps aside: equal for equal rows, in any order and engine.

    Tables are named with their schema; those of ``marts`` are read as published.
    """
    contracts = {f"{t.schema}.{t.name}": t for t in (*_WORKING_TABLES, BUILD_INFO)}
    contracts |= {
        f"{schema}.{name}": table
        for name, table in _mart_contracts().items()
        for schema in ("build", "marts")
    }
    names, prints = list(tables), {}
    published = {name for name in names if name.startswith("marts.")}
    engine = engine_of(settings)
    for chosen, reading in ((published, engine.read_marts), (set(names) - published, engine.read)):
        if not chosen:
            continue
        with reading() as session:
            for name in chosen:
                columns = [c.name for c in contracts[name].columns if not c.is_stamp]
                query = compose(
                    "select {columns} from {name}",
                    columns=columns or [Sql("1 as one")],
                    name=name,
                )
                rows = session.rows(query)
                total = sum(int.from_bytes(_digest(row)) for row in rows)
                prints[name] = f"{len(rows)}:{total % 2**256:064x}"
    return {name: prints[name] for name in names}


def _build_then(
    settings: Settings,
    chosen: Sequence[Model],
    lease: int | None,
    ask: Callable[[Session, int], T],
) -> T:
    """Build models and ask something of the result, in one transaction.

    ``ask`` gets the last model's rows too. What fails is told with the model at work.
    """
    at_work, rows = chosen[0], 0
    try:
        with engine_of(settings).write(*(f"build.{model.name}" for model in chosen)) as session:
            leases.check(session, leases.MARTS, lease)
            if len(chosen) > 1:
                hold_version(session)
            for at_work in chosen:
                began = perf_counter()
                rows = _build(session, at_work)
                if lease is not None:
                    note_model_run(session, at_work.name, lease, rows, perf_counter() - began)
                failpoints.reach("build.before_commit")
            return ask(session, rows)
    except (Superseded, OfAnotherRelease, WarehouseUnavailable):
        raise  # whatever model was at work
    except WarehouseError as error:
        raise type(error)(f"{at_work.path.parent.name}/{at_work.path.name}: {error}") from error


def _build(session: Session, model: Model) -> int:
    estimate = _estimate_of(model) if model.layer == "estimates" else None
    contract = estimate.table if estimate else _mart_contracts().get(model.name)
    if contract is None and model.layer == "marts":
        raise WarehouseError("it has no contract in include/contracts/marts.py")
    name = f"build.{model.name}"
    session.execute(compose("drop table if exists {name}", name=name))
    if estimate:
        _fill_estimate(session, estimate, model)
    else:
        session.run(f"create table {name} as\n{model.sql}")
    if contract is not None:
        _hold_to_contract(session, contract)
    session.analyze(name)
    rows = session.rows(compose("select count(*) as row_count from {name}", name=name))
    return int(rows[0]["row_count"])


def _audit(session: Session, name: str) -> AuditResult:
    wrong = compose("(\n{query}\n) as wrong", query=Sql(models.statement(models.audit_file(name))))
    counted = session.rows(compose("select count(*) as wrong_count from {wrong}", wrong=wrong))
    wrong_count = int(counted[0]["wrong_count"])
    rows: Rows = []
    if wrong_count:
        shown = compose("select * from {wrong} limit {n}", wrong=wrong, n=Sql(_ROWS_SHOWN))
        rows = session.rows(shown)
    return AuditResult(name, wrong_count, tuple(rows))


def _make_sure_of(session: Session, table: Table) -> None:
    found = session.columns(table.schema, table.name)
    wanted = {column.name: column.type.value for column in table.columns}
    if found != wanted and table in _REFERENCE_TABLES:
        session.execute(compose("drop table if exists {name}", name=f"{table.schema}.{table.name}"))
        found = {}
    if not found:
        session.create(table, table.schema)
        return
    if found != wanted:
        changed = sorted(dict(found.items() ^ wanted.items()))
        raise WarehouseError(
            f"{table.schema}.{table.name} is of no release this one knows how to migrate (it "
            f"differs in {', '.join(changed)}), or was altered by hand; mend it, or move this "
            "warehouse away and run the pipeline again, which fills a new one"
        )


def _models_named(names: Sequence[str]) -> list[Model]:
    known = {model.name: model for model in models.models()}
    for name in names:
        if name not in known:
            raise WarehouseError(f"there is no model {name} under sql/")
    return [known[name] for name in names]


def _estimate_of(model: Model) -> Estimate:
    from include.estimates import ESTIMATES

    if model.name not in ESTIMATES:
        raise WarehouseError(f"{model.name} has no function in include/estimates")
    return ESTIMATES[model.name]


def _fill_estimate(session: Session, estimate: Estimate, model: Model) -> None:
    import pyarrow as pa

    from include.contracts.values import arrow_schema

    table = estimate.table
    try:
        rows = estimate.rows_from(session.rows(model.sql))
    except ValueError as error:
        raise WarehouseError(str(error)) from error
    session.create(table, "build")
    arriving = pa.Table.from_pylist(rows, schema=arrow_schema(table))
    session.load(f"build.{table.name}", table.column_names, arriving)


def _mart_contracts() -> dict[str, Table]:
    from include.contracts.marts import MART_TABLES

    return {table.name: table for table in MART_TABLES}


def _hold_to_contract(session: Session, contract: Table) -> None:
    found = list(session.columns("build", contract.name).items())
    wanted = [(column.name, column.type.value) for column in contract.columns]
    if found != wanted:
        differing = [pair for pair in found if pair not in wanted] + [
            pair for pair in wanted if pair not in found
        ]
        told = ", ".join(f"{name} {type_name}" for name, type_name in differing)
        raise WarehouseError(
            f"its columns are not those of its contract: {told or 'their order differs'}"
        )
    rules = list(_rules(contract))
    counted = session.rows(
        compose(
            "select {counts} from {name}",
            counts=[
                Sql(f"count(*) filter (where {wrong}) as rule_{n}")
                for n, (_, wrong) in enumerate(rules)
            ],
            name=f"build.{contract.name}",
        )
    )[0]
    broken = [
        f"{reason} ({counted[f'rule_{n}']} rows)"
        for n, (reason, _) in enumerate(rules)
        if counted[f"rule_{n}"]
    ]
    twice = session.rows(
        compose(
            "select count(*) as keys from (select 1 as one from {name} "
            "group by {key} having count(*) > 1) as twice",
            name=f"build.{contract.name}",
            key=contract.key,
        )
    )[0]["keys"]
    if twice:
        broken.append(f"{twice} keys ({', '.join(contract.key)}) are borne by several rows")
    if broken:
        raise WarehouseError(f"rows break its contract: {'; '.join(broken)}")


def _rules(contract: Table) -> Iterator[tuple[str, str]]:
    """The contract's rules as (reason, condition that a wrong row meets)."""
    for column in contract.columns:
        name = column.name
        if column.is_required:
            yield f"{name} is missing", f"{name} is null"
        if column.at_least is not None:
            yield f"{name} is below {column.at_least}", f"{name} < {column.at_least}"
        if column.one_of is not None:
            values = ", ".join("'" + value.replace("'", "''") + "'" for value in column.one_of)
            yield f"{name} is none of {', '.join(column.one_of)}", f"{name} not in ({values})"
    for reason, rule in contract.row_rules:
        yield reason, f"not ({rule})"


def _told(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _digest(row: Mapping[str, Any]) -> bytes:
    parts = []
    for value in row.values():
        if isinstance(value, datetime):
            text = value.timestamp().hex()
        elif isinstance(value, Decimal):
            text = f"{value:f}"
        else:
            text = str(value)
        parts.append("-" if value is None else f"{len(text)}:{text}")
    return hashlib.sha256("".join(parts).encode()).digest()
