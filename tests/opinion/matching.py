"""Which campaign and channel a visit came through: the first rule that holds."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tests.opinion.campaigns import CampaignKey, Campaigns, Place
from tests.opinion.visits import Visit, key, letters, number
from tests.opinion.world import World, by, word

CONFIDENCE = {
    "lead_form": "0.99",
    "stored_click": "0.99",
    "url_id": "0.95",
    "utm_campaign": "0.85",
    "alias": "0.80",
    "ambiguous": "0.65",
    "click_id": "0.75",
    "utm": "0.60",
    "crm_campaign": "0.50",
    "lead_source": "0.40",
    "referrer": "0.30",
    "direct": "0.10",
}
PAID_CHANNELS = ("Paid Search", "Paid Social", "Display", "Paid Other")


@dataclass(frozen=True)
class Match:
    """What a rule told."""

    method: str
    channel: str
    is_paid: bool
    platform: str | None = None
    campaign: CampaignKey | None = None
    has_conflict: bool = False
    ad_group_id: str | None = None
    ad_id: str | None = None
    others: str | None = None


def only(values: Iterable[str | None]) -> str | None:
    """What all that tell anything tell alike."""
    told = {value for value in values if value is not None}
    return told.pop() if len(told) == 1 else None


def _says(found: set[CampaignKey]) -> str:
    return "/".join(*found) if len(found) == 1 else f"{len(found)} campaigns"


def by_word(method: str, channel: str) -> Match:
    """What a word of the CRM tells: a channel alone."""
    return Match(method, channel, channel in PAID_CHANNELS)


class Matcher:
    """The rules for visits of one world."""

    def __init__(self, world: World, campaigns: Campaigns) -> None:
        self._world, self._campaigns = world, campaigns
        self._tags = by(world.rows("stg_platform_tags"), "tag_kind")
        self._sources = {row["lead_source"]: row for row in world.rows("seed_lead_sources")}

    def match(self, visit: Visit) -> Match | None:
        """The first rule that holds for a visit; None where there is no visit at all."""
        clicked = self._clicked(visit)
        by_source = self._network_of_source(visit)
        named = clicked or by_source
        kind, medium, says_paid = self._kind(visit), *self._medium(visit)

        harvested = self._stored(visit, clicked)
        clicks = {place.campaign for place in harvested}
        id_places, by_id = self._by_id(visit, named)
        is_unpaid = says_paid is False and clicked is None  # a click id proves payment
        by_name = set() if is_unpaid else self._by_name(visit, named)
        by_alias = self._by_alias(visit, named)
        pointed = [found for found in (by_id, by_name, by_alias) if len(found) == 1]
        of_another = bool(clicked and self._place(visit) and clicked != by_source)
        has_conflict = (
            of_another
            or len(self._networks(visit)) > 1
            or (len(clicks) == 1 and any(found != clicks for found in pointed))
        )

        by_tags = self._by_tags(by_source, kind, medium, says_paid)

        rules = {
            "stored_click": clicks,
            "url_id": by_id,
            "utm_campaign": by_name,
            "alias": by_alias,
        }
        held = next((method for method, found in rules.items() if len(found) == 1), None)
        if held is not None:
            (found,) = rules[held]
            places = {"stored_click": harvested, "url_id": id_places}.get(held, set())
            ads = [place for place in places if place.campaign == found]
            channel = self._campaigns.channel(found)
            match = Match(
                held,
                channel,
                channel in PAID_CHANNELS,
                found[0],
                found,
                has_conflict,
                only(ad.ad_group_id for ad in ads),
                only(ad.ad_id for ad in ads),
            )
        elif clicked or any(rules.values()):
            told = (None, None) if of_another else (medium, kind)
            channel = self._campaigns.rule(named, None, *told, True)
            method = "ambiguous" if any(rules.values()) else "click_id"
            match = Match(method, channel, True, named, None, has_conflict)
        else:
            by_words = by_tags or self._by_words(visit)
            if by_words is None:
                return None
            match, by_tags = by_words, None
        others = [
            *self._other_campaigns(visit, rules, clicked, match.campaign),
            *self._other_channels(visit, by_tags, match),
        ]
        return replace(match, others="; ".join(others) or None)

    # What the rules that did not hold would have told

    def _other_campaigns(
        self,
        visit: Visit,
        rules: dict[str, set[CampaignKey]],
        clicked: str | None,
        held: CampaignKey | None,
    ) -> Iterator[str]:
        stored, unproved = [], []
        for network in sorted(self._networks(visit) - {clicked}):
            campaigns = {place.campaign for place in self._stored(visit, network)}
            if len(campaigns) == 1:
                stored.append(f"stored_click: {_says(campaigns)}")
            else:
                unproved.append(f"click_id: {network}")
        for method, found in rules.items():
            if found and found != {held}:
                yield f"{method}: {_says(found)}"
            if method == "stored_click":
                yield from stored
        yield from unproved

    def _other_channels(self, visit: Visit, by_tags: Match | None, match: Match) -> Iterator[str]:
        meant = self._sources.get(word(visit.lead_source))
        if meant and meant["is_vague"]:
            meant = None
        told = {
            "utm": by_tags and by_tags.channel,
            "lead_source": meant and meant["channel"],
            "referrer": self._of_referrer(visit),
        }
        for method, channel in told.items():
            if channel is not None and method != match.method and channel != match.channel:
                yield f"{method}: {channel}"

    # The network

    def _networks(self, visit: Visit) -> set[str]:
        """The networks whose click ids prove that they were paid."""
        return {
            row["platform"] for row in self._tags["click_id"] if row["tag_value"] in visit.clicks
        }

    def _clicked(self, visit: Visit) -> str | None:
        """The network whose click id holds."""
        networks = self._networks(visit)
        by_source = self._network_of_source(visit)
        if by_source in networks:
            return by_source
        harvested = {
            each
            for each in networks
            if len({place.campaign for place in self._stored(visit, each)}) == 1
        }
        return min(harvested or networks, default=None)

    def _network_of_source(self, visit: Visit) -> str | None:
        source = self._place(visit)
        for row in self._tags["utm_source"]:
            if source in (row["tag_value"], row["tag_value"] + ".com"):
                return row["platform"]
        return None

    @staticmethod
    def _place(visit: Visit) -> str | None:
        source = visit.tags["utm_source"]
        return source.lower().removeprefix("www.") if source else None

    # The campaign

    def _stored(self, visit: Visit, clicked: str | None) -> set[Place]:
        found: set[Place] = set()
        for row in self._tags["click_id"]:
            if row["platform"] == clicked and row["tag_value"] in visit.clicks:
                found |= self._campaigns.clicked(clicked, visit.clicks[row["tag_value"]])
        return found

    def _by_id(self, visit: Visit, named: str | None) -> tuple[set[Place], set[CampaignKey]]:
        """All that a visit's ids are of, and the campaigns of the level that speaks."""
        values = []
        for row in self._tags["id_parameter"]:
            if named in (None, row["platform"]):
                tag = row["tag_value"]
                value = visit.tags["utm_id"] if tag == "utm_id" else visit.ids.get(tag)
                values.append((row["platform"], number(value)))
        if named is not None:
            values.append((named, number(visit.tags["utm_campaign"])))
        ids = [(platform, *value) for platform, value in values if value]
        places: set[Place] = set()
        levels: list[set[CampaignKey]] = []
        for level in ("campaign", "ad_group", "ad"):
            found: set[Place] = set()
            for platform, value, own_level in ids:
                if own_level in (None, level):
                    found |= self._campaigns.with_id(value, platform, level)
            places |= found
            levels.append({place.campaign for place in found})
        levels.sort(key=lambda campaigns: (len(campaigns) != 1, not campaigns))
        return places, levels[0]

    def _by_name(self, visit: Visit, named: str | None) -> set[CampaignKey]:
        name = visit.tags["utm_campaign"]
        if name is None or named is None:
            return set()
        return {
            campaign
            for campaign in self._campaigns.known
            if campaign[0] == named and self._campaigns.bore(campaign, name, visit.at)
        }

    def _by_alias(self, visit: Visit, named: str | None) -> set[CampaignKey]:
        name = key(visit.tags["utm_campaign"])
        return {
            (row["platform"], row["account_id"], row["campaign_id"])
            for row in self._world.rows("seed_campaign_aliases")
            if name and key(row["utm_campaign"]) == name and named in (None, row["platform"])
        }

    # The channel

    @cached_property
    def _mediums(self) -> dict[str, tuple[str, bool | None]]:
        return {
            row["utm_medium"]: (row["medium"], row["is_paid"])
            for row in self._world.rows("seed_utm_mediums")
        }

    def _medium(self, visit: Visit) -> tuple[str | None, bool | None]:
        return self._mediums.get(letters(visit.tags["utm_medium"]), (None, None))

    def _kind(self, visit: Visit) -> str | None:
        place = self._place(visit)
        return self._kind_of(place) if place else None

    def _kind_of(self, place: str) -> str | None:
        for row in self._world.rows("seed_traffic_sources"):
            if fnmatch.fnmatchcase(place, row["source_pattern"].replace("%", "*")):
                return row["source_kind"]
        return None

    def _by_tags(
        self,
        network: str | None,
        kind: str | None,
        medium: str | None,
        says_paid: bool | None,
    ) -> Match | None:
        if kind is None and medium is None:
            return None
        is_paid = says_paid is True
        platform = network if is_paid else None
        channel = self._campaigns.rule(platform, None, medium, kind, is_paid)
        return Match("utm", channel, is_paid, platform)

    def _by_words(self, visit: Visit) -> Match | None:
        meant = self._sources.get(word(visit.lead_source))
        if meant and not meant["is_vague"]:
            return by_word("lead_source", meant["channel"])
        of_referrer = self._of_referrer(visit)
        if of_referrer is not None:
            return Match("referrer", of_referrer, False)
        if visit.lead_source:
            return by_word("lead_source", meant["channel"] if meant else "Other")
        if visit.tags["utm_source"] or visit.tags["utm_medium"]:
            channel = self._campaigns.rule(None, None, None, None, False)
            return Match("utm", channel, False)
        if visit.landed:
            channel = self._campaigns.rule(None, None, None, "direct", False)
            return Match("direct", channel, False)
        return None

    def _of_referrer(self, visit: Visit) -> str | None:
        """The channel of the site that led here, if one did."""
        came_from = visit.referrer_host
        if came_from is None and "fbclid" in visit.clicks:
            came_from = "facebook.com"
        if came_from is None:
            return None
        kind = self._kind_of(came_from) or "website"
        return self._campaigns.rule(None, None, None, kind, False)
