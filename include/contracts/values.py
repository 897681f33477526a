"""How a value takes on its column's type, one at a time or a column at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.contracts.shape import Column, Table, Type

LONGEST_TEXT = 8_192
LONGEST_KEY = 255
"""Bytes of a text in a key: ids are short, and an index of PostgreSQL holds no long ones."""

_DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")
_PLAIN: dict[Type, tuple[type, ...]] = {
    Type.TEXT: (str,),
    Type.DATE: (date,),
    Type.TIMESTAMP: (datetime,),
    Type.BOOLEAN: (bool,),
    Type.INTEGER: (int,),
}
_NUMERAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?\s*", re.ASCII | re.IGNORECASE)
_TRUE_WORDS = {"true": True, "false": False}


class Unfit(ValueError):
    """A value cannot be of its column's type; the message says why, without the value."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column of values that fit: ``faults`` are (position, reason), NULL in ``array``.

    ``repaired`` counts texts that were shortened or freed of characters no warehouse keeps.
    """

    array: pa.Array
    faults: list[tuple[int, str]]
    repaired: int


def arrow_type(type_: Type) -> pa.DataType:
    """The arrow type that holds a column's type without loss."""
    if match := _DECIMAL.fullmatch(type_.value):
        return pa.decimal128(int(match[1]), int(match[2]))
    return {
        Type.TEXT: pa.string(),
        Type.DATE: pa.date32(),
        Type.TIMESTAMP: pa.timestamp("us", "UTC"),
        Type.BOOLEAN: pa.bool_(),
        Type.INTEGER: pa.int64(),
    }[type_]


def arrow_schema(table: Table) -> pa.Schema:
    """The arrow schema of a whole table, in its column order."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in table.columns])


def fit(column: Column, values: Sequence[Any], *, is_key: bool = False) -> Fitted:
    """Values of one column as an arrow array; those that do not fit are named and left NULL."""
    plain = _PLAIN.get(column.type, (Decimal, int))
    if set(map(type, values)) <= {*plain, type(None)}:
        try:
            array = pa.array(values, arrow_type(column.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
            pass
        else:
            if _is_sound(column, values, array, is_key):
                return Fitted(array, [], 0)
    if set(map(type, values)) <= {str, type(None)}:
        plainly = _from_texts(column, values)
        if plainly is not None:
            return Fitted(plainly, [], 0)
    fitted: list[Any] = []
    faults = []
    repaired = 0
    for position, value in enumerate(values):
        try:
            good = fit_one(column, value, is_key=is_key)
        except Unfit as unfit:
            faults.append((position, str(unfit)))
            good = None
        else:
            repaired += isinstance(value, str) and isinstance(good, str) and value != good
        fitted.append(good)
    return Fitted(pa.array(fitted, arrow_type(column.type)), faults, repaired)


def fit_one(column: Column, value: Any, *, is_key: bool = False) -> Any:
    """One value in its column's type; None stays None. Raises Unfit with the reason.

    Money and other decimals are rounded half even to the column's scale. A text loses NUL and what
    lies past LONGEST_TEXT characters; a lone surrogate becomes U+FFFD.
    """
    if value is None:
        return None
    match column.type:
        case Type.TEXT:
            return _text(column, value, is_key)
        case Type.DATE:
            return _date(column, value)
        case Type.TIMESTAMP:
            return _timestamp(column, value)
        case Type.BOOLEAN:
            return _boolean(column, value)
        case Type.INTEGER:
            return _integer(column, value)
        case _:
            return _decimal(column, value)


def _from_texts(column: Column, values: Sequence[str | None]) -> pa.Array | None:
    """A column of days or decimals that are all written plainly and need no rounding, else None."""
    if column.type is Type.DATE:
        written = r"^[1-9]\d{3}-\d{2}-\d{2}$"
    elif match := _DECIMAL.fullmatch(column.type.value):
        precision, scale = int(match[1]), int(match[2])
        written = rf"^-?\d{{1,{precision - scale}}}(\.\d{{1,{scale}}})?$"
    else:
        return None
    try:
        texts = pa.array(values, pa.string())
        if not pc.all(pc.match_substring_regex(texts, written), min_count=0).as_py():
            return None
        return texts.cast(arrow_type(column.type))
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None


def _is_sound(column: Column, values: Sequence[Any], array: pa.Array, is_key: bool) -> bool:
    """Whether a column that arrow took needs no second look value by value."""
    if column.type is Type.TIMESTAMP:
        return all(value is None or value.tzinfo is not None for value in values)
    if column.type is not Type.TEXT or array.null_count == len(array):
        return True
    if is_key and (
        pc.max(pc.binary_length(array)).as_py() > LONGEST_KEY or pc.any(pc.equal(array, "")).as_py()
    ):
        return False
    return (
        pc.max(pc.binary_length(array)).as_py() <= LONGEST_TEXT
        and not pc.any(pc.match_substring(array, "\0")).as_py()
    )


def _text(column: Column, value: Any, is_key: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unfit(f"{column.name} is not a text")
    text = str(value).replace("\0", "")[:LONGEST_TEXT]
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if is_key and not text:
        raise Unfit(f"{column.name} is empty")
    if is_key and len(text.encode()) > LONGEST_KEY:
        raise Unfit(f"{column.name} is longer than {LONGEST_KEY} bytes")
    return text


def _date(column: Column, value: Any) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unfit(f"{column.name} is not a day") from None


def _timestamp(column: Column, value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise Unfit(f"{column.name} is not an instant")
    if value.tzinfo is None:
        raise Unfit(f"{column.name} says no time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Unfit(f"{column.name} is not an instant") from None


def _boolean(column: Column, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE_WORDS:
        return _TRUE_WORDS[value.lower()]
    raise Unfit(f"{column.name} is neither true nor false")


def _integer(column: Column, value: Any) -> int:
    number = _number(column, value)
    if number != number.to_integral_value():
        raise Unfit(f"{column.name} is not a whole number")
    if not -(2**63) <= number < 2**63:
        raise Unfit(f"{column.name} is too large")
    return int(number)


def _decimal(column: Column, value: Any) -> Decimal:
    match = _DECIMAL.fullmatch(column.type.value)
    assert match
    precision, scale = int(match[1]), int(match[2])
    number = _number(column, value)
    try:
        return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN, Context(prec=precision))
    except InvalidOperation:
        raise Unfit(f"{column.name} is too large") from None


def _number(column: Column, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unfit(f"{column.name} is not a number")
    if isinstance(value, str) and not _NUMERAL.fullmatch(value):
        raise Unfit(f"{column.name} is not a number")
    number = Decimal(repr(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise Unfit(f"{column.name} is not a number")
    return number
