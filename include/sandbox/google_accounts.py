"""The Google Ads customers of the data set, indexed: dimensions by id, daily lines by day."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import Record, World
from include.sandbox.gaql import VERSIONS, row_message

Number = int | Decimal

_USUAL = (
    ("interactions", "clicks"),
    ("all_conversions", "conversions"),
    ("all_conversions_value", "conversions_value"),
)


@dataclass(frozen=True)
class Line:
    """One line of daily_metrics: ids from campaign down to what it carries."""

    day: str
    ids: tuple[str, ...]
    segments: Record
    metrics: dict[str, Number]


class Account:
    """One customer's part of the data set, with resource names and other derived fields set."""

    def __init__(self, customer: Record) -> None:
        self.id = str(customer["id"])
        self.name = f"customers/{self.id}"
        self.customer = {
            "resourceName": self.name,
            "status": "ENABLED",
            "manager": False,
            "timeZone": "UTC",
            **customer,
        }
        self.clients: list[str] = []
        self.managers: set[str] = set()
        self.entities: dict[tuple[str, ...], Record] = {(): {"customer": self.customer}}
        self.lines: list[Line] = []
        self.days: list[str] = []
        self.clicks: list[Record] = []

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
    for record in world.records("google/customers"):
        index[str(record["customer"]["id"])] = account = Account(record["customer"])
        account.clients = [str(client) for client in record.get("clients", ())]
    for account in list(index.values()):
        for client in account.clients:
            if client in index:
                index[client].managers.add(account.id)

    def owner(record: Record) -> Account:
        number = str(record["customer"]["id"])
        if number not in index:
            index[number] = Account(
                {
                    "id": number,
                    "currencyCode": world.dataset.currency,
                    "timeZone": world.dataset.time_zone,
                }
            )
        return index[number]

    for record in world.records("google/campaigns"):
        owner(record).add(record, str(record["campaign"]["id"]))
    for record in world.records("google/ad_groups"):
        owner(record).add(record, str(record["campaign"]["id"]), str(record["adGroup"]["id"]))
    for record in world.records("google/ads"):
        owner(record).add(
            record,
            str(record["campaign"]["id"]),
            str(record["adGroup"]["id"]),
            str(record["adGroupAd"]["ad"]["id"]),
        )
    types = {
        field.json_name: field for field in row_message(VERSIONS[-1])().metrics.DESCRIPTOR.fields
    }
    for record in world.records("google/daily_metrics"):
        account = owner(record)
        line = _line(record, types)
        account.lines.append(line)
        account.entity(*line.ids)
    for record in world.records("google/click_views"):
        owner(record).clicks.append(record)
    for account in index.values():
        account.lines.sort(key=lambda line: line.day)
        account.days = [line.day for line in account.lines]
    return index


def _line(record: Record, types: dict[str, Any]) -> Line:
    ids = [str(record["campaign"]["id"])]
    if "adGroup" in record:
        ids.append(str(record["adGroup"]["id"]))
        if "adGroupAd" in record:
            ids.append(str(record["adGroupAd"]["ad"]["id"]))
    metrics: dict[str, Number] = {}
    for name, value in record["metrics"].items():
        if field := types.get(name):
            whole = field.cpp_type == field.CPPTYPE_INT64
            number = Decimal(str(value))
            metrics[field.name] = int(number) if whole else number
    for name, like in _USUAL:
        if name not in metrics and like in metrics:
            metrics[name] = metrics[like]
    segments = record["segments"]
    return Line(segments["date"], tuple(ids), segments, metrics)


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
