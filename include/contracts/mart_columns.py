"""Columns and small makers of columns that several marts share."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts.choices import CHANNELS
from include.contracts.shape import Column, Type


def text(name: str, meaning: str) -> Column:
    """A text of the marts alone."""
    return Column(name, Type.TEXT, meaning)


def number(name: str, meaning: str, unit: str | None = None) -> Column:
    """A whole number of the marts alone."""
    return Column(name, Type.INTEGER, meaning, unit=unit)


def ratio(name: str, meaning: str, unit: str | None = None) -> Column:
    """A ratio of sums, NULL where undefined."""
    told = f"{meaning}; empty (NULL) where there is nothing to divide by"
    return Column(name, Type.RATIO, told, unit=unit)


def instant(name: str, meaning: str) -> Column:
    """An instant of the marts alone."""
    return Column(name, Type.TIMESTAMP, meaning, unit="UTC")


channel = replace(c.channel, one_of=(*CHANNELS, "Unattributed"))
platform = c.platform.meaning_here(
    "The ad network, or the word under which spend was entered by hand; crm for campaigns of the "
    "CRM, unmatched or unattributed for none"
)
account_id = c.account_id.meaning_here(
    "The ad account, as its network writes it; manual for spend entered by hand; crm, unmatched or "
    "unattributed for none"
)
campaign_id = c.campaign_id.meaning_here(
    "The campaign, as its network or the CRM writes it, or its name where it was entered by hand; "
    "unmatched or unattributed for none"
)
first_day = Column("first_day", Type.DATE, "The first day with figures, in the account's zone")
last_day = Column("last_day", Type.DATE, "The last day with figures, in the account's zone")
