"""One load of a source, step by step: what each task of an ingest DAG does.

Between the steps travel claim checks only: account descriptions, requests and batch ids.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from include import landing, planning, quality, warehouse
from include.run import Run, parse_day
from include.settings import Settings
from include.sources import Account, Request, Source, SourceRefused, SourceUnavailable, Window
from include.sources.versions import sunset_warning

log = logging.getLogger(__name__)

CENT = Decimal("0.01")

Plan = dict[str, Any]
"""What to load of one account: ``{"account": {...}, "requests": [{...}, ...]}``, as JSON."""


class NotReconciled(Exception):
    """Staging and the source disagree; the message names account, day and both figures."""


def plan(
    settings: Settings,
    source: Source,
    credentials: Mapping[str, str],
    run: Run,
    params: Mapping[str, Any],
) -> list[Plan]:
    """Discover the source's accounts and decide what each must be asked for.

    ``params`` may hold ``first`` and ``last`` (days as text) to load exactly those days again,
    ``accounts`` (ids) to load no others, and ``full`` to read every CRM record anew, as happens by
    itself when the settings that decide how records are read have changed. Raises SourceRefused
    when an account asked for is unknown, or when a later instant is already staged.
    """
    first, last = parse_day(params.get("first")), parse_day(params.get("last"))
    if first and last and last < first:
        raise SourceRefused(f"The last day asked for ({last}) lies before the first ({first})")
    if warning := sunset_warning(source.name, credentials.get("api_version"), run.as_of):
        log.warning("%s", warning)
    accounts = source.discover(source.connect(credentials, settings))
    if wanted := set(params.get("accounts") or ()):
        if unknown := wanted - {account.account_id for account in accounts}:
            raise SourceRefused(
                f"{source.title} shows no account {', '.join(sorted(unknown))} to this login; "
                f"it shows {', '.join(sorted(a.account_id for a in accounts)) or 'none'}"
            )
        accounts = [account for account in accounts if account.account_id in wanted]
    days: dict[tuple[str, str], dict[date, datetime]] = defaultdict(dict)
    cursors: dict[tuple[str, str], datetime] = {}
    for row in warehouse.ledger(settings, source.name):
        if row.date_day is not None:
            days[row.account_id, row.stream][row.date_day] = row.as_of_at
        if row.cursor_at is not None and row.reading == settings.crm_reading:
            cursors[row.account_id, row.stream] = row.cursor_at
        if row.as_of_at > run.as_of:
            raise SourceRefused(
                f"{source.title} is staged as of {row.as_of_at:%Y-%m-%d %H:%M} UTC, and this run "
                f"speaks for the earlier {run.as_of:%Y-%m-%d %H:%M} UTC; trigger a new run, or "
                "set CLOSED_LOOP_HOME to a folder of its own to look at an earlier world"
            )
    plans = []
    for account in accounts:
        names = [stream.name for stream in source.streams]
        requests = planning.requests_for(
            source,
            account,
            {name: days[account.account_id, name] for name in names},
            {
                name: cursors[account.account_id, name]
                for name in names
                if (account.account_id, name) in cursors and not params.get("full")
            },
            settings,
            run,
            first,
            last,
        )
        log.info("%s: %d requests", account.account_id, len(requests))
        plans.append(
            {
                "account": _account_to_json(account),
                "requests": [_request_to_json(request) for request in requests],
            }
        )
    return plans


def land(
    settings: Settings, source: Source, credentials: Mapping[str, str], run: Run, plan: Plan
) -> list[str]:
    """Fetch everything planned for one account into landed batches, and prove it complete.

    Returns the batch ids. Raises SourceUnavailable when the campaigns' totals differ from those the
    platform gives for the account: figures moved while being read, or rows are missing.
    """
    account = _account_from_json(plan["account"])
    requests = [_request_from_json(request) for request in plan["requests"]]
    client = source.connect(credentials, settings)
    batches: list[tuple[Request, landing.Batch]] = []
    for number, request in enumerate(requests, 1):
        batch = landing.write_batch(
            settings, run, source.name, account, request, source.extract(client, account, request)
        )
        batches.append((request, batch))
        log.info(
            "%s %s %s: %d records (%d of %d)",
            account.account_id,
            request.stream,
            _span(request),
            batch.record_count,
            number,
            len(requests),
        )
    _prove_complete(source, account, batches)
    return [batch.batch_id for _, batch in batches]


def validate(settings: Settings, source: Source, batch_ids: Sequence[str]) -> list[str]:
    """Hold each batch against its contract; returns the ids of those that may be staged.

    Raises quality.ContractBroken when a batch as a whole is refused.
    """
    for batch_id in batch_ids:
        checked = quality.check(settings, source, landing.read_batch(settings, batch_id))
        log.info("%s: %d rows, %d set aside", batch_id, checked.row_count, checked.rejected_count)
    return list(batch_ids)


def stage(settings: Settings, source: Source, batch_ids: Sequence[str], run: Run) -> int:
    """Stage an account's checked batches in one transaction; returns the rows staged."""
    checked = [
        quality.read_checked(settings, landing.read_batch(settings, batch_id))
        for batch_id in batch_ids
    ]
    return warehouse.stage(settings, source, checked, run).rows


def reconcile(settings: Settings, source: Source, plans: Iterable[Plan]) -> int:
    """Hold what is staged against what was planned and what the platform totals.

    Returns how many account-days were compared. Raises NotReconciled when a planned day is not in
    the ledger, or when spend staged plus spend set aside differs from the account's total.
    """
    compared = 0
    streams = {stream.name: stream for stream in source.streams}
    ledger: dict[tuple[str, str, date], Decimal] = {
        (row.account_id, row.stream, row.date_day): (row.spend or Decimal(0))
        for row in warehouse.ledger(settings, source.name)
        if row.date_day is not None
    }
    for plan in plans:
        account_id = plan["account"]["account_id"]
        for request in (_request_from_json(each) for each in plan["requests"]):
            stream = streams[request.stream]
            for day in request.window.days() if request.window else ():
                if (account_id, stream.name, day) not in ledger:
                    raise NotReconciled(
                        f"{source.title} account {account_id}: {day} of {stream.name} was planned "
                        "but is not in the ledger; run the DAG again for that day"
                    )
                if stream.controls is None:
                    continue
                compared += 1
                staged = ledger.get((account_id, stream.controls, day), Decimal(0))
                total = ledger[account_id, stream.name, day]
                if abs(staged - total) >= CENT:
                    raise NotReconciled(
                        f"{source.title} account {account_id}, {day}: campaigns add up to {staged} "
                        f"but the account's total is {total}; run the DAG again for that day"
                    )
    return compared


def _prove_complete(
    source: Source, account: Account, batches: Sequence[tuple[Request, landing.Batch]]
) -> None:
    for stream in source.streams:
        if stream.controls is None:
            continue
        parts = _spend_by_day(source, account, stream.controls, batches)
        totals = _spend_by_day(source, account, stream.name, batches)
        for day in sorted(parts.keys() | totals.keys()):
            if abs(parts[day] - totals[day]) >= CENT:
                raise SourceUnavailable(
                    f"{source.title} account {account.account_id}, {day}: the rows read add up to "
                    f"{parts[day]} but the account's total is {totals[day]}; nothing of this load "
                    "was staged"
                )


def _spend_by_day(
    source: Source,
    account: Account,
    stream: str,
    batches: Sequence[tuple[Request, landing.Batch]],
) -> dict[Any, Decimal]:
    """Spend a day over the stream's batches; a value that is no number counts as nothing, for the
    contract will name it."""
    totals: dict[Any, Decimal] = defaultdict(Decimal)
    for request, batch in batches:
        if request.stream == stream:
            for row in source.parse(account, stream, batch.records()):
                if isinstance(row["spend"], Decimal) and row["spend"].is_finite():
                    totals[row["date_day"]] += row["spend"]
    return totals


def _span(request: Request) -> str:
    if request.window:
        return f"{request.window.first} to {request.window.last}"
    return f"since {request.since:%Y-%m-%d %H:%M} UTC" if request.since else "all"


def _account_to_json(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "account_name": account.account_name,
        "currency_code": account.currency_code,
        "time_zone": account.time_zone,
        "account_status": account.account_status,
    }


def _account_from_json(value: Mapping[str, Any]) -> Account:
    return Account(**value)


def _request_to_json(request: Request) -> dict[str, Any]:
    window, since = request.window, request.since
    return {
        "stream": request.stream,
        "window": [window.first.isoformat(), window.last.isoformat()] if window else None,
        "since": since.isoformat() if since else None,
    }


def _request_from_json(value: Mapping[str, Any]) -> Request:
    return Request(
        stream=value["stream"],
        window=Window(*map(date.fromisoformat, value["window"])) if value["window"] else None,
        since=datetime.fromisoformat(value["since"]) if value["since"] else None,
    )
