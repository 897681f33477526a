"""One load of a source, step by step: what each task of an ingest DAG does.

Between the steps travel claim checks only: account descriptions, requests and batch ids.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from include import erased, landing, loads, planning, quality, warehouse
from include.fetching import fetch
from include.refusals import DaysRefused, differs, refused_alone, refused_apart, refused_days
from include.run import Run, parse_day
from include.settings import Settings
from include.sources import Account, Request, Source, SourceRefused, Stream, Window
from include.sources.versions import sunset_warning
from include.warehouse import replaced

log = logging.getLogger(__name__)

Plan = dict[str, Any]
"""What to load of one account: ``{"account": {...}, "requests": [{...}, ...], "lease": 7}`` (JSON).
"""


Refused = dict[str, Any]
"""A request that was refused by itself: ``{"request": {...}, "why": "..."}``, as JSON."""


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

    Each plan bears the token of the lease on its account, taken here: who planned later may stage.
    Every account is noted in ``ops.known_accounts`` before anything of it is asked, so that one
    whose first load fails is missed by the marts.

    ``params`` may hold ``first`` and ``last`` (days as text) to load exactly those days again,
    ``accounts`` (ids) to load no others, and ``full`` to read every CRM record anew, as happens by
    itself when the settings that decide how records are read have changed. Raises SourceRefused
    when an account asked for is unknown, when none of the days asked for can be asked of any
    account, or when a later instant is already staged.
    """
    first, last = parse_day(params.get("first")), parse_day(params.get("last"))
    if first and last and last < first:
        raise SourceRefused(f"The last day asked for ({last}) lies before the first ({first})")
    if warning := sunset_warning(source.name, credentials.get("api_version"), run.as_of):
        log.warning("%s", warning)
    accounts = source.discover(source.connect(credentials, settings))
    loaded = _loaded(settings, source, run, is_full=bool(params.get("full")))
    warehouse.record_accounts(settings, source.name, accounts, run)
    if not accounts:
        log.warning("%s shows no account to this login, so nothing of it is read", source.title)
    if wanted := set(map(str, params.get("accounts") or ())):
        if unknown := wanted - {account.account_id for account in accounts}:
            raise SourceRefused(
                f"{source.title} shows no account {', '.join(sorted(unknown))} to this login; "
                f"it shows {', '.join(sorted(a.account_id for a in accounts)) or 'none'}"
            )
        accounts = [account for account in accounts if account.account_id in wanted]
    if first or last:
        planning.refuse_days_out_of_reach(source, accounts, settings, run, first, last)
    ids = [account.account_id for account in accounts]
    tokens = warehouse.lease_accounts(settings, source.name, ids, run)
    plans = []
    for account in accounts:
        requests = planning.requests_for(
            source, account, loaded[account.account_id], settings, run, first, last
        )
        log.info("%s: %d requests", account.account_id, len(requests))
        plans.append(
            {
                "account": _account_to_json(account),
                "requests": [_request_to_json(request) for request in requests],
                "lease": tokens[account.account_id],
            }
        )
    return plans


def land(
    settings: Settings,
    source: Source,
    credentials: Mapping[str, str],
    run: Run,
    plan: Plan,
    refused: list[Refused] | None = None,
) -> list[str]:
    """Fetch everything planned for one account into landed batches; returns their ids.

    Where ``refused`` is given, what the source refuses of a stream that is granted apart (lead
    forms) is added there, for ``stage``, and the rest is landed all the same; else, or when nothing
    is left, SourceRefused is raised.

    What the load used of the source's API is kept in ``ops.api_usage``, also when it failed.
    """
    account = _account_from_json(plan["account"])
    requests = [_request_from_json(request) for request in plan["requests"]]
    client = source.connect(credentials, settings)
    apart: dict[Request, str] | None = None if refused is None else {}
    try:
        with erased.loading(settings):
            batches = fetch(settings, source, client, account, requests, run, apart)
    finally:
        _keep_usage(settings, source, client, account, run)
    if refused is not None and apart:
        if not batches:
            raise SourceRefused(next(iter(apart.values())))
        refused += [
            {"request": _request_to_json(request), "why": apart[request]}
            for request in requests
            if request in apart
        ]
    return [batch.batch_id for batch in batches]


def validate(settings: Settings, source: Source, batch_ids: Sequence[str]) -> list[str]:
    """Hold each batch against its contract; returns the ids of those that may be staged.

    Raises quality.ContractBroken when a batch as a whole is refused.
    """
    with erased.loading(settings):
        batches = [landing.read_batch(settings, batch_id) for batch_id in batch_ids]
        for checked in quality.check_all(settings, source, batches):
            log.info(
                "%s: %d rows, %d set aside, %d days refused",
                checked.batch.batch_id,
                checked.row_count,
                checked.rejected_count,
                len(checked.refused_days),
            )
    return list(batch_ids)


def stage(
    settings: Settings,
    source: Source,
    batch_ids: Sequence[str],
    run: Run,
    refused: Iterable[Refused] = (),
    lease: int | None = None,
) -> int:
    """Stage an account's checked batches in one transaction; returns the rows staged.

    A day whose rows break their contract or do not add up to the account's total is left out of all
    daily streams and stands as it did; a day of rows without figures (clicks), of its own stream.
    Then, with everything else staged, refusals.DaysRefused is raised, which also tells the days of
    the requests ``refused`` while landing. warehouse.Superseded is raised, and nothing staged, when
    the account was planned again since ``lease``, the plan's.
    """
    with erased.loading(settings), landing.kept(settings):
        checked = [
            quality.read_checked(settings, landing.read_batch(settings, batch_id))
            for batch_id in batch_ids
        ]
        reasons, alone = refused_days(source, checked), refused_alone(source, checked)
        loads.begin([each.batch for each in checked], partial(replaced.borne_batches, settings))
        staged = warehouse.stage(settings, source, checked, run, reasons.keys(), lease)
        loads.note([each.batch for each in checked])
    apart = refused_apart(
        (request.stream, request.window, each["why"])
        for each in refused
        if (request := _request_from_json(each["request"])).window
    )
    if reasons or alone or apart:
        account_id = checked[0].batch.account.account_id
        raise DaysRefused(source, account_id, reasons, alone, apart)
    return staged.rows


def reconcile(settings: Settings, source: Source, plans: Iterable[Plan]) -> int:
    """Hold what is staged against what was planned and what the platform totals.

    Returns how many account-days were compared. Raises NotReconciled when a planned day is not in
    the ledger, or when what is staged differs from the account's total, spend by the ledger.
    """
    compared = 0
    streams = {stream.name: stream for stream in source.streams}
    ledger: dict[tuple[str, str, date], Decimal] = {
        (row.account_id, row.stream, row.date_day): (row.spend or Decimal(0))
        for row in warehouse.ledger(settings, source.name)
        if row.date_day is not None
    }
    counted = {
        name: warehouse.daily_sums(settings, source.name, streams[name].table, stream.proves)
        for stream in source.streams
        if stream.controls and stream.proves != ("spend",)
        for name in (stream.controls, stream.name)
    }

    def compare(stream: Stream, account_id: str, day: date) -> Iterable[tuple[Decimal, Decimal]]:
        """Each measure of a day as its rows and as its total have it."""
        assert stream.controls
        if stream.name not in counted:
            staged = ledger.get((account_id, stream.controls, day), Decimal(0))
            return [(staged, ledger[account_id, stream.name, day])]
        nothing = (Decimal(0),) * len(stream.proves)
        return zip(
            *(
                counted[name].get((account_id, day), nothing)
                for name in (stream.controls, stream.name)
            ),
            strict=True,
        )

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
                for part, total in compare(stream, account_id, day):
                    if differs(stream, part, total):
                        raise NotReconciled(
                            f"{source.title} account {account_id}, {day}: the rows of "
                            f"{stream.controls} add up to {part} but the account's total is "
                            f"{total}; run the DAG again for that day"
                        )
    return compared


def _loaded(
    settings: Settings, source: Source, run: Run, *, is_full: bool
) -> defaultdict[str, dict[str, planning.Loaded]]:
    """What the ledger has of each account's streams; days alone if all records are read anew.

    Raises SourceRefused when it speaks for a later instant than the run.
    """
    days: defaultdict[tuple[str, str], dict[date, datetime]] = defaultdict(dict)
    loaded: defaultdict[str, dict[str, planning.Loaded]] = defaultdict(dict)
    for row in warehouse.ledger(settings, source.name):
        if row.as_of_at > run.as_of:
            raise SourceRefused(
                f"{source.title} is staged as of {row.as_of_at:%Y-%m-%d %H:%M} UTC, and this run "
                f"speaks for the earlier {run.as_of:%Y-%m-%d %H:%M} UTC; trigger a new run, or "
                "set CLOSED_LOOP_HOME to a folder of its own to look at an earlier world"
            )
        if row.date_day is not None:
            of_stream = days[row.account_id, row.stream]
            of_stream[row.date_day] = row.as_of_at
            loaded[row.account_id][row.stream] = planning.Loaded(days=of_stream)
        elif not is_full:
            loaded[row.account_id][row.stream] = planning.Loaded(
                cursor=row.cursor_at if row.reading == settings.crm_reading else None,
                read_as_of=row.as_of_at,
                whole_as_of=row.whole_as_of_at,
            )
    return loaded


def _keep_usage(
    settings: Settings, source: Source, client: Any, account: Account, run: Run
) -> None:
    """Bookkeeping that fails is told, and never stands in the way of the load or its own error."""
    if source.usage is None:
        return
    try:
        measures = list(source.usage(client))
        warehouse.record_usage(settings, source.name, account.account_id, run, measures)
    except Exception as error:
        log.warning("%s: what it used of the API is not kept: %s", account.account_id, error)


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
