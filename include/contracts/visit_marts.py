"""The published marts of visits: how people come to the site before anybody knows them."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.shape import Column, Table, Type, table

_channel = m.channel.meaning_here(
    "The channel, by the rules of touches; Unattributed where the property tells nothing, or tells "
    "rare ways together"
)

MART_VISITORS_DAILY = table(
    "marts",
    "mart_visitors_daily",
    "Which visits came on each day, by which way, to which page, and through which campaign",
    "property, day, way and landing page",
    ("source", "property_id", "visit_key", "date_day"),
    (
        c.source.meaning_here("The system that counts visits, by the name of its source"),
        c.property_id,
        c.visit_key,
        _channel.required(),
        c.platform.meaning_here("The ad network of the way; NULL where no network is known"),
        c.account_id.meaning_here("The ad account of the campaign; NULL where none is known"),
        c.campaign_id.meaning_here("The ad campaign that the way points to; NULL for none"),
        c.match_method.required(),
        c.visit_source,
        c.visit_medium,
        c.visit_campaign,
        c.landing_page,
        c.date_day.meaning_here("The day, in the property's time zone"),
        c.sessions.required(),
        c.engaged_sessions.required(),
        c.users,
        c.new_users,
        c.key_events.required(),
        c.is_thresholded.required(),
        c.has_other_row.required(),
        c.is_sampled.required(),
    ),
    warning="Sessions and key events add up; users do not: whoever came on two days, by two ways "
    "or to two pages is counted in each. People of a month are in mart_visitors_monthly.",
)
MART_VISITORS_MONTHLY = table(
    "marts",
    "mart_visitors_monthly",
    "How many people came through each channel in each month, and how many of them left a lead",
    "channel and month",
    ("channel", "visit_month"),
    (
        _channel,
        c.visit_month,
        c.sessions.required(),
        c.engaged_sessions.required(),
        m.number(
            "visitors",
            "People, counted once a month and way they came; those withheld are not among them",
            "people",
        ),
        m.number("new_visitors", "Those of them who came for the first time", "people"),
        c.key_events.required(),
        m.number(
            "sessions_withheld",
            "Sessions of the channel whose people the property withholds",
            "sessions",
        ).required(),
        Column(
            "lead_rate",
            Type.RATIO,
            "Key events per visitor; NULL where undefined, or where people are withheld",
        ),
        c.has_other_row.required(),
        c.is_sampled.required(),
    ),
    warning="Months are of the property's zone, and by the channel of the visit, not of the first "
    "touch. Visitors of two months or channels may be the same people.",
)

VISIT_MARTS: tuple[Table, ...] = (MART_VISITORS_DAILY, MART_VISITORS_MONTHLY)
