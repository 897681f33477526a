"""Rows of a Google Ads answer as protobuf, put together from pieces that are serialized once.

Serialized fields that stand one after another read as one message (protobuf encoding guide:
https://protobuf.dev/programming-guides/encoding/), so a row is its attributes, its segments and
its metrics side by side, and a page is its rows side by side.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from google.protobuf.json_format import ParseDict

from include.sandbox.dataset import Record
from include.sandbox.gaql import Query, field_of, row_message
from include.sandbox.google_accounts import Number

# Numbers below 2 ** 14 as varints, and their 14 bits as the beginning of a longer one.
_SHORT = [
    bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])
    for number in range(1 << 14)
]
_PACK = struct.Struct("<d").pack
_BEGIN = [bytes([number & 127 | 128, number >> 7 | 128]) for number in range(1 << 14)]


class Encoder:
    """Encodes the rows of one query. `places` says where in a row's sums a metric, without prefix,
    stands; `figure(sums, name)` makes those that stand nowhere."""

    def __init__(
        self,
        query: Query,
        version: str,
        places: Mapping[str, int],
        figure: Callable[[Sequence[Number], str], Number],
    ) -> None:
        self._query, self._version, self._figure = query, version, figure
        self._row = row_message(version)
        groups: dict[str, list[Any]] = {"metrics": [], "segments": [], "": []}
        for chain in (field_of(name, version) for name in query.select):
            groups[chain[0].name if chain[0].name in groups else ""].append(chain)
        self._metrics = [
            (
                chain[-1].name,
                places.get(chain[-1].name),
                *(
                    (_tag(chain[-1], 1), _double)
                    if chain[-1].cpp_type == chain[-1].CPPTYPE_DOUBLE
                    else (_tag(chain[-1], 0), _varint)
                ),
            )
            for chain in groups["metrics"]
        ]
        self._segments = [chain[-1] for chain in groups["segments"]]
        self._attributes = groups[""]
        self._metrics_tag = _tag(self._row.DESCRIPTOR.fields_by_name["metrics"])
        self._heads: dict[int, bytes] = {}
        self._values_of = cache(self._values)

    def page(self, rows: Iterable[tuple[Record, tuple[Any, ...], Sequence[Number]]]) -> bytes:
        """A SearchGoogleAdsStreamResponse without request id."""
        heads, values_of = self._heads, self._values_of
        response = import_module(
            f"google.ads.googleads.{self._version}.services.types.google_ads_service"
        ).SearchGoogleAdsStreamResponse.pb()()
        response.field_mask.paths.extend(self._query.select)
        results = _tag(response.DESCRIPTOR.fields_by_name["results"])
        parts: list[bytes] = [response.SerializeToString()]
        for entity, values, sums in rows:
            held = heads.get(id(entity))
            if held is None:
                held = heads[id(entity)] = self._head(entity)
            held += values_of(values) + self._metrics_of(sums)
            parts += (results, _varint(len(held)), held)
        return b"".join(parts)

    def summary(self, totals: Sequence[Number]) -> bytes:
        """The row that carries the metrics of the whole answer."""
        return self._metrics_of(totals)

    def _metrics_of(self, sums: Sequence[Number]) -> bytes:
        """The part of a row that holds its metrics."""
        if not self._metrics:
            return b""
        held = b"".join(
            [
                tag + encode(self._figure(sums, name) if place is None else sums[place])
                for name, place, tag, encode in self._metrics
            ]
        )
        return self._metrics_tag + _varint(len(held)) + held

    def _values(self, values: tuple[Any, ...]) -> bytes:
        row = self._row()
        for field, value in zip(self._segments, values, strict=True):
            if value is not None:
                put(row.segments, field, value)
        found: bytes = row.SerializeToString()
        return found

    def _head(self, parts: Record) -> bytes:
        """The part of a row that stays the same from day to day: the selected attributes."""
        row = self._row()
        if self._query.parameters.get("omit_unselected_resource_names") != "true":
            tops = {chain[0] for chain in self._attributes}
            for top in tops | {self._row.DESCRIPTOR.fields_by_name[self._query.resource]}:
                if name := parts.get(top.json_name, {}).get("resourceName"):
                    getattr(row, top.name).resource_name = name
        for *path, last in self._attributes:
            source, target = parts, row
            for field in path:
                source, target = source.get(field.json_name) or {}, getattr(target, field.name)
            value = source.get(last.json_name)
            if value is None:
                continue
            if last.is_repeated:
                ParseDict({last.json_name: value}, target, ignore_unknown_fields=True)
            else:
                put(target, last, value)
        found: bytes = row.SerializeToString()
        return found


def put(message: Any, field: Any, value: Any) -> None:
    """Sets a field to a value in the form of the data set."""
    if field.enum_type is not None:
        setattr(message, field.name, field.enum_type.values_by_name[value].number)
    elif field.cpp_type == field.CPPTYPE_DOUBLE:
        setattr(message, field.name, float(value))
    elif field.cpp_type == field.CPPTYPE_STRING:
        setattr(message, field.name, str(value))
    else:
        setattr(message, field.name, int(value))


def _tag(field: Any, wire_type: int = 2) -> bytes:
    return _varint(field.number << 3 | wire_type)


def _double(value: Number) -> bytes:
    return _PACK(float(value))


def _varint(value: Number) -> bytes:
    number = int(value)
    if 0 <= number < 1 << 14:
        return _SHORT[number]
    if 0 <= number < 1 << 28:
        return _BEGIN[number & 0x3FFF] + _SHORT[number >> 14]
    number &= 2**64 - 1  # the two's complement, if it is negative
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
