"""Who is one human: living records, and the components they form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from tests.opinion.world import Row, Rows, World, blank, by, word


@dataclass
class Record:
    """A lead or a contact that lives, or lives on in its winner."""

    record_id: str
    kind: str
    row: Row

    @property
    def created_at(self) -> datetime:
        return self.row["created_at"]


@dataclass
class Person:
    """The records of one human, earliest first."""

    records: list[Record]
    is_internal: bool
    stages: dict[str, Stage] = field(default_factory=dict)

    @property
    def person_id(self) -> str:
        return self.records[0].record_id

    @property
    def lead_at(self) -> datetime:
        return self.records[0].created_at

    def first_said(self, column: str) -> object:
        """What the earliest record says that says anything."""
        for record in self.records:
            if not blank(record.row.get(column)):
                return record.row[column]
        return None


@dataclass(frozen=True)
class Stage:
    """MQL or SQL: whether, when first and last, and from where that is known."""

    reached: bool
    first: datetime | None
    latest: datetime | None
    source: str | None


class People:
    """Everybody in a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_record: dict[str, Person] = {}
        self.all = self._persons()
        for person in self.all:
            for record in person.records:
                self._by_record[record.record_id] = person
        for person in self.all:
            person.stages = {stage: self._stage(person, stage) for stage in ("mql", "sql")}

    def of(self, record_id: str | None) -> Person | None:
        """Whose record it is; None for records that are deleted or unknown."""
        return self._by_record.get(record_id) if record_id else None

    @cached_property
    def records(self) -> dict[str, Record]:
        """The living records by id."""
        staged = {
            row[f"{kind}_id"]: Record(row[f"{kind}_id"], kind, row)
            for kind in ("lead", "contact")
            for row in self._world.rows(f"stg_crm_{kind}s")
        }

        def lives(record: Record) -> bool:
            while record.row["is_deleted"]:
                winner = record.row["master_record_id"]
                if blank(winner):
                    return False
                if winner not in staged:
                    return True
                record = staged[winner]
            return True

        self._staged = staged
        return {each.record_id: each for each in staged.values() if lives(each)}

    def winner(self, record_id: str | None) -> str | None:
        """The last winner of the merges a record lost; itself if it lost none."""
        while record_id in self._staged and self._staged[record_id].row["is_deleted"]:
            master = self._staged[record_id].row["master_record_id"]
            if blank(master):
                break
            record_id = master
        return record_id

    def _persons(self) -> list[Person]:
        neighbours: dict[str, set[str]] = {}

        def join(one: str, other: str) -> None:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)

        for record in self.records.values():
            here = f"record {record.record_id}"
            neighbours.setdefault(here, set())
            if not blank(record.row["email_hash"]):
                join(here, f"address {record.row['email_hash']}")
            others = [record.row.get("converted_contact_id")]
            if record.row["is_deleted"]:
                others.append(record.row["master_record_id"])
            for other in others:
                is_gone = other in self._staged and other not in self.records
                if not blank(other) and not is_gone:
                    join(here, f"record {other}")

        persons, seen = [], set()
        for start in neighbours:
            if start in seen:
                continue
            component, waiting = [], [start]
            seen.add(start)
            while waiting:
                node = waiting.pop()
                component.append(node)
                for neighbour in neighbours[node] - seen:
                    seen.add(neighbour)
                    waiting.append(neighbour)
            records = [
                self.records[node.removeprefix("record ")]
                for node in component
                if node.startswith("record ") and node.removeprefix("record ") in self.records
            ]
            if records:
                records.sort(key=lambda each: (each.created_at, each.record_id.encode()))
                persons.append(Person(records, self._is_internal(records)))
        return persons

    def _is_internal(self, records: list[Record]) -> bool:
        return any(self._world.is_ours(word(record.row["email_domain"])) for record in records)

    # When marketing qualified, when sales accepted

    @cached_property
    def _statuses(self) -> dict[str, str]:
        return {
            row["lead_status"]: row["funnel_stage"]
            for row in self._world.rows("seed_lead_statuses")
        }

    @cached_property
    def _history(self) -> dict[str, Rows]:
        rows = [row for row in self._world.rows("stg_crm_lead_history") if not row["is_deleted"]]
        rows.sort(key=lambda row: (row["created_at"], row["field_history_id"].encode()))
        return by(rows, "lead_id")

    def _means(self, status: str | None) -> str | None:
        return self._statuses.get(word(status))

    def _entries(self, record: Record, stage: str) -> list[datetime]:
        """When the record's status became one of the stage, by its history."""
        lines = self._history.get(record.record_id, [])
        changes = [line for line in lines if line["field_name"] == "Status"]
        instants = [
            line["created_at"] for line in changes if self._means(line["new_value"]) == stage
        ]
        if any(line["field_name"] == "created" for line in lines):
            first = changes[0]["old_value"] if changes else record.row["lead_status"]
            if self._means(first) == stage:
                instants.append(record.created_at)
        return instants

    def _stage(self, person: Person, stage: str) -> Stage:
        leads = [record for record in person.records if record.kind == "lead"]
        noted = [
            record.row[f"{stage}_at"] for record in person.records if record.row[f"{stage}_at"]
        ]
        reaching = ("sql",) if stage == "sql" else ("mql", "sql")
        was_once = any(
            self._means(line[side]) in reaching
            for record in leads
            for line in self._history.get(record.record_id, [])
            if line["field_name"] == "Status"
            for side in ("old_value", "new_value")
        )
        by_status = any(self._means(record.row["lead_status"]) in reaching for record in leads)
        entered = self._entered(leads, stage)
        accepted = self._entered(leads, "sql") if stage == "mql" else []
        if entered or accepted:  # whom sales accepted, marketing had qualified by then
            latest = max(entered or accepted)
            return Stage(True, min(entered + accepted), latest, "history")
        if noted:
            return Stage(True, min(noted), max(noted), "record")
        return Stage(was_once or by_status, None, None, None)

    def _entered(self, leads: list[Record], stage: str) -> list[datetime]:
        return [at for record in leads for at in self._entries(record, stage)]
