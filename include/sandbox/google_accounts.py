"""The Google Ads customers of the data set, indexed: dimensions by id, daily lines by day."""

import json
from array import array
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import Record, World
from include.sandbox.form_rules import google_metrics

Number = int | Decimal

_USUAL = {
    "interactions": "clicks",
    "all_conversions": "conversions",
    "all_conversions_value": "conversions_value",
}


Column = Sequence[Number]


class Lines:
    """The lines of a file of daily figures, in order of their days, a column a figure.

    `days` are texts. `entities` and `segments` name, line by line, a place in `ids` (the ids from
    campaign down to what the line carries) and in `kinds` (the segments of a line, its date among
    them). Millions of lines share a few of either, and whole numbers stand in arrays.
    """

    def __init__(self) -> None:
        self.days: list[str] = []
        self.entities = array("l")
        self.segments = array("l")
        self.ids: list[tuple[str, ...]] = []
        self.kinds: list[Record] = []
        self._columns: dict[str, Any] = {}

    def column(self, name: str) -> Column:
        """A figure of every line; 0 where the data does not say. What the data has no figure for
        is taken to be like another."""
        found: Column | None = self._columns.get(name) or self._columns.get(_USUAL.get(name, ""))
        return found if found is not None else bytes(len(self.days))

    def fill(self, records: Iterable[Record], types: dict[str, tuple[str, bool]]) -> None:
        """Takes the lines; `types` says of metrics by their JSON names what their columns are
        called, and whether they are whole numbers."""
        places: dict[tuple[str, ...], int] = {}
        kinds: dict[Any, int] = {}
        numbers: dict[Any, Decimal] = {}
        for at, record in enumerate(sorted(records, key=lambda line: line["segments"]["date"])):
            held = record["segments"]
            self.days.append(held["date"])
            ids = _ids(record)
            place = places.get(ids)
            if place is None:
                place = places[ids] = len(self.ids)
                self.ids.append(ids)
            self.entities.append(place)
            kind = held["date"] if len(held) == 1 else json.dumps(held, sort_keys=True)
            number = kinds.get(kind)
            if number is None:
                number = kinds[kind] = len(self.kinds)
                self.kinds.append(held)
            self.segments.append(number)
            for name, value in record["metrics"].items():
                if known := types.get(name):
                    named, whole = known
                    column: Any = self._columns.get(named)
                    if column is None:
                        column = array("q") if whole else []
                        column.extend(self.column(named)[:at])
                        self._columns[named] = column
                    if not whole:
                        exact = numbers.get(value)
                        if exact is None:
                            exact = numbers[value] = Decimal(str(value))
                        column.append(exact)
                    else:
                        column.append(int(value) if type(value) is str else int(Decimal(value)))
            for name, column in self._columns.items():
                if len(column) == at:
                    like: Any = self._columns.get(_USUAL.get(name, ""), ())
                    column.append(like[at] if len(like) > at else 0)


class Account:
    """One customer's part of the data set, with resource names and other derived fields set."""

    def __init__(self, customer: Record, currency: str, time_zone: str) -> None:
        self.id = str(customer["id"])
        self.name = f"customers/{self.id}"
        self.customer = {
            "resourceName": self.name,
            "status": "ENABLED",
            "manager": False,
            "currencyCode": currency,
            "timeZone": time_zone,
            **customer,
        }
        self.clients: list[str] = []
        self.managers: set[str] = set()
        self.entities: dict[tuple[str, ...], Record] = {(): {"customer": self.customer}}
        self.lines = Lines()
        self.conversions = Lines()
        self.clicks: dict[str, list[Record]] = {}

    def today(self, world: World) -> date:
        """The day at the world's clock in the customer's zone."""
        return world.clock.astimezone(ZoneInfo(self.customer["timeZone"])).date()

    def entity(self, *ids: str) -> Record:
        """What is known of a campaign, ad group or ad; only its ids when no dimension names it."""
        if ids not in self.entities:
            parent = self.entity(*ids[:-1])
            own: Record = {}
            if len(ids) == 1:
                own = {"campaign": {"id": ids[0]}}
            elif len(ids) == 2:
                own = {"adGroup": {"id": ids[1]}}
            else:
                own = {"adGroupAd": {"ad": {"id": ids[2]}}}
            self.entities[ids] = self._named(ids, {**parent, **own})
        return self.entities[ids]

    def _named(self, ids: tuple[str, ...], parts: Record) -> Record:
        campaign = f"{self.name}/campaigns/{ids[0]}"
        parts = dict(parts)
        if len(ids) == 1:
            parts["campaign"] = own = {"resourceName": campaign, **parts["campaign"]}
            for name, time in (("start", "00:00:00"), ("end", "23:59:59")):
                if own.get(f"{name}Date") and not own.get(f"{name}DateTime"):
                    own[f"{name}DateTime"] = f"{own[f'{name}Date']} {time}"
            return parts
        group = f"{self.name}/adGroups/{ids[1]}"
        if len(ids) == 2:
            parts["adGroup"] = {"resourceName": group, "campaign": campaign, **parts["adGroup"]}
            return parts
        held = parts["adGroupAd"]
        parts["adGroupAd"] = {
            "resourceName": f"{self.name}/adGroupAds/{ids[1]}~{ids[2]}",
            "adGroup": group,
            **held,
            "ad": {"resourceName": f"{self.name}/ads/{ids[2]}", **held["ad"]},
        }
        return parts

    def add(self, record: Record, *ids: str) -> None:
        """Takes a dimension record; parents must have been added before."""
        parent = self.entity(*ids[:-1])
        own = {key: part for key, part in record.items() if key not in parent}
        self.entities[ids] = self._named(ids, {**parent, **own})


def accounts(world: World) -> dict[str, Account]:
    """Every customer by id, indexed once for a clock."""
    if "google.accounts" not in world.cache:
        world.cache["google.accounts"] = _index(world)
    found: dict[str, Account] = world.cache["google.accounts"]
    return found


def _index(world: World) -> dict[str, Account]:
    index: dict[str, Account] = {}
    currency, zone = world.dataset.currency, world.dataset.time_zone
    for record in world.records("google/customers"):
        account = Account(record["customer"], currency, "UTC")
        account.clients = [str(client) for client in record.get("clients", ())]
        index[account.id] = account
    for account in list(index.values()):
        for client in account.clients:
            if client in index:
                index[client].managers.add(account.id)

    def owner(record: Record) -> Account:
        number = str(record["customer"]["id"])
        if number not in index:
            index[number] = Account({"id": number}, currency, zone)
        return index[number]

    for record in world.records("google/campaigns"):
        owner(record).add(record, str(record["campaign"]["id"]))
    for record in world.records("google/ad_groups"):
        owner(record).add(record, str(record["campaign"]["id"]), str(record["adGroup"]["id"]))
    for record in world.records("google/ads"):
        owner(record).add(record, *_ids(record))
    types = {
        name: (column, kind == "INT64")
        for name, (column, kind) in google_metrics().items()
        if kind in ("INT64", "DOUBLE")
    }
    for path, name in (("daily_metrics", "lines"), ("conversions", "conversions")):
        owned: dict[str, list[Record]] = {}
        for record in world.records(f"google/{path}"):
            owned.setdefault(owner(record).id, []).append(record)
        for number, records in owned.items():
            lines: Lines = getattr(index[number], name)
            lines.fill(records, types)
            for ids in lines.ids:
                index[number].entity(*ids)
    for record in world.records("google/click_views"):
        owner(record).clicks.setdefault(record["segments"]["date"], []).append(record)
    return index


def _ids(record: Record) -> tuple[str, ...]:
    """The ids a line carries, from the campaign down."""
    campaign = str(record["campaign"]["id"])
    if "adGroup" not in record:
        return (campaign,)
    if "adGroupAd" not in record:
        return campaign, str(record["adGroup"]["id"])
    return campaign, str(record["adGroup"]["id"]), str(record["adGroupAd"]["ad"]["id"])


def client_tree(world: World, account: Account) -> list[Record]:
    """Rows of customer_client: the customer itself at level 0 and all below it, nearest first."""
    index, levels = accounts(world), {account.id: 0}
    rows: list[Record] = []
    queue = [account.id]
    for number in queue:
        held = index[number].customer
        rows.append(
            {
                "customer": account.customer,
                "customerClient": {
                    "resourceName": f"{account.name}/customerClients/{number}",
                    "clientCustomer": f"customers/{number}",
                    "id": number,
                    "level": str(levels[number]),
                    "hidden": False,
                    "testAccount": held.get("testAccount", False),
                    **{
                        key: held[key]
                        for key in (
                            "descriptiveName",
                            "currencyCode",
                            "timeZone",
                            "manager",
                            "status",
                        )
                        if key in held
                    },
                },
            }
        )
        for client in index[number].clients:
            if client in index and client not in levels:
                levels[client] = levels[number] + 1
                queue.append(client)
    return rows


def segment(held: Record, name: str) -> Any:
    """A segment of a line; week, month and the like follow from its date."""
    if name == "date":
        return held["date"]
    if name in ("week", "month", "quarter", "year", "day_of_week", "month_of_year"):
        day = date.fromisoformat(held["date"])
        if name == "year":
            return day.year
        if name == "day_of_week":
            return day.strftime("%A").upper()
        if name == "month_of_year":
            return day.strftime("%B").upper()
        if name == "week":
            return (day - timedelta(days=day.weekday())).isoformat()
        month = day.month if name == "month" else 3 * ((day.month - 1) // 3) + 1
        return day.replace(month=month, day=1).isoformat()
    head, *rest = name.split("_")
    return held.get(head + "".join(part.title() for part in rest))
