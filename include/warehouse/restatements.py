"""What a source tells otherwise of days loaded before: old spend, new spend, campaign by campaign.

Within the transaction that stages the days: ``remember`` before, ``note_restatements`` after.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from include.contracts import columns as c
from include.contracts.ops import RESTATEMENTS
from include.contracts.shape import table
from include.contracts.staging import STG_CAMPAIGN_DAILY
from include.contracts.values import arrow_schema
from include.landing import Batch
from include.run import Run
from include.warehouse.engine import Session, compose

_DAYS_BEFORE = table(
    "",
    "days_before",
    "Days loaded before, with the batch that stood for each",
    "day",
    ("date_day",),
    (c.batch_id, c.date_day),
)
_SPEND_BEFORE = table(
    "",
    "spend_before",
    "The spend that stood",
    "campaign and day",
    ("campaign_id", "date_day"),
    (c.campaign_id, c.batch_id, c.currency_code, c.date_day, c.spend),
)
_CAMPAIGN_DAILY = f"{STG_CAMPAIGN_DAILY.schema}.{STG_CAMPAIGN_DAILY.name}"


def remember(session: Session, place: Mapping[str, str], before: Mapping[date, str]) -> None:
    """Keep, for this transaction, what stands of an account (``place``) on days loaded before.

    ``before`` gives each such day's batch.
    """
    rows = [{"date_day": day, "batch_id": batch_id} for day, batch_id in before.items()]
    session.create_temporary("days_before", _DAYS_BEFORE)
    session.load(
        "days_before",
        _DAYS_BEFORE.column_names,
        pa.Table.from_pylist(rows, schema=arrow_schema(_DAYS_BEFORE)),
    )
    session.create_temporary("spend_before", _SPEND_BEFORE)
    session.execute(
        compose(
            "insert into spend_before ({columns}) select {columns} from {staged} as staged "
            "where platform = :platform and account_id = :account_id "
            "and date_day in (select date_day from days_before)",
            columns=_SPEND_BEFORE.column_names,
            staged=_CAMPAIGN_DAILY,
        ),
        place,
    )


def note_restatements(session: Session, batch: Batch, run: Run) -> None:
    """Write where the spend that stands now differs from what ``remember`` kept.

    A campaign without a row spent 0. Law: over a day's campaigns ``delta`` sums to what the
    ledger's ``restated_spend`` moved by.
    """
    session.execute(
        compose(
            """
            with new_rows as (
                select staged.campaign_id, staged.currency_code, staged.date_day, staged.spend
                from {staged} as staged
                where staged.platform = :source and staged.account_id = :account_id
                    and staged.date_day in (select date_day from days_before)
            ),

            moved as (
                select
                    coalesce(new_rows.campaign_id, old_rows.campaign_id) as campaign_id,
                    old_rows.batch_id as old_batch_id,
                    coalesce(new_rows.currency_code, old_rows.currency_code) as currency_code,
                    coalesce(new_rows.date_day, old_rows.date_day) as date_day,
                    coalesce(old_rows.spend, 0) as old_spend,
                    coalesce(new_rows.spend, 0) as new_spend
                from new_rows
                full outer join spend_before as old_rows
                    on
                        new_rows.campaign_id = old_rows.campaign_id
                        and new_rows.date_day = old_rows.date_day
            ),

            earlier as (
                select campaign_id, date_day, count(*) as restatements
                from {restatements}
                where source = :source and account_id = :account_id
                group by campaign_id, date_day
            )

            insert into {restatements} ({columns})
            select
                :source, :account_id, moved.campaign_id, :batch_id,
                coalesce(moved.old_batch_id, days_before.batch_id), moved.currency_code,
                moved.date_day, coalesce(earlier.restatements, 0) + 1, moved.old_spend,
                moved.new_spend, moved.new_spend - moved.old_spend, :as_of, :loaded_at
            from moved
            inner join days_before on moved.date_day = days_before.date_day
            left join earlier
                on moved.campaign_id = earlier.campaign_id and moved.date_day = earlier.date_day
            where moved.old_spend <> moved.new_spend
            """,
            staged=_CAMPAIGN_DAILY,
            restatements=f"{RESTATEMENTS.schema}.{RESTATEMENTS.name}",
            columns=RESTATEMENTS.column_names,
        ),
        {
            "source": batch.source,
            "account_id": batch.account.account_id,
            "batch_id": batch.batch_id,
            "as_of": batch.as_of,
            "loaded_at": run.started_at,
        },
    )
