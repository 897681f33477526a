"""Salesforce: leads, contacts, companies, deals, and who took part in which CRM campaign.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/

Personal data stays in Salesforce: names and phone numbers are never asked for, and an e-mail
address leaves the extractor as a keyed hash and a domain.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from include.contracts.shape import Column, Type
from include.settings import Settings
from include.sources import Account, Record, Request, Row, Source, Stream
from include.sources import salesforce_reading as reading
from include.sources.personal import hashed, without_addresses
from include.sources.salesforce_client import Client, NoSuchObject
from include.sources.salesforce_fields import EMAIL_HASH, ID, OBJECTS, CrmObject, Selection, select

log = logging.getLogger(__name__)

_KEYS = "_ids"


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """A client logged in to the org of the connection ``salesforce``.

    ``host`` is the My Domain URL, ``login`` and ``password`` the connected app's consumer key and
    secret; with ``private_key`` and ``username`` in the extra, JWT is used instead of the secret.
    """
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The org. Its currency is the corporate one if it keeps several, else the one in settings."""
    org = client.rows("SELECT Id, Name, TimeZoneSidKey FROM Organization")[0]
    currency = client.settings.crm_currency
    try:
        corporate = client.rows("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")
        currency = corporate[0]["IsoCode"] if corporate else currency
    except NoSuchObject:
        pass  # an org with one currency has no such object
    return [Account(org["Id"], org["Name"], currency, org["TimeZoneSidKey"])]


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Records of one object changed since ``request.since``, or the ids it has now.

    Records carry API names for standard fields and our column names for mapped ones; fields without
    a value are left out.
    """
    crm = _object(request.stream)
    if request.stream.endswith(_KEYS):
        for record_id in reading.ids(client, crm.name):
            yield {ID: record_id}
        return
    selection = _selection(client, crm)
    since = request.since
    if since and selection.has_calculated:
        log.info("%s: a mapped field is a formula; all records are read again", crm.name)
        since = None
    hash_key = client.settings.hash_key()
    for selected, row in reading.changes(client, selection, since, lambda: _selection(client, crm)):
        yield _landed(selected, row, hash_key)


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Staging rows of one object's records, or rows of ids alone."""
    crm = _object(stream)
    if stream.endswith(_KEYS):
        for record in records:
            yield {crm.table.key[0]: record[ID]}
        return
    stamps = {"batch_id", "loaded_at"}
    wanted = [
        (column.name, crm.columns.get(column.name, column.name), _reader(column))
        for column in crm.table.columns
        if column.name not in stamps
    ]
    has_currency = "currency_code" in crm.columns
    for record in records:
        row: Row = {}
        for name, field, read in wanted:
            value = record.get(name)
            row[name] = read(record.get(field) if value is None else value)
        if has_currency and row["currency_code"] is None:
            row["currency_code"] = account.currency_code
        if row["is_deleted"] is None:  # users and record types have no tombstones
            row["is_deleted"] = False
        yield row


def _object(stream: str) -> CrmObject:
    name = stream.removesuffix(_KEYS)
    return next(crm for crm in OBJECTS if crm.stream == name)


def _selection(client: Client, crm: CrmObject) -> Selection:
    overrides = client.settings.salesforce_fields.get(crm.name, {})
    selection = select(crm, client.describe(crm.name), overrides)
    for column, fields in selection.mapped.items():
        log.info("%s.%s is read from %s", crm.table.name, column, ", ".join(fields.values()))
    if selection.missing:
        log.info("%s: not visible to this login: %s", crm.name, ", ".join(selection.missing))
    return selection


def _landed(selection: Selection, row: Record, hash_key: bytes) -> Record:
    """What is kept of a row: no address in clear, wherever it stands."""
    record = {
        name: value for name in selection.columns.values() if (value := row.get(name)) is not None
    }
    address = record.pop(selection.columns.get(EMAIL_HASH, ""), None)
    record |= selection.captured(row)
    address = record.pop(EMAIL_HASH, address)
    for name, value in record.items():
        if type(value) is str:
            record[name] = without_addresses(value)
    if address is not None:
        record |= hashed(address, hash_key)
    return record


def _reader(column: Column) -> Callable[[Any], Any]:
    """Reads a value for a column; what cannot be read is passed on as it stands."""
    read = _READERS[column.type]

    def lenient(value: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, TypeError, ArithmeticError):
            return value

    return lenient


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


_READERS: dict[Type, Callable[[Any], Any]] = {
    Type.TEXT: str,
    Type.DATE: lambda value: date.fromisoformat(value[:10]),
    Type.TIMESTAMP: _instant,
    Type.BOOLEAN: _truth,
    Type.INTEGER: _whole,
    Type.CRM_MONEY: lambda value: Decimal(str(value)),
}

SALESFORCE = Source(
    name="salesforce",
    title="Salesforce",
    kind="crm",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=(
        *(Stream(crm.stream, crm.table, "changes") for crm in OBJECTS),
        *(Stream(crm.stream + _KEYS, crm.table, "keys") for crm in OBJECTS if crm.can_vanish),
    ),
    look_back_days=1,
)
