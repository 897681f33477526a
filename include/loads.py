"""Which landed batches were staged together, and in which order: what a rebuild replays.

Beside an account's batches stands ``loads.jsonl``. A load writes a line ``staging`` before its
transaction and a line ``batch_ids`` once it is committed; ``without`` names batches that a rebuild
is to do without: a load that was rolled back, what the clean-up removed, what a person gave up.
It is what cannot be told from the batches: one that was landed may never have been staged, and a
task that was tried again landed several of one instant.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from include import landing, notes
from include.landing import Batch
from include.run import Run
from include.settings import Settings

_FILE = "loads.jsonl"
_NAMED = 5
"""So many batches are named in a sentence; of the others the number is told."""


@dataclass(frozen=True, slots=True)
class Load:
    """Batches of one account that were staged in one transaction.

    ``is_certain`` is not so of a load of a release that kept no list, whose batches are those of
    one instant, and of one that was killed at its end: either may have been refused.
    """

    batches: tuple[Batch, ...]
    is_certain: bool

    @property
    def run(self) -> Run:
        """The run as whose load it is replayed."""
        last = max(self.batches, key=lambda batch: batch.extracted_at)
        return Run(f"load of {last.extracted_at:%Y-%m-%d %H:%M}", last.as_of, last.extracted_at)


@dataclass
class _Listed:
    """What a list says: loads in order, whether each was seen to be committed, and what is not to
    be asked for."""

    loads: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    without: set[str] = field(default_factory=set)

    @property
    def pending(self) -> list[tuple[str, ...]]:
        return [ids for ids, is_committed in self.loads if not is_committed]


def begin(batches: Sequence[Batch], ask: Callable[[], Collection[str]]) -> None:
    """Note that these batches, all of one account, are about to be staged together.

    ``ask`` gives the batches whose rows the warehouse bears. It is asked where an earlier load was
    killed before it could say whether it was committed: from now on its rows may be overwritten, so
    this is noted first. Raises LandingError when the home cannot be written or the list be read.
    """
    if not batches:
        return
    path, now = _list_of(batches[0]), {batch.batch_id for batch in batches}
    if pending := [ids for ids in _read(path).pending if not set(ids) <= now]:
        borne = set(ask())
        for ids in pending:
            _append(path, "without" if borne.isdisjoint(ids) else "batch_ids", ids)
    _append(path, "staging", [batch.batch_id for batch in batches])


def note(batches: Sequence[Batch]) -> None:
    """Note that these batches, all of one account, were staged together; of none, nothing.

    Raises LandingError when the home cannot be written.
    """
    if batches:
        _append(_list_of(batches[0]), "batch_ids", [batch.batch_id for batch in batches])


def do_without(batches: Iterable[Batch]) -> None:
    """Note, of those that a list names, that they are about to be removed and not missed."""
    by_list: defaultdict[Path, list[str]] = defaultdict(list)
    for batch in batches:
        by_list[_list_of(batch)].append(batch.batch_id)
    for path, going in by_list.items():
        listed = _read(path)
        named = {batch_id for ids, _ in listed.loads for batch_id in ids} - listed.without
        if noted := [batch_id for batch_id in going if batch_id in named]:
            _append(path, "without", noted)


def loads(settings: Settings, source_name: str, borne: Collection[str] = ()) -> list[Load]:
    """Every load of a source; of each account, in its order.

    ``borne``: batches whose rows the warehouse bears; none if it was lost. One that is in no list
    is a load all the same. Raises LandingError when a list names batches that are not landed.
    """
    by_list: defaultdict[Path, list[Batch]] = defaultdict(list)
    for path in landing.accounts(settings, source_name):
        if (path / _FILE).exists():
            by_list[path / _FILE] = []
    for batch in landing.batches(settings, source_name):
        by_list[_list_of(batch)].append(batch)
    return [
        load for path in sorted(by_list) for load in _of_account(path, by_list[path], set(borne))
    ]


def _of_account(path: Path, landed: Sequence[Batch], borne: set[str]) -> list[Load]:
    known = {batch.batch_id: batch for batch in landed}
    listed = _read(path)
    mentioned = {batch_id for ids, _ in listed.loads for batch_id in ids}
    first = min(mentioned, default=None)
    staged = [
        ([each for each in ids if each not in listed.without], is_committed)
        for ids, is_committed in listed.loads
        if is_committed or not borne or not borne.isdisjoint(ids)
    ]
    replayed = {batch_id for ids, _ in staged for batch_id in ids}
    if lacking := sorted(replayed - known.keys()):
        raise landing.LandingError(
            f"{path} names {len(lacking)} batches that are no longer landed beside it: "
            f"{named(lacking)}. {landing.TO_DO}"
        )
    ordered = [
        Load(tuple(known[batch_id] for batch_id in ids), is_committed or not borne.isdisjoint(ids))
        for ids, is_committed in staged
        if ids
    ]
    by_instant: defaultdict[tuple[str, bool], list[Batch]] = defaultdict(list)
    for batch in landed:
        is_certain = batch.batch_id in borne
        is_older = batch.batch_id not in mentioned and (first is None or batch.batch_id < first)
        if batch.batch_id not in replayed and (is_certain or is_older):
            by_instant[batch.extracted_at.isoformat(), is_certain].append(batch)
    for (_, is_certain), together in sorted(by_instant.items()):
        load = Load(tuple(together), is_certain)
        later = (n for n, other in enumerate(ordered) if other.run.started_at > load.run.started_at)
        ordered.insert(next(later, len(ordered)), load)
    return ordered


def _read(path: Path) -> _Listed:
    listed = _Listed()
    for kind, ids in _lines(path):
        if kind == "without":
            listed.without.update(ids)
        else:
            listed.without.difference_update(ids)
        listed.loads = [
            (each, is_committed)
            for each, is_committed in listed.loads
            if is_committed or not set(each) <= set(ids)
        ]
        if kind != "without":
            listed.loads.append((ids, kind == "batch_ids"))
    return listed


def _lines(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each line's kind and batches; passed over is one that a kill cut short.

    Raises LandingError of any other that is none of ours.
    """
    with landing.plainly(path, "read"):
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
    for number, line in enumerate(lines, 1):
        try:
            ((kind, ids),) = json.loads(line).items()
            is_ours = (
                kind in ("staging", "batch_ids", "without")
                and isinstance(ids, list)
                and all(isinstance(each, str) and landing.is_batch_id(each) for each in ids)
            )
        except (ValueError, AttributeError):
            if not line or (line.isascii() and line.startswith(b"{") and not line.endswith(b"}")):
                continue
            is_ours = False
        if not is_ours:
            raise landing.LandingError(
                f"{path}, line {number}, is no line of ours: the list of loads was damaged or "
                "written by hand; put the file back from a backup, or remove that line if you "
                "know that its load is none of this account's"
            )
        yield kind, tuple(ids)


def _append(path: Path, kind: str, ids: Sequence[str]) -> None:
    with landing.plainly(path):
        notes.append(path, {kind: list(ids)})


def _list_of(batch: Batch) -> Path:
    return batch.folder.parents[1] / _FILE


def batch_ids(found: Iterable[Load]) -> set[str]:
    """The ids of all batches of these loads."""
    return {batch.batch_id for load in found for batch in load.batches}


def named(told: Sequence[str]) -> str:
    """The first few of many, as a sentence names them."""
    others = len(told) - _NAMED
    return ", ".join(told[:_NAMED]) + (f" and {others} more" if others > 0 else "")
