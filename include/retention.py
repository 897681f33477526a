"""Which landed batches may go: those that are old and that a rebuild would not miss.

A batch stays while any row of staging or of the books bears its id, and besides while what it said
decides what a rebuild makes of the others: a list that differs from the one before or after it (the
history of names is made of those), the last reading of every record, and what is known of records
that were deleted since. So a rebuild after a clean-up gives what one before it would.
"""

from __future__ import annotations

import logging
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from include import erased, landing, loads, warehouse
from include.landing import Batch
from include.run import Run
from include.settings import Settings
from include.sources import Source
from include.warehouse import replaced

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What went, or would go: batches, other leftovers (files and folders), and bytes of both."""

    batch_count: int
    leftover_count: int
    byte_count: int


def clean(settings: Settings, sources: Sequence[Source], run: Run, *, is_dry_run: bool) -> Cleaned:
    """Remove what is older than ``settings.landing_days`` and not needed; log each, with its bytes.

    Besides batches: what killed writers and rebuilds left, and notes of failures. Every age is that
    at the run's start. A dry run removes nothing. Raises landing.InUse while a rebuild or a load
    works on what is landed, LandingError when the home cannot be written.
    """
    with erased.loading(settings), landing.removing(settings):
        batches = list(_removable(settings, sources, run))
        leftovers = list(_leftovers(settings, run))
        if not is_dry_run:
            loads.do_without(batches)
        byte_count = 0
        for path, remove in [
            *((batch.folder, landing.remove) for batch in batches),
            *((path, _remove) for path in leftovers),
        ]:
            size = _size(path)
            byte_count += size
            told = "would be removed" if is_dry_run else "removed"
            log.info("%s: %s, %d bytes", path.relative_to(settings.home), told, size)
            if not is_dry_run:
                remove(path)
    return Cleaned(len(batches), len(leftovers), byte_count)


def _removable(settings: Settings, sources: Sequence[Source], run: Run) -> Iterator[Batch]:
    if not settings.landing.exists():
        return  # before the first load there may be no warehouse to ask either
    oldest = run.started_at - timedelta(days=settings.landing_days)
    borne = replaced.borne_batches(settings)
    for source in sources:
        needed = borne | _needed_besides(settings, source, borne, oldest)
        for batch in landing.batches(settings, source.name):
            if batch.extracted_at < oldest and batch.batch_id not in needed:
                yield batch


def _needed_besides(
    settings: Settings, source: Source, borne: Collection[str], oldest: datetime
) -> set[str]:
    """The batches of a source that no row bears and a rebuild would miss all the same."""
    of_stream: defaultdict[tuple[str, str], list[Batch]] = defaultdict(list)
    needed: set[str] = set()
    for load in loads.loads(settings, source.name, borne):
        daily = [b for b in load.batches if source.stream(b.request.stream).kind == "daily"]
        if any(b.batch_id in borne or b.extracted_at >= oldest for b in daily):
            # Which of its days were refused shows only beside the account's own totals.
            needed |= {batch.batch_id for batch in daily}
        for batch in load.batches:
            of_stream[batch.account.account_id, batch.request.stream].append(batch)
    whole = {
        (row.account_id, row.stream): row.whole_as_of_at
        for row in warehouse.ledger(settings, source.name)
    }
    for (account_id, name), batches in of_stream.items():
        stream = source.stream(name)
        if stream.kind == "snapshot":
            needed |= _that_differ(batches)
        elif stream.kind == "changes":
            needed |= {b.batch_id for b in batches if b.as_of == whole.get((account_id, name))}
            keys = [s.name for s in source.streams if s.kind == "keys" and s.table is stream.table]
            for listing in (b for key in keys for b in of_stream.get((account_id, key), ())):
                if listing.batch_id in borne:  # rows it marked deleted came with batches before it
                    needed |= _since_the_last_whole(batches, listing)
    return needed


def _that_differ(batches: Sequence[Batch]) -> set[str]:
    """Those that do not say what both the one before and the one after say."""
    texts = [None, *(batch.sha256 for batch in batches), None]
    return {
        batch.batch_id
        for batch, before, after in zip(batches, texts, texts[2:], strict=False)
        if not before == batch.sha256 == after
    }


def _since_the_last_whole(batches: Iterable[Batch], listing: Batch) -> set[str]:
    """Readings up to a list of keys, back to the last that read every record."""
    before = [batch for batch in batches if batch.extracted_at <= listing.extracted_at]
    wholes = [batch.extracted_at for batch in before if batch.request.since is None]
    return {b.batch_id for b in before if not wholes or b.extracted_at >= max(wholes)}


def _leftovers(settings: Settings, run: Run) -> Iterator[Path]:
    """What is no batch: of killed writers and rebuilds, and old notes of failures."""
    yield from landing.stale_partials(settings)
    home, a_day_ago = settings.home, run.started_at - timedelta(days=1)
    oldest = run.started_at - timedelta(days=settings.landing_days)
    for pattern, before in (("rebuild-*", a_day_ago), ("failures/*/*.jsonl", oldest)):
        for path in sorted(home.glob(pattern)):
            if path.stat().st_mtime < before.timestamp():
                yield path


def _remove(path: Path) -> None:
    with landing.plainly(path):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file())
