"""The organization behind the Salesforce API: its objects, their fields, their records.

Fields are those of a describe file, else the standard ones plus what the records carry, their
types inferred. Records are brought to the wire form once per clock: UTC datetimes as
`2026-01-01T10:00:00.000+0000`, days as `2026-01-01`, absent booleans false.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox import salesforce_objects as standard
from include.sandbox.dataset import (
    KNOWN_FROM,
    KNOWN_UNTIL,
    DataSet,
    DataSetError,
    Record,
    World,
    instant,
)
from include.sandbox.salesforce_objects import Field
from include.sandbox.salesforce_values import ID, WIRE_FORMS, id_key, long_id, wire_datetime

Row = dict[str, Any]

FOLDER = "salesforce"
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MONEY = re.compile(r"amount|price|revenue|cost|budget|arr|mrr|acv|tcv|value", re.IGNORECASE)
_URL = re.compile(r"https?://", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_EPOCH = "2000-01-01T00:00:00.000+0000"


@dataclass(frozen=True, slots=True)
class SObject:
    """An object of the organization. `fields` are keyed by lower-case name; `given` is what a
    describe file says of them, by name."""

    name: str
    prefix: str
    plural: str
    fields: dict[str, Field]
    described: Record | None
    given: dict[str, Record]

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def has(self, name: str) -> bool:
        return name.lower() in self.fields


class Org:
    """The organization at the world's clock. Build it with `org(world)`, which keeps it."""

    def __init__(self, world: World, objects: dict[str, SObject]) -> None:
        self.now = world.clock
        self.zone = ZoneInfo(world.dataset.time_zone)
        self.objects = objects
        self._by_lower = {name.lower(): found for name, found in objects.items()}
        self.world = world
        self._rows: dict[str, list[Row]] = {}
        self._ids: dict[str, dict[str, Row]] = {}
        self._picklists: dict[str, dict[str, tuple[str, ...]]] = {}
        self._currencies: dict[str, Row] | None = None

    def object(self, name: str) -> SObject | None:
        """The object of that name, whatever its case."""
        return self._by_lower.get(name.lower())

    def rows(self, name: str) -> list[Row]:
        """Every record of an object, deleted ones included, in wire form, by Id."""
        if name not in self._rows:
            self._rows[name] = sorted(self._read(self.objects[name]), key=lambda row: row["Id"])
        return self._rows[name]

    def row(self, name: str, record_id: str) -> Row | None:
        """The record with that id, in either spelling, deleted or not."""
        if name not in self._ids:
            self._ids[name] = {id_key(row["Id"]): row for row in self.rows(name)}
        return self._ids[name].get(id_key(record_id))

    @property
    def currencies(self) -> dict[str, Row]:
        """The records of CurrencyType by their code; none where there is one currency alone."""
        if self._currencies is None:
            known = self.rows("CurrencyType") if "CurrencyType" in self.objects else []
            self._currencies = {row["IsoCode"]: row for row in known}
        return self._currencies

    @property
    def currency(self) -> str:
        """The corporate currency, which is the user's as well."""
        corporate = (code for code, row in self.currencies.items() if row["IsCorporate"])
        return next(corporate, self.world.dataset.currency)

    def decimal_places(self, currency: str) -> int:
        row = self.currencies.get(currency)
        if row is None or row["DecimalPlaces"] is None:
            return 0 if currency in ("JPY", "KRW") else 2
        return int(row["DecimalPlaces"])

    def corporate(self, amount: float, currency: str) -> float:
        """An amount in the corporate currency, at the rate that CurrencyType has."""
        row = self.currencies.get(currency)
        return amount / (row["ConversionRate"] or 1.0) if row else amount

    def picklist(self, name: str, of: Field) -> tuple[str, ...]:
        """The values that a picklist takes in the data."""
        values = self._picklists.setdefault(name, {})
        if of.name not in values:
            values[of.name] = tuple(
                sorted({str(row[of.name]) for row in self.rows(name) if row[of.name]})
            )
        return values[of.name]

    def children(self, name: str) -> list[tuple[str, SObject, Field]]:
        """(relationship name, child object, its field) of what refers to an object."""
        return [
            (field.children or "", child, field)
            for child in self.objects.values()
            for field in child.fields.values()
            if name in field.targets
        ]

    def _read(self, sobject: SObject) -> Iterable[Row]:
        versions = self.world.dataset.versions(f"{FOLDER}/{sobject.name}")
        moment = self.now.timestamp()
        known = [
            (record, start)
            for record, start, end in zip(versions.all, versions.starts, versions.ends, strict=True)
            if start <= moment < end
        ]
        if not known and sobject.name in _MADE:
            made = _MADE[sobject.name](self.world.dataset)
            return [_wire(sobject, made, float("-inf"), self.world.dataset)]
        return [_wire(sobject, record, start, self.world.dataset) for record, start in known]


def org(world: World) -> Org:
    """The organization at the world's clock, built once per clock; its objects once per data set.

    Raises DataSetError for a value that is not of its field's type.
    """
    found = world.cache.get("salesforce.org")
    if found is None:
        moment = world.clock.timestamp()
        objects = {name: _at(of, moment) for name, of in _objects(world.dataset).items()}
        found = world.cache["salesforce.org"] = Org(world, objects)
    return found


def _at(sobject: SObject, moment: float) -> SObject:
    """The object with the fields that are to be seen at an instant: a describe file may say from
    when and until when each is."""
    contents = (sobject.described or {}).get("fields") or []
    timed = [each for each in contents if KNOWN_FROM in each or KNOWN_UNTIL in each]
    if not timed:
        return sobject
    fields, given = dict(sobject.fields), dict(sobject.given)
    for each in timed:
        fields.pop(each["name"].lower(), None)
        given.pop(each["name"], None)
    for each in timed:
        start, end = each.get(KNOWN_FROM), each.get(KNOWN_UNTIL)
        if (start is None or instant(start).timestamp() <= moment) and (
            end is None or moment < instant(end).timestamp()
        ):
            field = standard.from_describe(each)
            fields[field.name.lower()] = field
            given[field.name] = {
                key: value for key, value in each.items() if key not in (KNOWN_FROM, KNOWN_UNTIL)
            }
    return replace(sobject, fields=fields, given=given)


@lru_cache(maxsize=8)
def _objects(dataset: DataSet) -> dict[str, SObject]:
    present = dataset.names(FOLDER)
    multi_currency = any(
        "CurrencyIsoCode" in record
        for name in present
        for record in dataset.versions(f"{FOLDER}/{name}").all
    )
    known = [
        name
        for name in standard.names()
        if multi_currency or name not in standard.MULTI_CURRENCY_ONLY or name in present
    ]
    custom = sorted({*present, *dataset.described()} - set(known))
    prefixes = standard.prefixes()
    for index, name in enumerate(custom):
        records = dataset.versions(f"{FOLDER}/{name}").all
        prefixes[records[0]["Id"][:3] if records else f"a{index:02d}"] = name
    by_name = {name: prefix for prefix, name in prefixes.items()}
    record_typed = {
        record.get("SobjectType") for record in dataset.versions(f"{FOLDER}/RecordType").all
    }
    return {
        name: _object(dataset, name, by_name.get(name, "a99"), prefixes, multi_currency,
                      name in record_typed)
        for name in [*known, *custom]
    }  # fmt: skip


def _object(
    dataset: DataSet,
    name: str,
    prefix: str,
    prefixes: dict[str, str],
    multi_currency: bool,
    record_typed: bool,
) -> SObject:
    records = dataset.versions(f"{FOLDER}/{name}").all
    prefix, plural, fields = standard.standard(name) or standard.custom(name, prefix)
    described = dataset.document(f"{FOLDER}/describe/{name}.json")
    if described and described.get("fields"):
        always = [field for field in fields if not field.nillable]  # nothing can hide these
        own = {f.name: f for f in fields}
        given = [standard.from_describe(content) for content in described["fields"]]
        fields = [*always, *given]
        for field in given:  # the table knows what children are called, describe files do not
            if (table := own.get(field.name)) and field.targets and table.children:
                fields.append(table)
    else:
        described = None
        extra: dict[str, list[Any]] = {}
        table_names = {field.name for field in fields}
        for record in records:
            for key, value in record.items():
                if key not in table_names and key != "attributes" and not isinstance(value, dict):
                    extra.setdefault(key, []).append(value)
        fields = [
            *fields,
            *(_infer(dataset, key, values, prefixes) for key, values in extra.items()),
        ]
        if multi_currency and name in standard.HAS_CURRENCY and "CurrencyIsoCode" not in extra:
            fields.append(standard.field("CurrencyIsoCode", "picklist", length=3))
        if record_typed and "RecordTypeId" not in extra:
            fields.append(standard.field("RecordTypeId", "reference", ("RecordType",)))
    contents = {each["name"]: each for each in (described or {}).get("fields", [])}
    return SObject(name, prefix, plural, {f.name.lower(): f for f in fields}, described, contents)


def _infer(dataset: DataSet, name: str, values: list[Any], prefixes: dict[str, str]) -> Field:
    """The field that such values betray."""
    seen = [value for value in values if value is not None]
    if name == "CurrencyIsoCode":
        return standard.field(name, "picklist", length=3)
    if name == "RecordTypeId":
        return standard.field(name, "reference", ("RecordType",))
    if not seen:
        return standard.field(name, "string")
    if all(isinstance(value, bool) for value in seen):
        return standard.field(name, "boolean")
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in seen):
        return standard.field(name, "currency" if _MONEY.search(name) else "double")
    if not all(isinstance(value, str) for value in seen):
        return standard.field(name, "string")
    texts = [value for value in seen if value]
    if texts and all(map(_DATETIME.match, texts)):
        return standard.field(name, "datetime")
    if texts and all(map(_DAY.match, texts)):
        return standard.field(name, "date")
    if name.endswith(("Id", "__c")) and texts and all(map(ID.match, texts)):
        targets = tuple(sorted({prefixes.get(text[:3], "") for text in texts}))
        if "" not in targets and _refers(dataset, texts, targets):
            return standard.field(name, "reference", targets)
    if texts and "mail" in name.lower() and all(map(_EMAIL.match, texts)):
        return standard.field(name, "email")
    longest = max(map(len, seen))
    if longest > 255:
        return standard.field(name, "textarea", length=131_072 if longest > 32_000 else 0)
    return standard.field(name, "url" if texts and all(map(_URL.match, texts)) else "string")


def _refers(dataset: DataSet, texts: list[str], targets: tuple[str, ...]) -> bool:
    """Whether some text is a record's id: an ad network's ids can look like those of a CRM."""
    wanted = {id_key(text) for text in texts}
    return any(
        id_key(record["Id"]) in wanted
        for target in targets
        for record in dataset.versions(f"{FOLDER}/{target}").all
    )


def _wire(sobject: SObject, record: Record, known_from: float, dataset: DataSet) -> Row:
    """One record with every field of its object, defaults filled in."""
    row: Row = {}
    for field in sobject.fields.values():
        value = record.get(field.name)
        if value is None or value == "":
            row[field.name] = False if field.type == "boolean" else None
            continue
        change = WIRE_FORMS.get(field.type)
        try:
            row[field.name] = change(value) if change else value
        except (TypeError, ValueError) as error:
            raise DataSetError(
                f"{FOLDER}/{sobject.name}.jsonl: record {record['Id']}: {field.name} {value!r} "
                f"is not a {field.type}."
            ) from error
    _fill(sobject.name, row, record, known_from, dataset)
    return row


def _fill(name: str, row: Row, record: Record, known_from: float, dataset: DataSet) -> None:
    """Defaults of what the record leaves out. A version that became known at some instant was
    modified then, so that a reader with a cursor sees it."""
    since = _EPOCH
    if known_from != float("-inf"):
        since = wire_datetime(datetime.fromtimestamp(known_from, UTC))
    created = row.get("CreatedDate") or row.get("LastModifiedDate") or row.get("SystemModstamp")
    if "CreatedDate" in row:
        row["CreatedDate"] = created or since
    modified = row.get("SystemModstamp") or max(
        row.get("LastModifiedDate") or "", created or "", since
    )
    if "SystemModstamp" in row:
        row["SystemModstamp"] = modified
    if "LastModifiedDate" in row:
        row["LastModifiedDate"] = row["LastModifiedDate"] or modified
    if "CurrencyIsoCode" in row and not row["CurrencyIsoCode"]:
        row["CurrencyIsoCode"] = dataset.currency
    if row.get("Name", "") is None and "LastName" in row:
        row["Name"] = " ".join(filter(None, (row.get("FirstName"), row["LastName"]))) or None
    if name == "Opportunity":
        stage = (row.get("StageName") or "").lower()
        if record.get("IsWon") is None:
            row["IsWon"] = stage == "closed won"
        if record.get("IsClosed") is None:
            row["IsClosed"] = row["IsWon"] or stage.startswith("closed")
    elif name == "Lead" and record.get("IsConverted") is None:
        row["IsConverted"] = bool(row.get("ConvertedDate") or row.get("ConvertedContactId"))
    elif name == "OpportunityStage":
        row["ApiName"] = row["ApiName"] or row["MasterLabel"]
        row["MasterLabel"] = row["MasterLabel"] or row["ApiName"]
    elif name == "CampaignMember":
        row["LeadOrContactId"] = row.get("ContactId") or row.get("LeadId")
        row["Type"] = row.get("Type") or ("Contact" if row.get("ContactId") else "Lead")


def _organization(dataset: DataSet) -> Record:
    return {
        "Id": long_id("00D5g000000SNDB"),
        "Name": dataset.company,
        "TimeZoneSidKey": dataset.time_zone,
        "DefaultLocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "FiscalYearStartMonth": 1,
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "SBX1",
        "IsSandbox": True,
        "CreatedDate": _EPOCH,
    }


def _corporate_currency(dataset: DataSet) -> Record:
    return {
        "Id": long_id("01L5g000000SNDB"),
        "IsoCode": dataset.currency,
        "ConversionRate": 1.0,
        "DecimalPlaces": 2,
        "IsActive": True,
        "IsCorporate": True,
        "CreatedDate": _EPOCH,
    }


_MADE: dict[str, Callable[[DataSet], Record]] = {
    "Organization": _organization,
    "CurrencyType": _corporate_currency,
}
