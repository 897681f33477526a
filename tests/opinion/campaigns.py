"""The ad campaigns: their names by day, their ids, their channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from tests.opinion.visits import key
from tests.opinion.world import Row, Rows, World, by

CampaignKey = tuple[str, str, str]
"""Platform, account, campaign."""


NAMING = (
    "stg_campaigns",
    "stg_campaign_daily",
    "stg_ad_groups",
    "stg_ads",
    "stg_ad_daily",
    "stg_clicks",
    "stg_lead_form_responses",
    "stg_conversion_daily",
)
"""The tables that tell of campaigns, described or not; a name seen once makes no campaign."""
NAMING_ADS = (
    "stg_ad_groups",
    "stg_ads",
    "stg_ad_daily",
    "stg_clicks",
    "stg_lead_form_responses",
)


@dataclass(frozen=True)
class Place:
    """What an id is of: a campaign, one of its ad groups, or one of its ads."""

    campaign: CampaignKey
    ad_group_id: str | None = None
    ad_id: str | None = None


class Campaigns:
    """What is known of campaigns, ad groups and ads."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.described: dict[CampaignKey, Row] = {
            self._key(row): row for row in world.rows("stg_campaigns")
        }
        self.known: set[CampaignKey] = {
            self._key(row)
            for table in NAMING
            for row in world.rows(table)
            if row["campaign_id"] is not None
        }

    @staticmethod
    def _key(row: Row) -> CampaignKey:
        return row["platform"], row["account_id"], row["campaign_id"]

    # Days

    @cached_property
    def _zones(self) -> dict[tuple[str, str], ZoneInfo]:
        return {
            (row["platform"], row["account_id"]): ZoneInfo(row["time_zone"])
            for row in self._world.rows("stg_ad_accounts")
        }

    def day(self, platform: str | None, account_id: str | None, at: datetime) -> date:
        """The day of an instant in an account's zone; in the reporting zone where none is known."""
        return at.astimezone(self._zones.get((platform, account_id), self._world.zone)).date()

    # By name

    @cached_property
    def _names(self) -> dict[CampaignKey, list[tuple[date | None, str | None]]]:
        """Each campaign's names in order, with the first day of each; None for all days before."""
        states = by(self._world.rows("stg_campaign_history"), "campaign_id")
        names: dict[CampaignKey, list[tuple[date | None, str | None]]] = {}
        for campaign in self.known:
            rows = [row for row in states.get(campaign[2], []) if self._key(row) == campaign]
            rows.sort(key=lambda row: row["valid_from_at"])
            spans: list[tuple[date | None, str | None]] = [
                (self.day(*campaign[:2], row["valid_from_at"]), row["campaign_name"])
                for row in rows
            ]
            if not spans and campaign in self.described:
                spans = [(None, self.described[campaign]["campaign_name"])]
            if spans:
                spans[0] = (None, spans[0][1])
            names[campaign] = spans
        return names

    def bore(self, campaign: CampaignKey, name: str, at: datetime) -> bool:
        """Whether the campaign had begun and bore the name on the day of an instant."""
        day = self.day(*campaign[:2], at)
        begins = self.described.get(campaign, {}).get("start_date")
        if begins is not None and day < begins:
            return False
        borne = None
        for first, each in self._names[campaign]:
            if first is None or first <= day:
                borne = each
        return key(borne) == key(name) != ""

    # By id

    @cached_property
    def _ads(self) -> set[Place]:
        """Every ad group and every ad that anything tells of."""
        found = set()
        for row in (row for table in NAMING_ADS for row in self._world.rows(table)):
            if row["campaign_id"] is not None and row["ad_group_id"] is not None:
                found.add(Place(self._key(row), row["ad_group_id"]))
                if row.get("ad_id") is not None:
                    found.add(Place(self._key(row), row["ad_group_id"], row["ad_id"]))
        return found

    def with_id(self, value: str, platform: str, level: str) -> set[Place]:
        """What of a level, ``campaign``, ``ad_group`` or ``ad``, has an id on a platform."""
        if level == "campaign":
            places = {Place(campaign) for campaign in self.known if campaign[2] == value}
        elif level == "ad_group":
            places = {ad for ad in self._ads if (ad.ad_group_id, ad.ad_id) == (value, None)}
        else:
            places = {ad for ad in self._ads if ad.ad_id == value}
        return {place for place in places if place.campaign[0] == platform}

    def clicked(self, platform: str, click_id: str) -> set[Place]:
        """Where a harvested click led."""
        return {
            Place(self._key(row), row["ad_group_id"], row["ad_id"])
            for row in self._world.rows("stg_clicks")
            if (row["platform"], row["click_id"]) == (platform, click_id) and row["campaign_id"]
        }

    # Channels

    def channel(self, campaign: CampaignKey) -> str:
        """The channel of a campaign's spend and visitors: its own kind decides."""
        for row in self._world.rows("seed_manual_spend"):
            if campaign == (row["platform"], "manual", row["campaign_name"]):
                return row["channel"]
        kind = self.described.get(campaign, {}).get("campaign_type")
        return self.rule(campaign[0], kind, None, None, True)

    def rule(
        self,
        platform: str | None,
        campaign_type: str | None,
        medium: str | None,
        source_kind: str | None,
        is_paid: bool,
    ) -> str:
        """The first rule whose conditions all hold."""
        facts = {
            "platform": platform,
            "campaign_type": campaign_type,
            "medium": medium,
            "source_kind": source_kind,
            "is_paid": is_paid,
        }
        for row in self._rules:
            if all(row[name] is None or row[name] == fact for name, fact in facts.items()):
                return row["channel"]
        return "Other"

    @cached_property
    def _rules(self) -> Rows:
        return sorted(self._world.rows("seed_channel_rules"), key=lambda row: row["rule_order"])
