"""What one account is asked for, fetched into landed batches, several requests at once."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from include import erased, landing
from include.run import Run
from include.settings import Settings
from include.sources import (
    Account,
    Record,
    Request,
    Source,
    SourceRefused,
    SourceUnavailable,
    stopped_by,
)

log = logging.getLogger(__name__)

_TURNS = (("changes",), ("keys",), ("daily", "snapshot"))
"""Kinds of stream in the order they are read. What exists is asked after what changed, lest a
record made in between count as vanished; what describes the records comes last, so that it tells of
a change made while they were read."""


def fetch(
    settings: Settings,
    source: Source,
    client: Any,
    account: Account,
    requests: Sequence[Request],
    run: Run,
    refused: dict[Request, str] | None = None,
) -> list[landing.Batch]:
    """Land the answer to every request; returns the batches in the requests' order.

    Where ``refused`` is given, a daily stream that is granted apart may be refused by itself: its
    requests are put there with the refusal's words, and have no batch.

    As many requests are in flight together as the settings, else the source, allow. Whatever the
    first to fail raises is raised here, once the others have ended, which they do at their next
    record or wait; what they had not landed whole is gone.
    """
    at_once = settings.concurrent_requests.get(source.name, source.concurrent_requests)
    stop = threading.Event()
    failures: list[BaseException] = []
    batches: dict[Request, landing.Batch] = {}
    known = erased.read(settings)

    def land(request: Request) -> landing.Batch | None:
        try:
            with stopped_by(stop):
                records = _until(stop, known.passing(source.extract(client, account, request)))
                return landing.write_batch(settings, run, source.name, account, request, records)
        except BaseException as error:
            if (
                isinstance(error, SourceRefused)
                and refused is not None
                and request.window
                and source.stream(request.stream).granted_apart
            ):
                log.error("%s %s: %s", account.account_id, request.stream, error)
                refused[request] = str(error)
                return None
            failures.append(error)
            stop.set()
            raise

    for kinds in _TURNS:
        turn = [each for each in requests if source.stream(each.stream).kind in kinds]
        with (
            _collecting_rarely(),
            ThreadPoolExecutor(max(at_once, 1), thread_name_prefix=source.name) as pool,
        ):
            landing_now = {pool.submit(land, request): request for request in turn}
            try:
                for future in as_completed(landing_now):
                    request, batch = landing_now[future], future.result()
                    if batch is None:
                        continue
                    batches[request] = batch
                    log.info(
                        "%s %s %s: %d records (%d of %d)",
                        account.account_id,
                        request.stream,
                        _span(request),
                        batch.record_count,
                        len(batches),
                        len(requests),
                    )
            except BaseException as error:
                first = failures[0] if failures else error
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise first from None
    return [batches[request] for request in requests if request in batches]


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Within it cycles are looked for rarely: records come and go by the million and hold none,
    and looking took half of the time of reading them."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _until(stop: threading.Event, records: Iterable[Record]) -> Iterator[Record]:
    _go_on_unless(stop)
    for record in records:
        _go_on_unless(stop)
        yield record


def _go_on_unless(stop: threading.Event) -> None:
    if stop.is_set():
        raise SourceUnavailable("another request of this load failed, so this one was given up")


def _span(request: Request) -> str:
    if request.window:
        return f"{request.window.first} to {request.window.last}"
    return f"since {request.since:%Y-%m-%d %H:%M} UTC" if request.since else "all"
