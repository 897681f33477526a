"""The load ledger within one transaction: read once, noted in, written at the end."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from include.contracts.ops import LOAD_LEDGER
from include.contracts.values import arrow_schema
from include.landing import Batch
from include.run import Run
from include.sources import Source, Stream
from include.warehouse.engine import Session, compose, matches

ALL = "all"
"""The scope of a stream that is not loaded by the day."""

_INSTANT = len("20261121T182510123456Z")
"""A batch id begins with the instant of its extract."""

LedgerRow = dict[str, Any]


def instant_of(batch: Batch) -> str:
    """When the batch was extracted, as its id begins: later batches are greater."""
    return batch.batch_id[:_INSTANT]


class Ledger:
    """What is known of one source's loads, and what this transaction adds to it."""

    def __init__(self, session: Session, source: Source, run: Run) -> None:
        self._session = session
        self._source = source
        self._run = run
        self._rows: dict[tuple[str, str, str], LedgerRow] = {
            (row["account_id"], row["stream"], row["scope"]): row
            for row in session.rows(
                "select * from ops.load_ledger where source = :source", {"source": source.name}
            )
        }
        self._news: set[tuple[str, str, str]] = set()

    def known(self, batch: Batch, stream: Stream, scope: str) -> LedgerRow | None:
        """What is known of a stream's scope in the batch's account."""
        return self._rows.get((batch.account.account_id, stream.name, scope))

    def is_stale(self, batch: Batch, stream: Stream, scope: str) -> bool:
        """Whether a later extract of the scope has been staged."""
        known = self.known(batch, stream, scope)
        return known is not None and known["batch_id"][:_INSTANT] > instant_of(batch)

    def note(
        self,
        batch: Batch,
        stream: Stream,
        scope: str,
        *,
        rows: int,
        rejected: int,
        date_day: date | None = None,
        spend: Decimal | None = None,
        cursor_at: datetime | None = None,
    ) -> None:
        """Note that the batch is what now stands in the scope."""
        known = self.known(batch, stream, scope)
        whole_as_of = known["whole_as_of_at"] if known else None
        if stream.kind == "changes" and batch.request.since is None:
            whole_as_of = batch.as_of
        restated = None if spend is None else Decimal(0)
        if spend is not None and known:
            restated = (known["restated_spend"] or Decimal(0)) + spend - (known["spend"] or 0)
        self.put(
            {
                "source": self._source.name,
                "account_id": batch.account.account_id,
                "stream": stream.name,
                "scope": scope,
                "status": "loaded" if rows else "empty",
                "reading": self._reading(batch, stream, known),
                "date_day": date_day,
                "spend": spend,
                "rows_staged": rows,
                "rows_rejected": rejected,
                "restated_spend": restated,
                "cursor_at": cursor_at,
                "whole_as_of_at": whole_as_of,
                "as_of_at": batch.as_of,
                "batch_id": batch.batch_id,
                "loaded_at": self._run.started_at,
            }
        )

    def _reading(self, batch: Batch, stream: Stream, known: LedgerRow | None) -> str | None:
        """The settings under which every record was read, if it was one and the same for all.

        What changed since a cursor says nothing of the records before it.
        """
        if stream.kind != "changes":
            return None
        is_alike = known is not None and known["reading"] == batch.reading
        return batch.reading if batch.request.since is None or is_alike else None

    def put(self, row: LedgerRow) -> None:
        """Note a row as it is given."""
        key = (row["account_id"], row["stream"], row["scope"])
        self._rows[key] = row
        self._news.add(key)

    def write(self) -> None:
        """Replace the rows that were noted."""
        if not self._news:
            return
        noted = [self._rows[key] for key in sorted(self._news)]
        rows = pa.Table.from_pylist(noted, schema=arrow_schema(LOAD_LEDGER))
        self._session.create_temporary("ledger_news", LOAD_LEDGER)
        self._session.load("ledger_news", LOAD_LEDGER.column_names, rows)
        self._session.execute(
            compose(
                "delete from ops.load_ledger as known "
                "where exists (select 1 from ledger_news as incoming where {matches})",
                matches=matches(LOAD_LEDGER, "known"),
            )
        )
        self._session.load("ops.load_ledger", LOAD_LEDGER.column_names, rows)
