"""Salesforce: leads, contacts, companies, deals, their histories, and who took part in which CRM
campaign.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/

Personal data stays in Salesforce: names, phone numbers and what people wrote are never asked for,
and an e-mail address leaves the extractor as a keyed hash and a domain.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from include.contracts.crm_staging import STG_CRM_FIELDS
from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    Record,
    Request,
    Row,
    Source,
    SourceRefused,
    Stream,
)
from include.sources import salesforce_reading as reading
from include.sources.salesforce_client import Client, NoSuchObject
from include.sources.salesforce_fields import Selection, select
from include.sources.salesforce_objects import ID, OBJECTS, CrmObject
from include.sources.salesforce_rows import Landed, history_landing, landing, parsed

log = logging.getLogger(__name__)

_KEYS = "_ids"
_FIELDS = "fields"


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """A client logged in to the org of the connection ``salesforce``.

    ``host`` is the My Domain URL, ``login`` and ``password`` the connected app's consumer key and
    secret; with ``private_key`` and ``username`` in the extra, JWT is used instead of the secret.
    """
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The org. Its currency is the corporate one if it keeps several, else the one in settings."""
    org = client.row("SELECT Id, Name, TimeZoneSidKey FROM Organization")
    currency = client.settings.crm_currency
    try:
        corporate = client.rows("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")
        currency = corporate[0]["IsoCode"] if corporate else currency
    except NoSuchObject:
        pass  # an org with one currency has no such object
    return [Account(org["Id"], org["Name"], currency, org["TimeZoneSidKey"])]


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Records of one object changed since ``request.since``, or the ids it has now, or the fields
    of every object that we read.

    Records carry API names for standard fields and our column names for mapped ones; fields without
    a value are left out. An object that an org may lack, and lacks, has no records.
    """
    if request.stream == _FIELDS:
        yield from _fields(client)
        return
    crm = _object(request.stream)
    try:
        if request.stream.endswith(_KEYS):
            for record_id in reading.ids(client, crm.name):
                yield {ID: record_id}
            return
        selection = _selection(client, crm)
    except NoSuchObject:
        if not crm.is_optional:
            raise
        log.info("this login sees no %s: it stays empty", crm.name)
        return

    def refreshed() -> Selection:
        return _selection(client, crm, anew=True)

    landed = None
    for selected, row in reading.changes(client, selection, request.since, refreshed):
        if landed is None or selected is not selection:
            landed, selection = _landing(client, selected), selected
        yield landed(row)


def parse(account: Account, stream: str, records: Iterable[Record]) -> Iterator[Row]:
    """Staging rows of one object's records, rows of ids alone, or rows of fields."""
    if stream == _FIELDS:
        for record in records:
            yield {
                "object_name": record["object"],
                "field_name": record["name"],
                "field_type": record["type"],
                "field_length": record["length"],
                "is_calculated": record["calculated"],
                "is_custom": record["custom"],
            }
        return
    crm = _object(stream)
    if stream.endswith(_KEYS):
        for record in records:
            yield {crm.table.key[0]: record[ID]}
        return
    yield from parsed(account, crm, records)


def usage(client: Client) -> list[Measure]:
    """``requests`` made by the client; ``daily_requests`` of the org's allowance, rolling over 24
    hours, used by everything that calls it."""
    return client.used()


def look_at_login(client: Client) -> Login:
    """Who the login is, and in remarks every object and field that it should see and does not."""
    remarks = []
    for crm in _read_objects(client):
        try:
            selection = _selection(client, crm)
        except NoSuchObject:
            if not crm.is_optional:
                remarks.append(
                    f"{crm.name} cannot be read: grant the integration user read access to it"
                )
        except SourceRefused as refused:
            remarks.append(str(refused))
        else:
            if selection.missing:
                remarks.append(
                    f"{crm.name}: {', '.join(selection.missing)} cannot be read; grant the "
                    "integration user read access if the org uses it"
                )
    return Login(client.version, client.user(), client.scopes, remarks=tuple(remarks))


def _landing(client: Client, selection: Selection) -> Landed:
    if selection.crm.history_of:
        return history_landing(selection, client.describe(selection.crm.history_of))
    return landing(selection, client.settings.hash_key())


def _fields(client: Client) -> Iterator[Record]:
    """The fields as they are described at this moment."""
    for crm in _read_objects(client):
        try:
            described = client.describe(crm.name, anew=True)
        except NoSuchObject:
            if not crm.is_optional:
                raise
            continue
        for item in described["fields"]:
            yield {
                "object": crm.name,
                "name": item["name"],
                "type": item["type"],
                "length": item.get("length"),
                "calculated": bool(item.get("calculated")),
                "custom": bool(item.get("custom")),
            }


def _read_objects(client: Client) -> list[CrmObject]:
    wanted = client.settings.extra_streams
    return [crm for crm in OBJECTS if crm.by_default or f"salesforce.{crm.stream}" in wanted]


def _object(stream: str) -> CrmObject:
    name = stream.removesuffix(_KEYS)
    return next(crm for crm in OBJECTS if crm.stream == name)


def _selection(client: Client, crm: CrmObject, *, anew: bool = False) -> Selection:
    overrides = client.settings.salesforce_fields.get(crm.name, {})
    selection = select(crm, client.describe(crm.name, anew=anew), overrides)
    for column, fields in selection.mapped.items():
        log.info("%s.%s is read from %s", crm.table.name, column, ", ".join(fields.values()))
    if selection.missing:
        log.info("%s: not visible to this login: %s", crm.name, ", ".join(selection.missing))
    return selection


def _streams() -> Iterator[Stream]:
    for crm in OBJECTS:
        yield Stream(
            crm.stream,
            crm.table,
            "changes",
            whole_every_days=crm.whole_every_days,
            by_default=crm.by_default,
        )
    for crm in OBJECTS:
        if crm.compared_every_days:
            yield Stream(
                crm.stream + _KEYS,
                crm.table,
                "keys",
                every_days=crm.compared_every_days,
                by_default=crm.by_default,
            )
    yield Stream(_FIELDS, STG_CRM_FIELDS, "snapshot")


SALESFORCE = Source(
    name="salesforce",
    title="Salesforce",
    kind="crm",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    streams=tuple(_streams()),
    look_back_days=1,
    # An org takes 25 requests of 20 seconds or more at a time, a developer's org 5, for everybody:
    # https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
    concurrent_requests=4,
    usage=usage,
    look_at_login=look_at_login,
)
