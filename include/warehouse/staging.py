"""How checked batches become staged rows and ledger rows, on any engine, in one transaction."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include import failpoints
from include.contracts.crm_staging import STG_CRM_FIELDS
from include.contracts.ops import REJECTED_ROWS, SCHEMA_CHANGES
from include.contracts.shape import Table
from include.contracts.staging import STG_CAMPAIGN_DAILY
from include.contracts.values import arrow_schema
from include.landing import Batch
from include.quality import CheckedBatch, loaded_table
from include.run import Run
from include.sources import Source, Stream
from include.warehouse.engine import Session, Sql, compose, matches
from include.warehouse.histories import field_changes, keep_states
from include.warehouse.load_ledger import ALL, Ledger, instant_of
from include.warehouse.restatements import note_restatements, remember

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Staged:
    """What one call of ``stage`` did.

    ``rows`` reached staging, ``rejected`` were set aside before; ``stale`` batches were left out,
    wholly or for some of their days, because a later extract is already staged.
    """

    rows: int
    rejected: int
    stale: tuple[str, ...]


class Stager:
    """One transaction's worth of batches of one source.

    A later extract is never overwritten by an earlier one, whatever the order they come in; batches
    of one run are equally late, and the one staged last stands.
    """

    def __init__(self, session: Session, source: Source, run: Run) -> None:
        self._session = session
        self._source = source
        self._run = run
        self._ledger = Ledger(session, source, run)
        self._stale: list[str] = []
        self._rows = 0
        self._rejected = 0

    def stage(self, checked: Sequence[CheckedBatch], left_out: Collection[date] = ()) -> Staged:
        """Stage all the batches, then write the ledger rows that speak of them.

        Of daily batches the days ``left_out`` are passed over, and those their check refused.
        """
        for each in sorted(checked, key=self._order):
            stream = self._source.stream(each.batch.request.stream)
            if stream.kind == "daily":
                self._daily(each, stream, left_out)
            elif stream.kind == "snapshot":
                self._snapshot(each, stream)
            elif stream.kind == "changes":
                self._changes(each, stream)
            else:
                self._keys(each, stream)
            self._keep_rejected(each.batch, each)
            failpoints.reach("stage.within_batches")
        self._ledger.write()
        for batch_id in self._stale:
            log.warning("%s: left out, for later extracts of the same are staged", batch_id)
        return Staged(self._rows, self._rejected, tuple(self._stale))

    def _order(self, each: CheckedBatch) -> tuple[bool, str]:
        """Keys come last: what vanished is only known once what changed is staged."""
        stream = self._source.stream(each.batch.request.stream)
        return stream.kind == "keys", each.batch.batch_id

    def _daily(self, checked: CheckedBatch, stream: Stream, left_out: Collection[date]) -> None:
        batch, table = checked.batch, stream.table
        window = batch.request.window
        assert window, "a daily batch has a window"
        fresh = [day for day in window.days() if not self._ledger.is_stale(batch, stream, str(day))]
        if len(fresh) < len(window.days()):
            self._stale.append(batch.batch_id)
        days = [day for day in fresh if day not in left_out and day not in checked.refused_days]
        if not days:
            return
        in_days = _in_days("target", days)
        before = {
            day: known["batch_id"]
            for day in days
            if (known := self._ledger.known(batch, stream, str(day)))
        }
        is_restated = bool(before) and table is STG_CAMPAIGN_DAILY
        if is_restated:
            remember(self._session, self._place(batch), before)
        self._replace(checked, stream, in_days, is_whole=len(days) == len(window.days()))
        if is_restated:
            note_restatements(self._session, batch, self._run)
        has_spend = "spend" in table.column_names
        found = {
            row["date_day"]: row
            for row in self._session.rows(
                compose(
                    "select date_day, count(*) as row_count, {spend} as spend "
                    "from {table} as target where platform = :platform "
                    "and account_id = :account_id and {in_days} group by date_day",
                    spend=Sql("sum(spend)" if has_spend else "null"),
                    table=f"{table.schema}.{table.name}",
                    in_days=in_days,
                ),
                self._place(batch),
            )
        }
        rejected = _rejected_by_day(checked, days[0])
        for day in days:
            row_count = found[day]["row_count"] if day in found else 0
            spend = None
            if has_spend:
                spend = found[day]["spend"] if day in found else Decimal(0)
            self._ledger.note(
                batch,
                stream,
                str(day),
                rows=row_count,
                rejected=rejected[day],
                date_day=day,
                spend=spend,
            )
            self._rows += row_count

    def _snapshot(self, checked: CheckedBatch, stream: Stream) -> None:
        batch = checked.batch
        if self._ledger.is_stale(batch, stream, ALL):
            self._stale.append(batch.batch_id)
            return
        if stream.table is STG_CRM_FIELDS:
            self._note_field_changes(checked)
        self._replace(checked, stream, Sql("true"), is_whole=True)
        if stream.history is not None:
            keep_states(
                self._session,
                stream.table,
                stream.history,
                self._place(batch),
                {"batch_id": batch.batch_id, "loaded_at": self._run.started_at},
                batch.as_of,
            )
        self._ledger.note(
            batch, stream, ALL, rows=checked.row_count, rejected=checked.rejected_count
        )
        self._rows += checked.row_count

    def _note_field_changes(self, checked: CheckedBatch) -> None:
        """Before the fields are replaced, keep how they differ from those known so far."""
        batch, columns = checked.batch, ["object_name", "field_name", "field_type"]
        before = self._session.rows(
            compose(
                "select {columns} from {table}",
                columns=columns,
                table=f"{STG_CRM_FIELDS.schema}.{STG_CRM_FIELDS.name}",
            )
        )
        after = pq.read_table(checked.rows_file, columns=columns).to_pylist()
        stamps = {
            "source": self._source.name,
            "account_id": batch.account.account_id,
            "batch_id": batch.batch_id,
            "as_of_at": batch.as_of,
            "loaded_at": self._run.started_at,
        }
        if changes := [{**change, **stamps} for change in field_changes(before, after)]:
            self._append(SCHEMA_CHANGES, changes)

    def _changes(self, checked: CheckedBatch, stream: Stream) -> None:
        """Merge by key: the later ``modified_at`` wins, of equal ones the later extract."""
        batch, table = checked.batch, stream.table
        content = loaded_table(stream)
        target = f"{table.schema}.{table.name}"
        self._take_in(checked, content)
        names = {
            "target": target,
            "matches": matches(table, "target"),
            "assignments": _assignments(content),
            "stamps": [Sql(f"{name} = :{name}") for name in self._stamps(table, batch)],
            "columns": [*content.column_names, *self._stamps(table, batch)],
            "values": [
                *(Sql(f"incoming.{name}") for name in content.column_names),
                *(Sql(f":{name}") for name in self._stamps(table, batch)),
            ],
        }
        self._session.execute(
            compose(
                "update {target} as target set {assignments}, {stamps} from incoming "
                "where {matches} and (incoming.modified_at > target.modified_at "
                "or (incoming.modified_at = target.modified_at "
                "and substr(target.batch_id, 1, :length) <= :instant))",
                **names,
            ),
            {
                **self._stamps(table, batch),
                "length": len(instant_of(batch)),
                "instant": instant_of(batch),
            },
        )
        self._session.execute(
            compose(
                "insert into {target} ({columns}) select {values} from incoming "
                "where not exists (select 1 from {target} as target where {matches})",
                **names,
            ),
            self._stamps(table, batch),
        )
        found = self._session.rows("select max(modified_at) as latest from incoming")
        known = self._ledger.known(batch, stream, ALL)
        cursor: datetime | None = known["cursor_at"] if known else None
        if (latest := found[0]["latest"]) is not None:
            latest = min(latest, batch.as_of)  # a clock ahead of ours must not make us skip
            cursor = max(cursor or latest, latest)
        if known and self._ledger.is_stale(batch, stream, ALL):
            self._ledger.put({**known, "cursor_at": cursor})
        else:
            self._ledger.note(
                batch,
                stream,
                ALL,
                rows=checked.row_count,
                rejected=checked.rejected_count,
                cursor_at=cursor,
            )
        self._rows += checked.row_count

    def _keys(self, checked: CheckedBatch, stream: Stream) -> None:
        """Mark as deleted what the system no longer lists.

        Spared are records it may have made after it was asked, and those a later extract brought.
        """
        batch, table = checked.batch, stream.table
        if self._ledger.is_stale(batch, stream, ALL):
            self._stale.append(batch.batch_id)
            return
        self._take_in(checked, loaded_table(stream))
        stamps = self._stamps(table, batch)
        self._session.execute(
            compose(
                "update {target} as target set is_deleted = true, {stamps} "
                "where not target.is_deleted and target.created_at < :asked_at "
                "and substr(target.batch_id, 1, :length) <= :instant "
                "and not exists (select 1 from incoming where {matches})",
                target=f"{table.schema}.{table.name}",
                stamps=[Sql(f"{name} = :{name}") for name in stamps],
                matches=matches(table, "target"),
            ),
            {
                **stamps,
                "asked_at": min(batch.as_of, batch.extracted_at),
                "length": len(instant_of(batch)),
                "instant": instant_of(batch),
            },
        )
        self._ledger.note(
            batch, stream, ALL, rows=checked.row_count, rejected=checked.rejected_count
        )

    def _replace(
        self, checked: CheckedBatch, stream: Stream, scope: Sql, *, is_whole: bool
    ) -> None:
        """Make the batch's rows within ``scope`` the only ones its account has there.

        A row that says the same as before keeps its stamps. ``scope`` is a condition on ``target``;
        ``is_whole`` says that no row of the batch lies outside it.
        """
        batch, table = checked.batch, stream.table
        content = loaded_table(stream)
        target = f"{table.schema}.{table.name}"
        stamps = self._stamps(table, batch)
        place = self._place(batch) if "platform" in table.column_names else {}
        here = Sql(" and ".join([*(f"target.{name} = :{name}" for name in place), scope]))
        found = self._session.rows(
            compose(
                "select 1 as one from {target} as target where {here} limit 1",
                target=target,
                here=here,
            ),
            place,
        )
        if not found and is_whole:
            self._session.load(target, content.column_names, checked.rows_file, stamps)
            self._session.analyze(target)
            return
        self._take_in(checked, content)
        if not is_whole:
            self._session.execute(
                compose("delete from incoming as target where not ({scope})", scope=scope)
            )
        names = {
            "target": target,
            "here": here,
            "matches": matches(table, "target"),
            "assignments": _assignments(content),
            "stamps": [Sql(f"{name} = :{value}") for name, value in _restamped(table).items()],
            "differs": _differs(content, "target"),
            "columns": [*content.column_names, *stamps],
            "values": [
                *(Sql(f"incoming.{name}") for name in content.column_names),
                *(Sql(f":{name}") for name in stamps),
            ],
        }
        parameters = {**place, **stamps}
        self._session.execute(
            compose(
                "delete from {target} as target where {here} "
                "and not exists (select 1 from incoming where {matches})",
                **names,
            ),
            parameters,
        )
        self._session.execute(
            compose(
                "update {target} as target set {assignments}, {stamps} from incoming "
                "where {here} and {matches} and ({differs})",
                **names,
            ),
            parameters,
        )
        self._session.execute(
            compose(
                "insert into {target} ({columns}) select {values} from incoming "
                "where not exists (select 1 from {target} as target where {matches})",
                **names,
            ),
            parameters,
        )

    def _take_in(self, checked: CheckedBatch, content: Table) -> None:
        self._session.create_temporary("incoming", content)
        self._session.load("incoming", content.column_names, checked.rows_file)
        self._session.analyze("incoming")

    def _keep_rejected(self, batch: Batch, checked: CheckedBatch) -> None:
        self._rejected += checked.rejected_count
        self._session.execute(
            Sql("delete from ops.rejected_rows where batch_id = :batch_id"),
            {"batch_id": batch.batch_id},
        )
        if not checked.rejected_count:
            return
        rows = [
            {
                **row,
                "source": self._source.name,
                "account_id": batch.account.account_id,
                "stream": batch.request.stream,
                "batch_id": batch.batch_id,
                "date_day": row["date_day"] and date.fromisoformat(row["date_day"]),
                "spend": row["spend"] and Decimal(row["spend"]),
                "loaded_at": self._run.started_at,
            }
            for row in checked.rejected()
        ]
        self._append(REJECTED_ROWS, rows)

    def _append(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._session.load(f"{table.schema}.{table.name}", table.column_names, _arrow(table, rows))

    def _place(self, batch: Batch) -> dict[str, str]:
        return {"platform": self._source.name, "account_id": batch.account.account_id}

    def _stamps(self, table: Table, batch: Batch) -> dict[str, Any]:
        """The stamps of a row that is new, as far as the table has them."""
        stamps = {
            "batch_id": batch.batch_id,
            "first_loaded_at": self._run.started_at,
            "loaded_at": self._run.started_at,
        }
        return {name: stamps[name] for name in table.column_names if name in stamps}


def _restamped(table: Table) -> dict[str, str]:
    """The stamps of a row that changed, by the parameter that holds each."""
    stamps = {"batch_id": "batch_id", "last_restated_at": "loaded_at", "loaded_at": "loaded_at"}
    return {name: value for name, value in stamps.items() if name in table.column_names}


def _rejected_by_day(checked: CheckedBatch, fallback: date) -> Counter[date]:
    """Rejected rows a day; those whose day cannot be read count on ``fallback``."""
    days: Counter[date] = Counter()
    window = checked.batch.request.window
    for row in checked.rejected() if checked.rejected_count else ():
        day = date.fromisoformat(row["date_day"]) if row["date_day"] else fallback
        inside = window is not None and window.first <= day <= window.last
        days[day if inside else fallback] += 1
    return days


def _in_days(alias: str, days: Sequence[date]) -> Sql:
    literals = [Sql(f"date '{day:%Y-%m-%d}'") for day in days]
    return compose("{alias}.date_day in ({days})", alias=alias, days=literals)


def _arrow(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))


def _assignments(table: Table) -> list[Sql]:
    return [
        Sql(f"{name} = incoming.{name}") for name in table.column_names if name not in table.key
    ]


def _differs(table: Table, alias: str) -> Sql:
    return Sql(
        " or ".join(
            f"{alias}.{name} is distinct from incoming.{name}"
            for name in table.column_names
            if name not in table.key
        )
    )
