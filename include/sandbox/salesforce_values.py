"""Salesforce's ids and values as its APIs write them.

Ids have 15 characters, or 18 of which three tell the case of the others; instants are UTC.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")
_WIRE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000\Z")
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def id_key(value: str) -> str:
    """What two spellings of one id share: the 15 characters of a well-formed 18-character id.

    https://help.salesforce.com/s/articleView?id=000383751
    """
    if len(value) != 18:
        return value
    for group in range(3):
        bits = 0
        for index in range(5):
            if "A" <= value[group * 5 + index] <= "Z":
                bits |= 1 << index
        if value[15 + group] != _CHECK[bits]:
            return value
    return value[:15]


def long_id(value: str) -> str:
    """The 18-character form of a 15-character id."""
    suffix = ""
    for group in range(0, 15, 5):
        bits = sum(
            1 << index for index, char in enumerate(value[group : group + 5]) if "A" <= char <= "Z"
        )
        suffix += _CHECK[bits]
    return value + suffix


def wire_datetime(moment: datetime) -> str:
    """An aware instant as the REST API writes it; such texts sort as the instants do."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _datetime(value: Any) -> str:
    if _WIRE.match(value):
        return value
    moment = datetime.fromisoformat(value)
    return wire_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _day(value: Any) -> str:
    return date.fromisoformat(value[:10]).isoformat()


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError("a boolean is no number")
    return float(value)


def _whole(value: Any) -> int:
    return int(_number(value))


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return str(value).lower() == "true"


def _text(value: Any) -> Any:
    return value if isinstance(value, str | dict | list) else str(value)


WIRE_FORMS: dict[str, Callable[[Any], Any]] = {
    "datetime": _datetime, "date": _day, "double": _number, "currency": _number,
    "percent": _number, "int": _whole, "boolean": _truth, "string": _text, "textarea": _text,
    "picklist": _text, "email": _text, "phone": _text, "url": _text,
}  # fmt: skip
"""By the type of a field: what brings a record's value to the form on the wire.

Raises TypeError or ValueError for a value that is none of the type."""
