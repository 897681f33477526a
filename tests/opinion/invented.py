"""Invented worlds: small, and as nasty as CRMs and ad accounts are.

A world is drawn with placeholders in every id, name and address, so that many of them fit into one
warehouse without touching: ``named(world, 17)`` puts the world's number in their place.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider

from tests.opinion.invented_ads import (
    BORNE,
    CAMPAIGN_IDS,
    DIGITS,
    NETWORKS,
    SOURCES,
    TEXT,
    World,
    campaigns,
    days,
    instants,
    one,
)
from tests.opinion.world import Rows


def _spelled(name: str) -> list[str]:
    """A campaign's name as tags carry it."""
    escaped = name.replace("+", "%2B").replace("|", "%7C").replace("ü", "%C3%BC")
    return [
        name,
        name.upper(),
        escaped.replace(" ", "+"),
        escaped.replace(" ", "%20").replace("%", "%25"),
        name.replace(" ", "_"),
    ]


_borne_names = st.sampled_from([spelling for name in BORNE for spelling in _spelled(name)])
_other_names = one(
    f"{TEXT} nobody",
    f"{TEXT}-alias",
    f"{TEXT.upper()} Alias",
    f"{TEXT}-digest",
    f"{TEXT}_Both",
    "{{campaign.name}}",
    "%7Bcampaignid%7D",
    "",
    "--",
    f"{DIGITS}01",
    f"{DIGITS}02.0",
)
_tag_names = st.none() | _borne_names | _other_names
_tag_ids = st.none() | one(
    f"{DIGITS}01",
    f"{DIGITS}02.0",
    f"urn:li:sponsoredCampaign:{DIGITS}01",
    f"urn:li:sponsoredCampaign:{DIGITS}51",
    f"urn:li:sponsoredCampaignGroup:{DIGITS}01",
    f"urn:li:sponsoredAccount:{DIGITS}01",
    f"{DIGITS}71",
    f"{DIGITS}99",
    "{{campaign.id}}",
)
_sources = st.none() | st.sampled_from(
    [source for sources in SOURCES.values() for source in sources]
    + ["bing", "digest", "newsletter"]
)
_mediums = st.none() | one(
    "cpc", "CPC", "paid_social", "social", "e-mail", "organic", "display", "?"
)


@st.composite
def _pages(draw: st.DrawFn) -> str | None:
    """A landing page, with or without tags."""
    parts = []
    for name, values in (
        ("utm_source", _sources),
        ("utm_medium", _mediums),
        ("utm_campaign", _tag_names),
        ("utm_id", _tag_ids),
        ("gad_campaignid", st.none() | one(f"{DIGITS}01")),
        ("campaign_id", st.none() | one(f"{DIGITS}02")),
        ("adset_id", one(f"{DIGITS}60", f"{DIGITS}62")),
        ("ad_id", one(f"{DIGITS}71", f"{DIGITS}72")),
        ("gclid", st.none() | one(f"{TEXT}g1", "{gclid}")),
        ("li_fat_id", one(f"{TEXT}l1", f"{TEXT}l2")),
        ("gbraid", one(f"{TEXT}b1", "{gbraid}")),
    ):
        if draw(st.integers(0, 3)) == 0 and (value := draw(values)):
            spelled = draw(one(name, name, name.upper()))
            parts.append(f"{spelled}={value.replace(' ', '+').replace('|', '%7C')}")
    return "https://www.shop.example/p?" + "&".join(parts) + "#top"


_visits: dict[str, st.SearchStrategy[Any]] = {
    "utm_source": _sources,
    "utm_medium": _mediums,
    "utm_campaign": _tag_names,
    "utm_id": _tag_ids,
    "gclid": one(f"{TEXT}g1", f"{TEXT}g2", f"{TEXT}g3", f"{TEXT}g4", "{gclid}"),
    "fbclid": one("IwAR1"),
    "li_fat_id": one(f"{TEXT}l1", f"{TEXT}l2"),
    "landing_page_url": _pages(),
    "referrer_url": one(
        "https://www.google.com/search",
        "https://l.facebook.com/",
        "https://blog.partner.example:8443/post",
        "https://www.fernhill.example/",
        "https://docs.fernhill.example/",
        "https://shop.example/",
    ),
    "lead_source": one("Web", "Trade Show", " email ", "Pigeon", "Outbound", "Webinar"),
}


def _captures(draw: st.DrawFn) -> dict[str, Any]:
    """What a form captured: mostly a campaign's tags, sometimes little, sometimes nonsense."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return {"lead_source": draw(_visits["lead_source"])}
    if kind <= 2:
        network = draw(one(*NETWORKS))
        tags = {"utm_source": draw(one(*SOURCES[network], None)), "utm_medium": "cpc"}
        if draw(st.integers(0, 2)) > 0:
            tags["utm_campaign"] = draw(_borne_names | _other_names)
        else:
            tags["utm_id"] = draw(_tag_ids)
        return tags
    if kind == 3:
        return {"landing_page_url": draw(_pages())}
    wanted = draw(st.lists(one(*_visits), min_size=0, max_size=4, unique=True))
    return {name: draw(_visits[name]) for name in wanted}


def _address(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "email_hash": draw(one(None, f"{TEXT}h1", f"{TEXT}h2", f"{TEXT}h3")),
        "email_domain": draw(
            one(
                *(None, "acme.example", "gmail.com") * 4,
                "notfernhill.example",
                "fernhill.example",
                "us.fernhill.example",
            )
        ),
    }


def _gone(draw: st.DrawFn, winners: list[str]) -> dict[str, Any]:
    """Whether a record is deleted, or lost a merge to a later one."""
    fate = draw(st.integers(0, 9))
    if fate == 0:
        return {"is_deleted": True}
    if fate <= 2 and winners:
        return {"is_deleted": True, "master_record_id": draw(one(*winners))}
    return {}


LEADS = [f"{TEXT}L{n}" for n in range(1, 6)]
CONTACTS = [f"{TEXT}C{n}" for n in range(1, 5)]
DEALS = [f"{TEXT}O{n}" for n in range(1, 5)]
ACCOUNTS = (f"{TEXT}A1", f"{TEXT}A2")
STATUSES = ("Open", "MQL", "Working - Contacted", "Qualified", "Recycled", "Unqualified", "?")
OPEN_STAGES = ("Prospecting", "Negotiation", "Demo")


@st.composite
def worlds(draw: st.DrawFn, notes_instants: bool) -> World:
    """A world whose CRM notes instants of qualification, or one whose statuses tell of them."""
    leads, lead_history = _leads(draw, notes_instants)
    deals, deal_history = _deals(draw)
    return campaigns(draw) | {
        "stg_crm_leads": leads,
        "stg_crm_lead_history": lead_history,
        "stg_crm_contacts": _contacts(draw, leads, notes_instants),
        "stg_crm_opportunities": deals,
        "stg_crm_opportunity_history": deal_history,
        "stg_crm_contact_roles": [
            {
                "contact_role_id": f"{TEXT}R{n}",
                "opportunity_id": draw(one(*DEALS)),
                "contact_id": draw(one(*CONTACTS)),
                "is_primary": draw(st.booleans()),
                "is_deleted": draw(st.integers(0, 6)) == 0,
                "created_at": draw(instants),
            }
            for n in range(draw(st.integers(1, 5)))
        ],
        "stg_crm_campaigns": [
            {"crm_campaign_id": f"{TEXT}V{n}", "crm_campaign_type": kind}
            for n, kind in enumerate(("Webinar", "White Paper", "Paid Social", "?"))
        ],
        "stg_crm_campaign_members": [
            {
                "campaign_member_id": f"{TEXT}M{n}",
                "crm_campaign_id": f"{TEXT}V{draw(st.integers(0, 4))}",
                **draw(
                    st.fixed_dictionaries({"lead_id": one(*LEADS)})
                    | st.fixed_dictionaries({"contact_id": one(*CONTACTS)})
                ),
                "first_responded_date": draw(st.none() | days),
                "has_responded": draw(st.integers(0, 4)) > 0,
                "is_deleted": draw(st.integers(0, 8)) == 0,
                "created_at": draw(instants),
            }
            for n in range(draw(st.integers(2, 6)))
        ],
        "stg_lead_form_responses": [
            {
                "platform": draw(one("facebook_ads", "linkedin_ads")),
                "account_id": DIGITS,
                "response_id": f"{DIGITS}{n}",
                "campaign_id": draw(one(None, *CAMPAIGN_IDS)),
                "ad_id": draw(one(None, f"{DIGITS}71", f"{DIGITS}72")),
                "email_hash": draw(one(None, f"{TEXT}h1", f"{TEXT}h2", f"{TEXT}h9")),
                "is_test": draw(one(None, False, False, True)),
                "date_day": at.date(),
                "submitted_at": at,
            }
            for n in range(draw(st.integers(0, 3)))
            for at in [draw(instants)]
        ],
    }


def _leads(draw: st.DrawFn, notes_instants: bool) -> tuple[Rows, Rows]:
    leads, history = [], []
    ids = LEADS[: draw(st.integers(2, len(LEADS)))]
    for n, lead_id in enumerate(ids):
        created_at = draw(instants)
        lead = {
            "lead_id": lead_id,
            "created_at": created_at,
            **_address(draw),
            **_captures(draw),
            **_gone(draw, [*ids[n + 1 :]]),
        }
        if draw(st.integers(0, 2)) == 0:
            lead |= {
                "is_converted": True,
                "converted_contact_id": draw(one(*CONTACTS, f"{TEXT}C99")),
                "converted_opportunity_id": draw(one(None, *DEALS)),
                "converted_date": max(draw(days), created_at.date()),
            }
        if notes_instants:
            lead |= {"mql_at": draw(st.none() | instants), "sql_at": draw(st.none() | instants)}
        statuses = draw(st.lists(one(*STATUSES), min_size=1, max_size=4))
        steps = st.lists(one(0, 1, 86_400, 2_592_000), min_size=3, max_size=3)
        gaps = draw(steps)
        ats = [created_at + timedelta(seconds=sum(gaps[:n])) for n in (1, 2, 3)]
        lead["lead_status"] = statuses[-1]
        if draw(st.booleans()):
            if draw(st.booleans()):
                history.append(
                    {"lead_id": lead_id, "field_name": "created", "created_at": created_at}
                )
            history += [
                {
                    "lead_id": lead_id,
                    "field_name": "Status",
                    "old_value": before,
                    "new_value": after,
                    "created_at": at,
                }
                for at, (before, after) in zip(ats, pairwise(statuses), strict=False)
            ]
        leads.append(lead)
    return leads, [{"field_history_id": f"{TEXT}H{n}", **row} for n, row in enumerate(history)]


def _contacts(draw: st.DrawFn, leads: Rows, notes_instants: bool) -> Rows:
    contacts = []
    ids = CONTACTS[: draw(st.integers(1, len(CONTACTS)))]
    for n, contact_id in enumerate(ids):
        converted = [lead for lead in leads if lead.get("converted_contact_id") == contact_id]
        contact = {
            "contact_id": contact_id,
            "crm_account_id": draw(one(None, *ACCOUNTS)),
            "created_at": draw(instants),
            **_address(draw),
            **_captures(draw),
            **_gone(draw, [*ids[n + 1 :]]),
        }
        if converted and draw(st.booleans()):
            lead = converted[0]
            contact |= {name: lead[name] for name in _visits if name in lead}
            if draw(st.booleans()):
                day = lead["converted_date"]
                contact["created_at"] = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        for lead in converted:  # no lead was converted into a contact that was not yet there
            lead["converted_date"] = max(lead["converted_date"], contact["created_at"].date())
        if notes_instants and draw(st.integers(0, 3)) == 0:
            contact["mql_at"] = draw(instants)
        contacts.append(contact)
    return contacts


def _deals(draw: st.DrawFn) -> tuple[Rows, Rows]:
    deals, history = [], []
    for deal_id in DEALS[: draw(st.integers(2, len(DEALS)))]:
        outcome = draw(one("won", "won", "lost", "open"))
        closed = {"won": "Closed Won", "lost": "Closed Lost"}
        stage = closed.get(outcome) or draw(one(*OPEN_STAGES))
        deals.append(
            {
                "opportunity_id": deal_id,
                "crm_account_id": draw(one(None, *ACCOUNTS)),
                "contact_id": draw(one(None, None, *CONTACTS)),
                "opportunity_type": draw(
                    one(None, "New Business", "New Business", "Renewal", "Upsell", "?")
                ),
                "stage_name": stage,
                "currency_code": draw(one("EUR", "USD", "JPY")),
                "amount": draw(
                    st.none()
                    | one(Decimal("0.00"), Decimal("-5.55"), Decimal("0.01"), Decimal("100.01"))
                    | st.integers(1, 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
                ),
                "close_date": draw(days),
                "is_closed": outcome != "open",
                "is_won": outcome == "won",
                "is_deleted": draw(st.integers(0, 9)) == 0,
                "created_at": draw(instants),
            }
        )
        if draw(st.booleans()):
            stages = draw(st.lists(one(*OPEN_STAGES, *closed.values()), max_size=3))
            stages += [stage] * draw(st.integers(0, 2))
            ats = sorted(draw(st.lists(instants, min_size=5, max_size=5)))
            history += [
                {"opportunity_id": deal_id, "stage_name": each, "created_at": at}
                for each, at in zip(stages, ats, strict=False)
            ]
    return deals, [
        {"opportunity_history_id": f"{TEXT}S{n}", **row} for n, row in enumerate(history)
    ]


def named(world: World, number: int) -> World:
    """The world with its number, 0 to 899, in every placeholder."""

    def put(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.replace(TEXT, f"w{number:03d}").replace(DIGITS, str(100 + number))

    return {
        table: [{column: put(value) for column, value in row.items()} for row in rows]
        for table, rows in world.items()
    }


def drawn(count: int, seed_: int, *, notes_instants: bool) -> list[World]:
    """That many worlds, no two alike, under names of their own; the same ones for one seed."""
    found: list[World] = []
    seen: set[str] = set()

    @seed(seed_)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds(notes_instants))
    def collect(world: World) -> None:
        assume((text := repr(world)) not in seen)
        seen.add(text)
        found.append(named(world, len(found)))

    # constants of whatever modules are loaded would make the draw depend on other tests
    with patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None):
        collect()
    return found


def packed(worlds: list[World]) -> World:
    """Many worlds in one warehouse."""
    pack: World = {}
    for world in worlds:
        for table, rows in world.items():
            pack.setdefault(table, []).extend(rows)
    return pack
