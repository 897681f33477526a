"""A data-set folder: what the sandbox serves, as it was known at the world's clock.

The form is documented in README.md. Files are read whole, once, on first use; a malformed line is
refused with its file, line and reason. A record may carry `_known_from` and `_known_until` (half
open): it exists only while the clock stands within. Those two keys are never served.
"""

import gc
import json
import re
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

from include.sandbox.form import Check, form_of
from include.sandbox.form_rules import describe_fault, first_fault, is_zone

Record = dict[str, Any]

KNOWN_FROM, KNOWN_UNTIL = "_known_from", "_known_until"
_ALWAYS, _NEVER = float("-inf"), float("inf")
_CHUNK = 2_000


class DataSetError(Exception):
    """The folder cannot be served; the message is one sentence naming file, line and reason."""


def instant(text: str) -> datetime:
    """An aware UTC instant from an ISO instant (UTC when it names no offset) or a day (midnight).

    Raises ValueError when the text is neither.
    """
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def clock_of(text: str) -> datetime:
    """The world's clock for an as-of day (that day at 12:00 UTC) or an ISO instant."""
    moment = instant(text)
    return moment.replace(hour=12) if len(text) == 10 else moment


def _dig(record: Record, name: str) -> Any:
    value: Any = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@contextmanager
def _collector_off() -> Any:
    """Millions of young dicts make the garbage collector the slowest part of a load."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# What an API never shows without a status runs, unless its line says otherwise.
_HAVE_STATUS = {
    "meta/campaigns",
    "meta/adsets",
    "meta/ads",
    "linkedin/accounts",
    "linkedin/campaign_groups",
    "linkedin/campaigns",
}


class _Versions:
    """The records of one file, with the interval in which each is known."""

    def __init__(self, records: list[Record], starts: list[float], ends: list[float]) -> None:
        self.all = records
        self.starts, self.ends = starts, ends
        self.is_versioned = any(
            edge not in (_ALWAYS, _NEVER) for edges in (starts, ends) for edge in edges
        )

    def at(self, moment: float) -> list[Record]:
        if not self.is_versioned:
            return self.all
        return [
            record
            for record, start, end in zip(self.all, self.starts, self.ends, strict=True)
            if start <= moment < end
        ]


class DataSet:
    """A folder in the data-set form. Raises DataSetError for what cannot be served.

    Attributes: root, company (name), time_zone (IANA), currency (ISO), as_of (aware UTC instant or
    None when dataset.json does not say), meta_versions (Graph API versions served besides).
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataSetError(f"{root} is not a folder: name the folder of a data set.")
        self.root = root
        self._loaded: dict[str, _Versions] = {}
        self._lock = threading.Lock()
        self._read_about()
        self.unknown = self._unknown_files()

    def _read_about(self) -> None:
        about = self.document("dataset.json") or {}
        self.company: str = about.get("company") or "Unnamed company"
        self.time_zone: str = about.get("time_zone") or "UTC"
        self.currency: str = about.get("currency") or "USD"
        for name in ("company", "time_zone", "currency"):
            if not isinstance(getattr(self, name), str):
                raise DataSetError(f"dataset.json: {name} is not a text.")
        if not is_zone(self.time_zone):
            raise DataSetError(f"dataset.json: time_zone {self.time_zone!r} is not an IANA zone.")
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise DataSetError(f"dataset.json: currency {self.currency!r} is not an ISO code.")
        self.meta_versions = about.get("meta_versions") or []
        if not isinstance(self.meta_versions, list):
            raise DataSetError("dataset.json: meta_versions is not a list.")
        as_of = about.get("as_of")
        try:
            self.as_of: datetime | None = clock_of(as_of) if as_of else None
        except (TypeError, ValueError) as error:
            raise DataSetError(
                f"dataset.json: as_of {as_of!r} is neither a day nor an ISO instant."
            ) from error

    def _unknown_files(self) -> list[str]:
        unknown = []
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.is_dir() or name == "dataset.json" or name.startswith("truth/"):
                continue
            stem = name.removesuffix(".jsonl")
            described = re.fullmatch(r"salesforce/describe/(.+)\.json", name)
            known = stem != name and form_of(stem)
            if not known and not (described and form_of(f"salesforce/{described[1]}")):
                unknown.append(name)
        return unknown

    def names(self, folder: str) -> list[str]:
        """The record files present in a folder, without suffix: names("salesforce") → sObjects."""
        found = (path.stem for path in (self.root / folder).glob("*.jsonl"))
        return sorted(name for name in found if form_of(f"{folder}/{name}"))

    def described(self) -> list[str]:
        """The sObjects that have a describe file."""
        found = (path.stem for path in (self.root / "salesforce" / "describe").glob("*.json"))
        return sorted(name for name in found if form_of(f"salesforce/{name}"))

    def document(self, path: str) -> Record | None:
        """A single JSON object such as salesforce/describe/Lead.json; None when absent or empty."""
        try:
            text = (self.root / path).read_text(encoding="utf-8-sig")
            content = json.loads(text) if text.strip() else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DataSetError(f"{path}: {error}.") from error
        if content is not None and not isinstance(content, dict):
            raise DataSetError(f"{path}: not a JSON object.")
        return content

    def validate(self) -> None:
        """Read every file of the form, and say on standard error which files are ignored."""
        for name in self.unknown:
            sys.stderr.write(f"sandbox: {name} is no part of a data set and is ignored\n")
        for path in self.paths():
            self.versions(path)
        for name in self.described():
            path = f"salesforce/describe/{name}.json"
            if reason := describe_fault(self.document(path) or {}):
                raise DataSetError(f"{path}: {reason}.")

    def paths(self) -> list[str]:
        """Every record file present, as `folder/name` without suffix."""
        return [
            f"{folder}/{name}"
            for folder in ("meta", "google", "ga4", "linkedin", "salesforce")
            for name in self.names(folder)
        ]

    def versions(self, path: str) -> _Versions:
        """The versions in one file, read on first use."""
        with self._lock:
            if path not in self._loaded:
                with _collector_off():
                    self._loaded[path] = self._read(path)
                gc.freeze()
            return self._loaded[path]

    def _read(self, path: str) -> _Versions:
        form = form_of(path)
        if form is None:
            raise KeyError(f"{path} is no file of the data-set form")
        file = f"{path}.jsonl"
        try:
            lines = (self.root / file).read_text(encoding="utf-8-sig").split("\n")
        except FileNotFoundError:
            return _Versions([], [], [])
        except UnicodeDecodeError as error:
            raise DataSetError(f"{file}: not UTF-8 ({error.reason}).") from error
        except OSError as error:
            raise DataSetError(f"{file}: {error.strerror}.") from error
        numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
        records = _parse(file, [lines[number - 1] for number in numbers], numbers)
        if path in _HAVE_STATUS:
            for record in records:
                if isinstance(record, dict):
                    record.setdefault("status", "ACTIVE")
        checked = _check(file, records, numbers, *form)
        if fault := first_fault(path, records):
            place, reason = fault
            raise DataSetError(f"{file}:{numbers[place]}: {reason}.")
        return checked


def _parse(file: str, lines: Sequence[str], numbers: Sequence[int]) -> list[Record]:
    """The objects of the lines. Whole chunks are decoded as one array, which is quicker and lets
    the decoder share the keys; only a chunk that fails is gone through line by line."""
    records: list[Record] = []
    for start in range(0, len(lines), _CHUNK):
        chunk = lines[start : start + _CHUNK]
        try:
            decoded = json.loads(f"[{','.join(chunk)}]")
        except ValueError:
            decoded = None
        if decoded is None or len(decoded) != len(chunk):
            decoded = [
                _parse_line(file, number, line)
                for number, line in zip(numbers[start:], chunk, strict=False)
            ]
        records.extend(decoded)
    for number, record in zip(numbers, records, strict=True):
        if type(record) is not dict:
            raise DataSetError(f"{file}:{number}: not a JSON object.")
    return records


def _parse_line(file: str, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataSetError(f"{file}:{number}: not JSON ({error}).") from error


def _check(
    file: str,
    records: list[Record],
    numbers: Sequence[int],
    required: dict[str, Check],
    key: tuple[str, ...],
) -> _Versions:
    for name, (fits, kind) in required.items():
        seen: dict[Any, bool] = {}
        for number, record in zip(numbers, records, strict=True):
            value = record.get(name) if "." not in name else _dig(record, name)
            if type(value) is str:
                good = seen.get(value)
                if good is None:
                    good = seen[value] = fits(value)
            else:
                good = fits(value)
            if not good:
                reason = f"{name} is missing" if value is None else f"{name} {value!r} is not"
                raise DataSetError(
                    f"{file}:{number}: {reason}{',' if value is None else ''} {kind}"
                    f"{' is needed' if value is None else ''}."
                )
    starts = _edges(file, records, numbers, KNOWN_FROM, _ALWAYS)
    ends = _edges(file, records, numbers, KNOWN_UNTIL, _NEVER)
    for number, start, end in zip(numbers, starts, ends, strict=True):
        if start >= end:
            raise DataSetError(f"{file}:{number}: {KNOWN_UNTIL} is not after {KNOWN_FROM}.")
    if key:
        _check_versions(file, records, numbers, key, starts, ends)
    return _Versions(records, starts, ends)


def _edges(
    file: str, records: Iterable[Record], numbers: Sequence[int], name: str, absent: float
) -> list[float]:
    """Takes a reserved key out of every record; gives epoch seconds."""
    known: dict[Any, float] = {None: absent}
    edges: list[float] = []
    for number, record in zip(numbers, records, strict=True):
        text = record.pop(name, None)
        edge = known.get(text) if text is None or type(text) is str else None
        if edge is None:
            try:
                edge = known[text] = instant(text).timestamp()
            except (TypeError, ValueError) as error:
                raise DataSetError(
                    f"{file}:{number}: {name} {text!r} is neither a day nor an ISO instant."
                ) from error
        edges.append(edge)
    return edges


def _check_versions(
    file: str,
    records: Sequence[Record],
    numbers: Sequence[int],
    key: tuple[str, ...],
    starts: Sequence[float],
    ends: Sequence[float],
) -> None:
    versions: dict[tuple[Any, ...], list[tuple[float, float, int]]] = {}
    for record, number, start, end in zip(records, numbers, starts, ends, strict=True):
        versions.setdefault(tuple(_dig(record, name) for name in key), []).append(
            (start, end, number)
        )
    for value, spans in versions.items():
        spans.sort()
        for (_, end, first), (start, _, second) in pairwise(spans):
            if start < end:
                raise DataSetError(
                    f"{file}:{max(first, second)}: {', '.join(key)} "
                    f"{', '.join(map(str, value))} is known twice at one time (see line "
                    f"{min(first, second)})."
                )


class World:
    """A data set at a clock. Moving the clock clears `cache`, where the API modules keep indexes
    and encoded pages under their own prefix (`cache["meta.daily"]`); `state` keeps what outlives
    a move of the clock, such as minted tokens."""

    def __init__(self, dataset: DataSet, clock: datetime | None = None) -> None:
        moment = clock or dataset.as_of
        if moment is None:
            raise DataSetError(
                f"{dataset.root / 'dataset.json'} names no as_of day: add one or give --as-of."
            )
        self.dataset = dataset
        self.cache: dict[Any, Any] = {}
        self.state: dict[Any, Any] = {}
        self._known: dict[str, list[Record]] = {}
        self._clock = moment.astimezone(UTC)

    @property
    def clock(self) -> datetime:
        """The present instant of this world, aware, UTC."""
        return self._clock

    @clock.setter
    def clock(self, moment: datetime) -> None:
        self._clock = moment.astimezone(UTC)
        self.cache.clear()
        self._known.clear()

    def records(self, path: str) -> Sequence[Record]:
        """The records of a file known at the clock, in file order, reserved keys removed.

        `path` is `folder/name`, with or without `.jsonl`; an absent file gives none. The records
        are shared: do not change them. Raises KeyError for a path outside the form.
        """
        path = path.removesuffix(".jsonl")
        if path not in self._known:
            self._known[path] = self.dataset.versions(path).at(self._clock.timestamp())
        return self._known[path]
