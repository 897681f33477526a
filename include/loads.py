"""Which landed batches were staged together, and in which order: what a rebuild replays.

Beside an account's batches stands ``loads.jsonl``, a line for every load, appended once it is
committed. It is what cannot be told from the batches: one that was landed may never have been
staged, and a task that was tried again landed several of one instant.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include import landing
from include.landing import Batch
from include.run import Run
from include.settings import Settings

_FILE = "loads.jsonl"


@dataclass(frozen=True, slots=True)
class Load:
    """Batches of one account that were staged in one transaction.

    ``is_certain`` is not so of a load of a release that kept no list: its batches are those of one
    instant, which may have been refused.
    """

    batches: tuple[Batch, ...]
    is_certain: bool

    @property
    def run(self) -> Run:
        """The run as whose load it is replayed."""
        last = max(self.batches, key=lambda batch: batch.extracted_at)
        return Run(f"load of {last.extracted_at:%Y-%m-%d %H:%M}", last.as_of, last.extracted_at)


def note(batches: Sequence[Batch]) -> None:
    """Note that these batches, all of one account, were staged together; of none, nothing.

    Raises LandingError when the home cannot be written.
    """
    if not batches:
        return
    path = _list_of(batches[0])
    line = json.dumps({"batch_ids": [batch.batch_id for batch in batches]}) + "\n"
    with landing.plainly(path), path.open("a+b") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a kill cut the last line short
                line = "\n" + line
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def loads(settings: Settings, source_name: str, staged: Collection[str] = ()) -> list[Load]:
    """Every load of a source whose batches are still landed; of each account, in its order.

    ``staged``: batches the ledger names. One that is in no list (a kill came between the commit
    and the line) is a load all the same.
    """
    by_list: defaultdict[Path, list[Batch]] = defaultdict(list)
    for batch in landing.batches(settings, source_name):
        by_list[_list_of(batch)].append(batch)
    return [
        load for path in sorted(by_list) for load in _of_account(path, by_list[path], set(staged))
    ]


def _of_account(path: Path, landed: Sequence[Batch], staged: set[str]) -> list[Load]:
    known = {batch.batch_id: batch for batch in landed}
    lines = list(_lines(path))
    listed = {batch_id for line in lines for batch_id in line}
    ordered = [
        Load(batches, is_certain=True)
        for line in lines
        if (batches := tuple(known[batch_id] for batch_id in line if batch_id in known))
    ]
    first = min(listed, default=None)
    by_instant: defaultdict[tuple[str, bool], list[Batch]] = defaultdict(list)
    for batch in landed:
        is_certain = batch.batch_id in staged
        if batch.batch_id not in listed and (is_certain or first is None or batch.batch_id < first):
            by_instant[batch.extracted_at.isoformat(), is_certain].append(batch)
    for (_, is_certain), together in sorted(by_instant.items()):
        load = Load(tuple(together), is_certain)
        later = (n for n, other in enumerate(ordered) if other.run.started_at > load.run.started_at)
        ordered.insert(next(later, len(ordered)), load)
    return ordered


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            yield json.loads(line)["batch_ids"]
        except ValueError:  # cut short by a kill
            continue


def _list_of(batch: Batch) -> Path:
    return batch.folder.parents[1] / _FILE


def batch_ids(found: Iterable[Load]) -> set[str]:
    """The ids of all batches of these loads."""
    return {batch.batch_id for load in found for batch in load.batches}
