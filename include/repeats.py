"""Rows of one batch that bear the same key: which is kept, which repeats it, which contradicts it.

Of each row a hash of its key is remembered, eight bytes; only rows whose hash is met twice are
looked at again.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_ROWS_AT_ONCE = 32_768

Fate = Literal["keep", "repeat", "conflict"]


class KeyHashes:
    """A hash of each row's key, taken in part by part."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = key
        self._hashes = array("q")

    def add(self, rows: pa.Table) -> None:
        """Take in the next rows."""
        self._hashes.extend(_hashes(rows, self._key))

    def met_twice(self) -> frozenset[int]:
        """The hashes that more than one row has."""
        hashes = pa.Array.from_buffers(
            pa.int64(), len(self._hashes), [None, pa.py_buffer(self._hashes)]
        )
        counted = pc.value_counts(hashes)
        is_twice = pc.greater(counted.field("counts"), 1)
        return frozenset(counted.field("values").filter(is_twice).to_pylist())


def judge(
    rows_file: Path, key: Sequence[str], met_twice: Collection[int], *, is_latest_kept: bool
) -> Iterator[tuple[pa.Table, list[Fate]]]:
    """The rows of a file in their order, each with its fate.

    Of identical rows the first is kept and the others repeat it; rows that bear one key and differ
    are all in conflict. Where ``is_latest_kept``, rows are states of records that may have changed
    while they were read: of one key the latest ``modified_at`` counts, and earlier ones are
    repeats.
    """
    bearers: dict[tuple[Any, ...], _Bearers] = {}
    for _, suspects in _suspects(rows_file, key, met_twice):
        for row in suspects.values():
            state = _state(row, is_latest_kept)
            known = bearers.setdefault(_key_of(row, key), _Bearers(state, _content(row)))
            if known.state != state:
                if known.state < state:
                    known.state, known.content, known.is_contradicted = state, _content(row), False
            elif known.content != _content(row):
                known.is_contradicted = True
    for rows, suspects in _suspects(rows_file, key, met_twice):
        fates: list[Fate] = ["keep"] * len(rows)
        for position, row in suspects.items():
            known = bearers[_key_of(row, key)]
            if known.state != _state(row, is_latest_kept):
                fates[position] = "repeat"
            elif known.is_contradicted:
                fates[position] = "conflict"
            elif known.is_kept:
                fates[position] = "repeat"
            known.is_kept = known.is_kept or fates[position] == "keep"
        yield rows, fates


@dataclass(slots=True)
class _Bearers:
    """The rows that bear one key: the state that counts, and a digest of what they then say."""

    state: datetime | int
    content: bytes
    is_contradicted: bool = False
    is_kept: bool = False


def _suspects(
    rows_file: Path, key: Sequence[str], met_twice: Collection[int]
) -> Iterator[tuple[pa.Table, dict[int, dict[str, Any]]]]:
    """Part by part, the rows and those of them, by position, whose key may not be theirs alone."""
    with pq.ParquetFile(rows_file) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            rows = pa.Table.from_batches([batch])
            positions = [n for n, each in enumerate(_hashes(rows, key)) if each in met_twice]
            found = rows.take(pa.array(positions, pa.int64())).to_pylist()
            yield rows, dict(zip(positions, found, strict=True))


def _hashes(rows: pa.Table, key: Sequence[str]) -> Iterator[int]:
    return map(hash, zip(*(rows[name].to_pylist() for name in key), strict=True))


def _key_of(row: dict[str, Any], key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key)


def _state(row: dict[str, Any], is_latest_kept: bool) -> Any:
    return row["modified_at"] if is_latest_kept else 0


def _content(row: dict[str, Any]) -> bytes:
    return blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()
