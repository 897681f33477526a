"""What a form captured of a visit: values decoded, addresses taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from tests.opinion.world import Row, World, blank

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id")
CLICK_IDS = ("gclid", "fbclid", "li_fat_id", "gbraid", "wbraid")
LEVELS = {
    "sponsoredcampaigngroup": "campaign",
    "sponsoredcampaign": "ad_group",
    "sponsoredcreative": "ad",
}
"""Kinds of LinkedIn's URNs, in our words; a URN of another kind names none of these."""
ROUNDS = 3
_MACRO = re.compile(r"\{[^{}]*\}")
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def _letters(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match[0].replace("%", ""))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def decoded(value: str) -> str:
    """Percent signs undone as often as they were made, a plus read as the space it stood for."""
    if " " not in value:
        value = value.replace("+", " ")
    for _ in range(ROUNDS):
        value = _ENCODED.sub(_letters, value)
    return value


def said(value: str | None) -> str | None:
    """A captured value, decoded; None where it is empty or a macro nobody expanded."""
    if blank(value):
        return None
    value = decoded(value).strip()
    return None if not value or _MACRO.search(value) else value


def key(name: str | None) -> str:
    """A name without case, its words apart by one blank whatever punctuation parted them."""
    return " ".join(re.split(r"[\s!-/:-@\[-`{-~]+", (name or "").lower())).strip()


def letters(value: str | None) -> str:
    """A value in lower case, of its letters and digits alone."""
    return "".join(letter for letter in (value or "").lower() if letter.isalnum())


def number(value: str | None) -> tuple[str, str | None] | None:
    """An id in its one spelling, and its level where it tells; None where the value is no id."""
    if value is None:
        return None
    *kind, last = value.strip().rsplit(":", 2)
    last = last.removesuffix(".0")
    if not last.isdecimal():
        return None
    if not kind:
        return last, None
    level = LEVELS.get(kind[-1].lower())
    return (last, level) if level else None


def host(address: str | None) -> str | None:
    """The host of an address, without www and port."""
    if blank(address) or "://" not in address:
        return None
    rest = re.split(r"[/?#]", address.strip().split("://", 1)[1])[0]
    return rest.split("@")[-1].split(":")[0].lower().removeprefix("www.") or None


def parameters(address: str | None) -> dict[str, str]:
    """The query parameters of an address, first ones first."""
    found: dict[str, str] = {}
    if not blank(address) and "?" in address:
        query = address.split("#")[0].split("?", 1)[1].replace("&amp;", "&")
        for part in query.split("&"):
            name, _, value = part.partition("=")
            found.setdefault(name.lower(), value)
    return found


@dataclass
class Visit:
    """A visit as captured, or what remains of it."""

    at: datetime
    lead_source: str | None
    tags: dict[str, str | None]
    clicks: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    landed: bool = False
    referrer_host: str | None = None


def visit(world: World, row: Row) -> Visit:
    """What a lead's or contact's capture fields say, its landing page filling their gaps."""
    page = parameters(row["landing_page_url"])
    tags = {name: said(row[name]) or said(page.get(name)) for name in UTM}
    clicks = {
        name: value for name in CLICK_IDS if (value := said(row.get(name)) or said(page.get(name)))
    }
    named = {row["tag_value"] for row in world.rows("stg_platform_tags")}
    ids = {name: value for name in named if (value := said(page.get(name)))}
    came_from = host(row["referrer_url"])
    if world.is_ours(came_from) or came_from == host(row["landing_page_url"]):
        came_from = None
    source = None if blank(row["lead_source"]) else row["lead_source"].strip()
    captured = (*UTM, *CLICK_IDS, "landing_page_url", "referrer_url")
    landed = any(not blank(row.get(name)) for name in captured)
    return Visit(row["created_at"], source, tags, clicks, ids, landed, came_from)
