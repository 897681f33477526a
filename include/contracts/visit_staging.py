"""The staging tables of visits: what web analytics counts on the site itself."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts.shape import Column, Table, table

_STAMPS: tuple[Column, ...] = (
    c.batch_id.required(),
    c.first_loaded_at.required(),
    c.last_restated_at,
    c.loaded_at.required(),
)
_PLACE: tuple[Column, ...] = (
    c.platform.meaning_here("The analytics system, by the name of its source"),
    c.account_id.meaning_here("The property, as its system writes it"),
)
_WAY: tuple[Column, ...] = (
    c.visit_campaign_id,
    c.visit_source,
    c.visit_medium,
    c.visit_campaign,
)
_FIGURES: tuple[Column, ...] = (
    c.sessions.required(),
    c.engaged_sessions.required(),
    c.users,
    c.new_users,
    c.key_events.required(),
    c.is_thresholded.required(),
)
_NO_SUM = (
    "Sessions and key events add up; users do not, over days, ways or pages: whoever came twice is "
    "counted in each."
)
_day = c.date_day.meaning_here("The day, in the property's time zone")

STG_VISIT_PROPERTIES = table(
    "staging",
    "stg_visit_properties",
    "The properties whose visits are read, as they are now",
    "property",
    ("platform", "account_id"),
    (
        *_PLACE,
        c.currency_code.required(),
        c.time_zone.required().meaning_here("IANA zone in which the property's days begin and end"),
        *_STAMPS,
    ),
)
STG_VISITS_DAILY = table(
    "staging",
    "stg_visits_daily",
    "The visits of each day by the way they came and the page they began on",
    "property, day, way and landing page",
    ("platform", "account_id", "visit_key", "date_day"),
    (
        *_PLACE,
        c.visit_key,
        c.way_key.required(),
        *_WAY,
        c.landing_page,
        _day,
        *_FIGURES,
        c.has_other_row.required(),
        c.is_sampled.required(),
        *_STAMPS,
    ),
    warning=_NO_SUM,
)
STG_VISIT_TOTALS_DAILY = table(
    "staging",
    "stg_visit_totals_daily",
    "The property's totals of each day, asked for separately: the control of its visits",
    "property and day",
    ("platform", "account_id", "date_day"),
    (
        *_PLACE,
        _day,
        *_FIGURES,
        c.is_sampled.required(),
        *_STAMPS,
    ),
    warning=_NO_SUM,
)
STG_VISITORS_MONTHLY = table(
    "staging",
    "stg_visitors_monthly",
    "How many people came in each month by each way, counted once a month and way",
    "property, month and way",
    ("platform", "account_id", "way_key", "visit_month"),
    (
        *_PLACE,
        c.way_key,
        *_WAY,
        c.visit_month,
        *_FIGURES,
        c.has_other_row.required(),
        c.is_sampled.required(),
        *_STAMPS,
    ),
    warning=_NO_SUM,
)
VISIT_TABLES: tuple[Table, ...] = (
    STG_VISIT_PROPERTIES,
    STG_VISITS_DAILY,
    STG_VISIT_TOTALS_DAILY,
    STG_VISITORS_MONTHLY,
)
