"""Finding one person in the warehouse, and putting tokens in place of what leads to them.

A person is what the models take for one: leads and contacts of one e-mail, conversions, merges, and
the lead forms filled with that e-mail. To them belong rows of their own (roles, memberships,
activities, changes of a lead), and their deals, whose names may name them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from include.contracts import crm_staging as crm
from include.contracts.ops import MART_CHANGES
from include.contracts.seeds import SEED_MANUAL_TOUCHPOINTS
from include.contracts.shape import Table, Type
from include.contracts.staging import STAGING_TABLES, STG_LEAD_FORM_RESPONSES
from include.contracts.values import arrow_schema
from include.erased import CLICK_IDS, Erased, is_token
from include.settings import Settings
from include.sources import Source
from include.warehouse.bookkeeping import raise_version
from include.warehouse.engine import Session, Sql, compose, engine_of
from include.warehouse.migrations import require_ours

_PEOPLE: Mapping[str, tuple[str, ...]] = {
    crm.STG_CRM_LEADS.name: ("master_record_id", "converted_contact_id"),
    crm.STG_CRM_CONTACTS.name: ("master_record_id",),
    STG_LEAD_FORM_RESPONSES.name: (),
}
"""Tables of people's records, with the columns that lead to another record of the same human."""

_BELONGING: Mapping[str, tuple[str, ...]] = {
    crm.STG_CRM_CONTACT_ROLES.name: ("contact_id",),
    crm.STG_CRM_CAMPAIGN_MEMBERS.name: ("lead_id", "contact_id"),
    crm.STG_CRM_LEAD_HISTORY.name: ("lead_id",),
    crm.STG_CRM_TASKS.name: ("lead_id", "contact_id"),
    crm.STG_CRM_EVENTS.name: ("lead_id", "contact_id"),
}
_DEALS: Mapping[str, tuple[str, ...]] = {crm.STG_CRM_OPPORTUNITIES.name: ("contact_id",)}
TELLING = {**_PEOPLE, **_BELONGING, **_DEALS}
"""Every table whose rows tell of a person, with its columns that name one."""

_BEARING = (*STAGING_TABLES, SEED_MANUAL_TOUCHPOINTS)
"""Every table in which keys of a person may stand."""

_SHORTEST_CLICK_ID = 10
_VALUES_TOO = ("email_hash", "email_domain", "old_value", "new_value", *CLICK_IDS)
_TOLD_IN = ("row_key", "evidence")


@dataclass
class Person:
    """What is known of one person: ``records`` are ids of leads, contacts and filled forms,
    ``hashes`` of addresses, ``belongings`` ids of rows about them, ``deals`` they had part in."""

    records: set[str] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    belongings: set[str] = field(default_factory=set)
    deals: set[str] = field(default_factory=set)
    clicks: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    is_known: bool = False

    @property
    def keys(self) -> set[str]:
        """Everything that leads to the person by itself, domains aside."""
        return self.records | self.hashes | self.belongings | self.clicks

    def learn(self, table: Table, row: Mapping[str, Any]) -> None:
        """Take up what a row of staging says, if it is about the person."""
        own = row[table.key[-1]]
        named = {value for column in TELLING[table.name] if (value := row.get(column))}
        if table.name in _PEOPLE:
            if own in self.records or named & self.records or row["email_hash"] in self.hashes:
                self.is_known = True
                self.records |= {own, *named}
                self.hashes |= _there(row["email_hash"])
                self.domains |= _there(row["email_domain"])
                self.deals |= _there(row.get("converted_opportunity_id"))
                self.clicks |= {
                    value
                    for name in CLICK_IDS
                    if (value := row.get(name)) and _is_click_id(value) and not is_token(value)
                }
        elif named & self.records:
            if table.name in _DEALS:
                self.deals.add(own)
            else:
                self.belongings.add(own)
            if table is crm.STG_CRM_CONTACT_ROLES:
                self.deals |= _there(row["opportunity_id"])


def learn_from_staging(settings: Settings, person: Person) -> None:
    """Take up everything staged about the person, until nothing more is found."""
    tables = [table for table in STAGING_TABLES if table.name in TELLING]
    with engine_of(settings).read() as session:
        size = -1
        while size != (size := len(person.keys) + len(person.deals)):
            for table in tables:
                columns = [table.key[-1], *TELLING[table.name]]
                columns += ["email_hash"] if table.name in _PEOPLE else []
                for row in _bearing(session, table, columns, person.records | person.hashes):
                    person.learn(table, row)


def learn_from_rejected(settings: Settings, person: Person, sources: Collection[Source]) -> None:
    """Take up what rows set aside say about the person."""
    with engine_of(settings).read() as session:
        for table, row, _ in _rejected(session, person.keys, sources):
            if table.name in TELLING:
                person.learn(table, dict.fromkeys(table.column_names) | row)


def shared_domains(settings: Settings, person: Person) -> set[str]:
    """Those of the person's e-mail domains that lead to nobody: others have them, too, or they are
    our own."""
    shared = set()
    with engine_of(settings).read() as session:
        for table in STAGING_TABLES:
            if table.name in _PEOPLE:
                shared |= {
                    row["email_domain"]
                    for row in _bearing(session, table, ["email_domain"], person.domains)
                    if row[table.key[-1]] not in person.records
                }
        own = session.rows("select email_domain from staging.seed_internal_domains")
    return shared | {
        domain
        for domain in person.domains
        for row in own
        if domain == row["email_domain"] or domain.endswith(f".{row['email_domain']}")
    }


def replace_keys(
    settings: Settings, tokens: Mapping[str, str | None], known: Erased, sources: Collection[Source]
) -> dict[str, int]:
    """Put tokens in place of keys in staging and ops, in one transaction; rows changed by table."""
    changed: dict[str, int] = {}
    with engine_of(settings).write() as session:
        require_ours(session)
        for table in _BEARING:
            columns = _leading(table)
            rows = list(_bearing(session, table, columns, tokens))
            if not rows:
                continue
            name = f"{table.schema}.{table.name}"
            after = [known.masked(row, row[table.key[-1]]) for row in rows]
            session.execute(
                compose(
                    "delete from {name} where {bears}", name=name, bears=_bears(columns, tokens)
                ),
                _bound(tokens),
            )
            session.load(
                name, table.column_names, pa.Table.from_pylist(after, schema=arrow_schema(table))
            )
            changed[name] = len(rows)
        if rejected := _replace_rejected(session, tokens, known, sources):
            changed["ops.rejected_rows"] = rejected
        raise_version(session)
    return changed


def bearing(
    settings: Settings, tokens: Mapping[str, str | None], sources: Collection[Source]
) -> list[str]:
    """The tables whose rows bear what took the keys' place, and whose files may bear the keys:
    also where an erasure was broken off after its rows were replaced."""
    values = {token or key for key, token in tokens.items()}
    with engine_of(settings).read() as session:
        found = [
            f"{table.schema}.{table.name}"
            for table in _BEARING
            if any(True for _ in _bearing(session, table, _leading(table), values))
        ]
        if any(True for _ in _rejected(session, values, sources)):
            found.append("ops.rejected_rows")
        if values and session.rows(compose("select 1 as one from {told}", told=_told(values)),
                                   _bound(values)):  # fmt: skip
            found.append("ops.mart_changes")
    return found


def _replace_rejected(
    session: Session, keys: Collection[str], known: Erased, sources: Collection[Source]
) -> int:
    count = 0
    for table, row, place in list(_rejected(session, keys, sources)):
        masked = known.masked(row, row.get(table.key[-1]))
        session.execute(
            Sql(
                "update ops.rejected_rows set record = :record "
                "where batch_id = :batch_id and row_number = :row_number"
            ),
            {**place, "record": json.dumps(masked)},
        )
        count += 1
    return count


def replace_told(settings: Settings, tokens: Mapping[str, str | None]) -> int:
    """Put tokens in place of keys in what was told of changes in the marts, where they stand within
    texts; the rows changed. To be called once no build that bears the keys can be published."""
    replaced = {key: token for key, token in tokens.items() if token}
    if not replaced:
        return 0
    told, keys = _told(replaced), _bound(replaced)
    with engine_of(settings).write() as session:
        require_ours(session)
        rows = session.rows(compose("select * from {told}", told=told), keys)
        session.execute(compose("delete from {told}", told=told), keys)
        after = [
            {name: replace_in(value, replaced) if name in _TOLD_IN else value
             for name, value in row.items()}
            for row in rows
        ]  # fmt: skip
        session.load(
            "ops.mart_changes",
            MART_CHANGES.column_names,
            pa.Table.from_pylist(after, schema=arrow_schema(MART_CHANGES)),
        )
    return len(rows)


def _told(values: Collection[str]) -> Sql:
    """The rows of ops.mart_changes in whose texts one of the values stands."""
    holds = " or ".join(
        f"strpos({name}, :value{n}) > 0" for name in _TOLD_IN for n in range(len(values))
    )
    return compose("ops.mart_changes where {holds}", holds=Sql(holds))


def replace_in(text: str, tokens: Mapping[str, str | None]) -> str:
    """A text with every key that stands in it replaced."""
    for key, token in tokens.items():
        text = text.replace(key, token or key)
    return text


def _rejected(
    session: Session, keys: Collection[str], sources: Collection[Source]
) -> Iterator[tuple[Table, dict[str, Any], dict[str, Any]]]:
    """Rows set aside that bear one of the keys: their table, themselves, their place."""
    tables = {
        (source.name, stream.name): stream.table for source in sources for stream in source.streams
    }
    found = session.rows(
        "select source, stream, batch_id, row_number, record from ops.rejected_rows"
    )
    for each in found:
        table = tables.get((each["source"], each["stream"]))
        if table is None or not any(key in each["record"] for key in keys):
            continue
        place = {name: each[name] for name in ("batch_id", "row_number")}
        yield table, json.loads(each["record"]), place


def _leading(table: Table) -> list[str]:
    """The columns of a table that may lead to a person."""
    return [
        column.name
        for column in table.columns
        if column.type is Type.TEXT and (column.name.endswith("_id") or column.name in _VALUES_TOO)
    ]


def _bearing(
    session: Session, table: Table, columns: Sequence[str], values: Collection[str]
) -> Iterator[dict[str, Any]]:
    """The rows that have one of the values in one of the columns."""
    if not values or not columns:
        return
    query = compose(
        "select * from {name} where {bears}",
        name=f"{table.schema}.{table.name}",
        bears=_bears(columns, values),
    )
    yield from session.rows(query, _bound(values))


def _bears(columns: Sequence[str], values: Collection[str]) -> Sql:
    places = ", ".join(f":value{n}" for n in range(len(values)))
    return Sql(
        " or ".join(compose("{column} in ({places})", column=column, places=Sql(places))
                    for column in columns)
    )  # fmt: skip


def _bound(values: Collection[str]) -> dict[str, str]:
    return {f"value{n}": value for n, value in enumerate(values)}


def _there(value: str | None) -> set[str]:
    return {value} if value else set()


def _is_click_id(value: str) -> bool:
    return len(value) >= _SHORTEST_CLICK_ID and "{" not in value and "%7b" not in value.lower()
