"""What becomes of a Salesforce record: what of it may leave the extractor, and our row of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from include.contracts.shape import Column, Type
from include.sources import Account, Record, Row
from include.sources.personal import EMAIL_HASH, SIGNS, hashed, without_addresses
from include.sources.salesforce_fields import NOTHING, Selection
from include.sources.salesforce_objects import CrmObject

_NO_TEXTS = (
    "id", "reference", "boolean", "int", "double", "currency", "percent", "date", "datetime",
)  # fmt: skip
# What a field can hold that tells nothing of a person: its history may be kept.
_IMPERSONAL = (
    "picklist", "multipicklist", "boolean", "int", "double", "currency", "percent", "date",
    "datetime",
)  # fmt: skip
_REFERENCE = re.compile(r"(?=[A-Za-z]{0,2}\d)[A-Za-z0-9]{15}[A-Z0-5]{3}")
_VALUES = ("OldValue", "NewValue")

Landed = Callable[[Record], Record]


def landing(selection: Selection, hash_key: bytes) -> Landed:
    """How a record read with a selection is kept: no address in clear, wherever it stands."""
    email = selection.columns.get(EMAIL_HASH, "")
    standard = [name for name in selection.columns.values() if name != email]
    numbers = [name for name in standard if name in selection.figures]
    numbers += [
        column
        for column, names in selection.mapped.items()
        if set(names.values()) & set(selection.figures)
    ]
    texts = [name for name in standard if selection.types.get(name) not in _NO_TEXTS]
    texts += [column for column in selection.mapped if column != EMAIL_HASH]

    def landed(row: Record) -> Record:
        record = {name: value for name in standard if (value := row.get(name)) not in NOTHING}
        record |= selection.captured(row)
        address = record.pop(EMAIL_HASH, None) or row.get(email)
        joined = "\n".join([text for name in texts if type(text := record.get(name)) is str])
        if any(sign in joined for sign in SIGNS):
            for name in texts:
                if type(text := record.get(name)) is str:
                    record[name] = without_addresses(text)
        for name in numbers:
            if name in record:
                record[name] = f"{record[name]:f}"  # an id in a number is never 1.2E+9
        if address:
            record |= hashed(address, hash_key)
        return record

    return landed


def history_landing(selection: Selection, describe: Mapping[str, Any]) -> Landed:
    """How a line of a field history is kept, by the describe of the object it tells of: old and new
    values of choices, numbers, days, flags and lookups; what people wrote stays in Salesforce.

    A lookup's change comes in two lines, one with ids and one with names: the names are left out.
    """
    impersonal = {item["name"] for item in describe["fields"] if item["type"] in _IMPERSONAL}
    lookups = {
        name
        for item in describe["fields"]
        if item["type"] == "reference"
        for name in (item["name"], item.get("relationshipName"))
        if name
    }

    names = tuple(selection.columns.values())

    def landed(row: Record) -> Record:
        record = {name: value for name in names if (value := row.get(name)) not in NOTHING}
        for name in _VALUES:
            value = record.pop(name, None)
            if value is not None and (
                row["Field"] in impersonal
                or (row["Field"] in lookups and _REFERENCE.fullmatch(str(value)))
            ):
                record[name] = without_addresses(value) if isinstance(value, str) else value
        return record

    return landed


def parsed(account: Account, crm: CrmObject, records: Iterable[Record]) -> Iterator[Row]:
    """Staging rows of one object's records."""
    stamps = {"batch_id", "loaded_at"}
    wanted = [
        (column.name, crm.columns.get(column.name, column.name), _reader(column, crm))
        for column in crm.table.columns
        if column.name not in stamps
    ]
    has_currency = crm.columns.get("currency_code") == "CurrencyIsoCode"
    for record in records:
        row: Row = {}
        for name, field, read in wanted:
            value = record.get(name)
            row[name] = read(record.get(field) if value is None else value)
        if has_currency and row["currency_code"] is None:
            row["currency_code"] = account.currency_code
        if row["is_deleted"] is None:  # users, stages, currencies and others have no tombstones
            row["is_deleted"] = False
        yield row


def _reader(column: Column, crm: CrmObject) -> Callable[[Any], Any]:
    """Reads a value for a column; what cannot be read is passed on as it stands."""
    if prefix := crm.prefixes.get(column.name):
        return lambda value: value if value is not None and value.startswith(prefix) else None
    read = _READERS[column.type]

    def lenient(value: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, TypeError, ArithmeticError):
            return value

    return lenient


def _text(value: Any) -> str:
    """Flags as SOQL writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _instant(value: Any) -> datetime:
    if len(value) == len("2026-01-31"):
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    return datetime.fromisoformat(value).astimezone(UTC)


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != int(number):
        raise ValueError("a fraction is no count")
    return int(number)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


_READERS: dict[Type, Callable[[Any], Any]] = {
    Type.TEXT: _text,
    Type.DATE: lambda value: date.fromisoformat(value[:10]),
    Type.TIMESTAMP: _instant,
    Type.BOOLEAN: _truth,
    Type.INTEGER: _whole,
    Type.CRM_MONEY: _number,
    Type.NUMBER: _number,
    Type.RATE: _number,
}
