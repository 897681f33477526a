"""Which field of an org fills which of our columns.

Standard fields are known by name. What a form captured (UTM values, click ids, landing page,
referrer) and the qualification dates are custom fields that every org names in its own way: they
are found in describe by what their names say, and the owner's mapping has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.contracts.shape import Type
from include.sources import SourceRefused
from include.sources.salesforce_objects import ID, CrmObject

# Our column: the words that name it, run together, and the field types that can hold it.
_TEXTS = ("string", "textarea", "url", "picklist", "combobox")
_CHOSEN = ("string", "picklist", "combobox")
_DAYS = ("date", "datetime")
_CAPTURED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "utm_source": (("utmsource",), _TEXTS),
    "utm_medium": (("utmmedium",), _TEXTS),
    "utm_campaign": (("utmcampaign", "utmcampaignname"), _TEXTS),
    "utm_content": (("utmcontent",), _TEXTS),
    "utm_term": (("utmterm", "utmkeyword"), _TEXTS),
    "utm_id": (("utmid", "utmcampaignid"), (*_TEXTS, "double", "int")),
    "gclid": (("gclid", "googleclickid", "googleadsclickid", "googleclid"), _TEXTS),
    "fbclid": (("fbclid", "facebookclickid", "metaclickid"), _TEXTS),
    "li_fat_id": (("lifatid", "linkedinclickid", "linkedinfatid"), _TEXTS),
    "landing_page_url": (("landingpage", "landingurl", "entrypage", "entryurl"), _TEXTS),
    "referrer_url": (("referrer", "referer", "referringurl", "referringpage"), _TEXTS),
    "stated_product": (("productinterest", "productofinterest", "interestedin"), _CHOSEN),
    "stated_problem": (("painpoint", "painpoints", "challenge", "biggestchallenge"), _CHOSEN),
    "stated_timeframe": (
        ("timeframe", "purchasetimeframe", "buyingtimeframe", "purchasetimeline", "urgency"),
        _CHOSEN,
    ),
    "mql_at": (("mqldate", "mqlat", "datemql", "becamemql", "marketingqualified"), _DAYS),
    "sql_at": (("sqldate", "sqlat", "datesql", "becamesql", "salesqualified"), _DAYS),
}
# What may stand beside these words in a field's name: of which visit, of what, how written. A name
# that says anything more (Referrer_Name__c, SQL_Attempts_Date__c) speaks of something else.
_BESIDE = re.compile(
    "(?:first|original|initial|last|latest|most|recent|current|touch|ft|lt|lead|contact|person|web"
    "|website|site|form|visit|session|marketing|http|document|full|url|uri|page|link|value|text"
    "|param|parameter|field|capture|captured|became|date|time|datetime|timestamp|stamp|utc|on|at"
    r"|is|the|of|\d)*"
)
DATES = ("mql_at", "sql_at")
PLACES = ("landing_page_url", "referrer_url")
_PLACE = re.compile(r"\s*(?:\S+://.*|\S*[./]\S*|localhost.*)", re.DOTALL)
NOTHING = (None, "")  # how pages and chunks say that a field is empty
# Orgs that keep more than one visit say which one: the first is the evidence we want.
FIRST, ONLY, LAST = 0, 1, 2
_FIRST = re.compile(r"first|original|initial|\bft\b", re.IGNORECASE)
_LAST = re.compile(r"last|latest|recent|current|\blt\b", re.IGNORECASE)


_NUMBERS = ("double", "int", "currency", "percent")
# What a field of Salesforce must be to fill a column of ours; text takes what can be written down.
_FITS: dict[Type, tuple[str, ...]] = {
    Type.DATE: _DAYS,
    Type.TIMESTAMP: _DAYS,
    Type.BOOLEAN: ("boolean",),
    Type.INTEGER: _NUMBERS,
    Type.NUMBER: _NUMBERS,
    Type.CRM_MONEY: _NUMBERS,
    Type.TEXT: (
        *_TEXTS,
        "email",
        "phone",
        *_NUMBERS,
        *_DAYS,
        "id",
        "reference",
        "multipicklist",
        "anyType",
    ),
}


@dataclass(slots=True)
class Selection:
    """What to select of one object, as its describe stands.

    ``columns``: our column → the standard field. ``mapped``: our column → the custom fields that
    can fill it, by the visit they speak of (``FIRST``, ``ONLY``, ``LAST``). ``missing``: standard
    fields this login does not see. ``types``: the describe's type of each field selected.
    ``summed``: the numeric fields whose sums Salesforce tells as they stand; ``converted``: those
    it converts into one currency when it sums them.
    """

    crm: CrmObject
    columns: dict[str, str]
    mapped: dict[str, dict[int, str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    summed: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    has_tombstones: bool = False
    _only: tuple[tuple[str, str], ...] | None = field(init=False)

    def __post_init__(self) -> None:
        self._only = None
        if all(set(fields) == {ONLY} for fields in self.mapped.values()):
            self._only = tuple((column, fields[ONLY]) for column, fields in self.mapped.items())

    @property
    def fields(self) -> list[str]:
        """API names to select, each once, Id and the stamp first."""
        return _each_once(self.crm, self.columns, self.mapped)

    @property
    def figures(self) -> tuple[str, ...]:
        """Every field whose sum is proved."""
        return (*self.summed, *self.converted)

    def captured(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the mapped fields of a row say, by our columns, nulls left out.

        Values of two visits are never mixed: the earliest visit that has any UTM value gives all
        that it has a field for. What stands in a page's field and is no address of a page, such as
        the name of who referred the person, is left out.
        """
        if self._only is not None:
            return _without_other_texts(
                {
                    column: value
                    for column, name in self._only
                    if (value := row.get(name)) not in NOTHING
                }
            )
        visit = self._visit(row)
        values: dict[str, Any] = {}
        for column, fields in self.mapped.items():
            names = tuple(fields.values())
            if visit in fields and column not in DATES:
                names = (fields[visit],)
            value = next((row[name] for name in names if row.get(name) not in NOTHING), None)
            if value is not None:
                values[column] = value
        return _without_other_texts(values)

    def _visit(self, row: Mapping[str, Any]) -> int:
        for visit in (FIRST, ONLY, LAST):
            for column, fields in self.mapped.items():
                if column.startswith("utm_") and row.get(fields.get(visit, "")) not in NOTHING:
                    return visit
        return ONLY


def select(crm: CrmObject, describe: Mapping[str, Any], overrides: Mapping[str, str]) -> Selection:
    """The fields to read of an object, from its describe and the owner's mapping for it.

    Raises SourceRefused when a mapping names an unknown column or field, or a field of a type that
    cannot fill its column, or when a field without which rows cannot be staged is hidden.
    """
    known = {item["name"].lower(): item for item in describe["fields"]}
    mapped = _found(describe["fields"]) if crm.is_captured else {}
    for column, name in overrides.items():
        mapped[column] = {ONLY: _mapped_field(crm, column, name, known)}
    columns = {column: name for column, name in crm.columns.items() if column not in mapped}
    missing = [name for name in columns.values() if name.lower() not in known]
    for column, name in columns.items():
        needed = crm.table.column(column).is_required
        if name in missing and needed and column not in ("is_deleted", "currency_code"):
            raise SourceRefused(
                f"Salesforce hides {crm.name}.{name} from this login: grant its user read access "
                "to that field"
            )
    columns = {
        column: known[name.lower()]["name"]
        for column, name in columns.items()
        if name not in missing
    }
    chosen = [known[name.lower()] for name in _each_once(crm, columns, mapped)
              if name.lower() in known]  # fmt: skip
    figures = [item for item in chosen
               if item["type"] in _NUMBERS and item.get("aggregatable", True)]  # fmt: skip
    converted = "currencyisocode" in known
    return Selection(
        crm,
        columns,
        mapped,
        tuple(name for name in missing if name not in ("IsDeleted", "CurrencyIsoCode")),
        {item["name"]: item["type"] for item in chosen},
        tuple(i["name"] for i in figures if not (converted and i["type"] == "currency")),
        tuple(i["name"] for i in figures if converted and i["type"] == "currency"),
        "isdeleted" in known,
    )


def _mapped_field(
    crm: CrmObject, column: str, name: str, known: Mapping[str, Mapping[str, Any]]
) -> str:
    """The API name of a field that the owner maps to a column."""
    said = f"CLOSED_LOOP_SALESFORCE_FIELDS maps {crm.name}.{column}"
    if column not in crm.table.column_names or column in (crm.table.key[0], "modified_at"):
        raise SourceRefused(f"{said}, but {crm.table.name} has no such column to fill")
    item = known.get(name.lower())
    if item is None:
        raise SourceRefused(
            f"{said} to {name}, but Salesforce shows this login no such field: correct the name or "
            "grant read access to it"
        )
    wanted = crm.table.column(column).type
    if item["type"] not in _FITS[wanted]:
        raise SourceRefused(
            f"{said} to {name}, which is a field of type {item['type']} and cannot fill a column "
            f"of type {wanted}: map another field"
        )
    return str(item["name"])


def _each_once(
    crm: CrmObject, columns: Mapping[str, str], mapped: Mapping[str, Mapping[int, str]]
) -> list[str]:
    custom = [name for fields in mapped.values() for name in fields.values()]
    return list(dict.fromkeys([ID, crm.stamp, *columns.values(), *custom]))


def _found(described: list[Mapping[str, Any]]) -> dict[str, dict[int, str]]:
    """Our columns → the custom fields whose names say that they hold them, one a visit."""
    best: dict[tuple[str, int], tuple[int, str]] = {}
    for item in described:
        if not item.get("custom"):
            continue
        name: str = item["name"]
        # a managed package puts its namespace before: pi__utm_source__c
        bare = name.removesuffix("__c").rpartition("__")[2]
        column, word = _named(re.sub(r"[^a-z0-9]", "", bare.lower()), item["type"])
        if not column:
            continue
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", bare)
        visit = FIRST if _FIRST.search(words) else LAST if _LAST.search(words) else ONLY
        rank = (len(bare) - len(word), name)
        if (column, visit) not in best or rank < best[column, visit]:
            best[column, visit] = rank
    found: dict[str, dict[int, str]] = {}
    for (column, visit), (_, name) in sorted(best.items()):
        found.setdefault(column, {})[visit] = name
    return found


def _without_other_texts(values: dict[str, Any]) -> dict[str, Any]:
    for column in PLACES:
        if column in values and not _PLACE.fullmatch(str(values[column])):
            del values[column]
    return values


def _named(text: str, kind: str) -> tuple[str, str]:
    """The column that a field's run-together name speaks of, and the longest word that says so."""
    hits = [
        (len(word), column, word)
        for column, (words, kinds) in _CAPTURED.items()
        if kind in kinds
        for word in words
        if word in text and all(map(_BESIDE.fullmatch, text.split(word, 1)))
    ]
    if not hits:
        return "", ""
    _, column, word = max(hits)
    return column, word
