"""Meta's campaigns, ad sets, ads and filled lead forms: lists held against Meta's own counts.

https://developers.facebook.com/docs/marketing-api/reference
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sources import Account, Record, SourceUnavailable, Window
from include.sources.facebook_ads_graph import Graph, NotShown, has_id
from include.sources.personal import hashed, is_address, without_addresses
from include.sources.url_templates import UTM

log = logging.getLogger(__name__)

EDGES = {"campaign": "campaigns", "adset": "adsets", "ad": "ads"}
# An edge hides what is deleted or archived unless these are asked for.
# https://developers.facebook.com/docs/marketing-api/best-practices/storing_adobjects
_STATUSES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
STATUSES = {
    "campaign": _STATUSES,
    "adset": (*_STATUSES, "CAMPAIGN_PAUSED"),
    "ad": (
        *_STATUSES,
        "CAMPAIGN_PAUSED",
        "ADSET_PAUSED",
        "PENDING_REVIEW",
        "DISAPPROVED",
        "PREAPPROVED",
        "PENDING_BILLING_INFO",
    ),
}
_SPECS = "object_story_spec,asset_feed_spec"
FIELDS = {
    "campaign": (
        "id",
        "name",
        "effective_status",
        "buying_type",
        "objective",
        "start_time",
        "stop_time",
        "updated_time",
    ),
    "adset": ("id", "name", "campaign_id", "effective_status", "optimization_goal"),
    "ad": (
        "id",
        "name",
        "campaign_id",
        "adset_id",
        "effective_status",
        "campaign{name}",
        "adset{name}",
        f"creative{{url_tags,object_type,link_url,object_url,template_url,{_SPECS}}}",
    ),
}
_LEAD_FIELDS = "id,created_time,ad_id,adset_id,campaign_id,form_id,is_organic,platform,field_data"
# Ads of such campaigns may open a form that their creative does not show, as that of an older post.
_LEAD_OBJECTIVES = ("OUTCOME_LEADS", "LEAD_GENERATION")
_PAGE = 500


def accounts(client: Graph, fields: str) -> Iterator[Record]:
    """Every ad account that the login may read."""
    yield from _all(client, "me/adaccounts", fields)


def listed(client: Graph, account: Account, kind: str) -> Iterator[Record]:
    """Every campaign, ad set or ad of an account, deleted and archived ones included."""
    edge = f"act_{account.account_id}/{EDGES[kind]}"
    fields = ",".join(FIELDS[kind])
    yield from _all(client, edge, fields, _with_any_status(kind))


def ids_below(client: Graph, node: str, kind: str) -> tuple[str, ...]:
    """The ids of everything of a kind below a node."""
    found = _all(client, f"{node}/{EDGES[kind]}", "id", _with_any_status(kind))
    return tuple(record["id"] for record in found)


def filled_forms(
    client: Graph, account: Account, window: Window, hash_key: bytes
) -> Iterator[Record]:
    """Lead forms that people filled from an account's ads on days of its zone.

    Of what they wrote, the e-mail address leaves as its hash and domain, and UTM values that the
    form brought along stay; nothing else. Raises NotShown where there are such ads and the login
    may not read their leads. https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving
    """
    zone = ZoneInfo(account.time_zone)
    first = datetime.combine(window.first, time(), zone)
    after = datetime.combine(window.last + timedelta(1), time(), zone)
    filtering = [
        {"field": "time_created", "operator": "GREATER_THAN", "value": int(first.timestamp()) - 1},
        {"field": "time_created", "operator": "LESS_THAN", "value": int(after.timestamp())},
    ]
    names: dict[str, str | None] = {}
    for ad in _ads_with_forms(client, account):
        for lead in _leads(client, ad, filtering):
            form = lead.get("form_id")
            if form and form not in names:
                names[form] = _form_name(client, form)
            yield _kept(lead, names.get(form or ""), hash_key)


def form_of(creative: Any) -> str | None:
    """The lead form that an ad's creative opens; None where it shows none."""
    if isinstance(creative, dict):
        if form := creative.get("lead_gen_form_id"):
            return str(form)
        creative = list(creative.values())
    if isinstance(creative, list):
        return next(filter(None, map(form_of, creative)), None)
    return None


def landing_page_of(creative: Mapping[str, Any]) -> str | None:
    """The page that an ad's creative leads to, wherever its kind of creative keeps it."""
    story = creative.get("object_story_spec") or {}
    feed = creative.get("asset_feed_spec") or {}
    link, video = story.get("link_data") or {}, story.get("video_data") or {}
    pages = (
        link.get("link"),
        ((video.get("call_to_action") or {}).get("value") or {}).get("link"),
        (story.get("template_data") or {}).get("link"),
        *(each.get("website_url") for each in feed.get("link_urls") or ()),
        *(each.get("link") for each in link.get("child_attachments") or ()),
        creative.get("link_url"),
        creative.get("object_url"),
        creative.get("template_url"),
    )
    return next((page for page in pages if isinstance(page, str) and page), None)


def _with_any_status(kind: str) -> list[dict[str, Any]]:
    return [{"field": f"{kind}.effective_status", "operator": "IN", "value": STATUSES[kind]}]


def _all(
    client: Graph, edge: str, fields: str, filtering: list[dict[str, Any]] | None = None
) -> Iterator[Record]:
    """Every object of an edge, each once. Raises SourceUnavailable when Meta counts more of them,
    or, where it tells no count, when another reading finds more."""
    seen: set[str] = set()
    repeated = 0
    count: Any = None
    which = {"filtering": filtering} if filtering else {}
    for page, told in client.counted(edge, _PAGE, fields=fields, **which):
        count = told if told is not None else count
        for record in page:
            if record["id"] in seen:
                repeated += 1
                continue
            seen.add(record["id"])
            yield record
    if repeated:
        log.warning("Facebook gave %d objects of %s twice; each is kept once", repeated, edge)
    if not isinstance(count, int):
        pages = client.pages(edge, _PAGE, fields="id", **which)
        count = len({record["id"] for page in pages for record in page} | seen)
    if len(seen) < count:
        what = edge.rpartition("/")[2]
        raise SourceUnavailable(
            f"Facebook counts {count} {what} of {edge.partition('/')[0]} but gave {len(seen)} of "
            "them"
        )


def _ads_with_forms(client: Graph, account: Account) -> list[str]:
    edge = f"act_{account.account_id}/ads"
    fields = f"id,campaign{{objective}},creative{{{_SPECS}}}"
    return [
        ad["id"]
        for ad in _all(client, edge, fields, _with_any_status("ad"))
        if (ad.get("campaign") or {}).get("objective") in _LEAD_OBJECTIVES
        or form_of(ad.get("creative"))
    ]


def _leads(client: Graph, ad: str, filtering: list[dict[str, Any]]) -> Iterator[Record]:
    try:
        yield from _all(client, f"{ad}/leads", _LEAD_FIELDS, filtering)
    except NotShown as error:
        raise NotShown(
            f"Facebook refused to show the filled lead forms of the ad {ad} ({error.said}): its "
            "form was deleted, or its Page lets this login not read them. Give the system user of "
            "the connection facebook_ads that Page and access in its Leads Access Manager, and its "
            "access token the permission leads_retrieval, or write lead_forms: no into the "
            "connection's extra to leave all lead forms out",
            error.said,
        ) from None


def _form_name(client: Graph, form: str) -> str | None:
    """A form's name; None where this login may not see the form, though its leads."""
    try:
        shown = client.get(form, has_id(form), fields="id,name")
    except NotShown as error:
        log.warning(
            "The lead form %s was deleted, or belongs to a Page that this login may not see (%s); "
            "its answers are kept, its name is not. If it is still there, give its Page, with the "
            "task to manage ads, to the system user of the connection facebook_ads",
            form,
            error.said,
        )
        return None
    return str(shown["name"]) if shown.get("name") is not None else None


def _kept(lead: Record, form_name: str | None, hash_key: bytes) -> Record:
    """What is kept of a filled form: where it came from, and no personal data in clear."""
    written = {
        str(entry.get("name")).lower(): str((entry.get("values") or [""])[0])
        for entry in lead.get("field_data") or ()
    }
    kept = {name: value for name, value in lead.items() if name != "field_data"}
    kept["form_name"] = form_name
    # Meta's testing tool fills a form so: https://developers.facebook.com/tools/lead-ads-testing
    kept["is_test"] = any(value.startswith("<test lead:") for value in written.values())
    kept |= {name: without_addresses(written[name]) for name in UTM if written.get(name)}
    named = [written[name] for name in ("email", "work_email") if name in written]
    for address in (*named, *filter(is_address, written.values())):
        if found := hashed(address, hash_key):
            return kept | found
    return kept
