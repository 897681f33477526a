"""What a visit will carry, foretold from how the networks tag their ads.

A network adds to the landing page what a template or suffix says, written with macros that it
replaces at each click. Those that name the campaign, ad group, ad or account are replaced here;
those that only a click decides (``{keyword}``, ``{{placement}}``, ``{ifsearch:…}``) stay written.

Google, templates, suffixes and ValueTrack: https://support.google.com/google-ads/answer/6305348,
https://support.google.com/google-ads/answer/7197008, https://developers.google.com/google-ads/api/
docs/ads/upgraded-urls/serving-url-rules. Meta, URL parameters: https://www.facebook.com/business/
help/2360940870872492. LinkedIn, dynamic UTM tracking: https://learn.microsoft.com/en-us/linkedin/
marketing/integrations/ads-reporting/dynamic-utm-tracking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id")

# Each network's word for our ids and names. LinkedIn's campaign is our ad group.
_IN_ONE_BRACE = {"campaignid": "campaign_id", "adgroupid": "ad_group_id", "creative": "ad_id"}
_IN_TWO_BRACES = {
    "campaign.id": "campaign_id",
    "campaign.name": "campaign_name",
    "adset.id": "ad_group_id",
    "adset.name": "ad_group_name",
    "ad.id": "ad_id",
    "ad.name": "ad_name",
    "ACCOUNT_ID": "account_id",
    "ACCOUNT_NAME": "account_name",
    "CAMPAIGN_GROUP_ID": "campaign_id",
    "CAMPAIGN_GROUP_NAME": "campaign_name",
    "CAMPAIGN_ID": "ad_group_id",
    "CAMPAIGN_NAME": "ad_group_name",
    "CREATIVE_ID": "ad_id",
    "CREATIVE_NAME": "ad_name",
}
_MACRO = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}|\{([^{}]+)\}")
_LANDING_PAGE = re.compile(r"\{(?:lpurl|escapedlpurl|unescapedlpurl)(?:\+([23]))?\}", re.IGNORECASE)


def produced(
    landing_page: Any,
    *,
    templates: Iterable[Any] = (),
    suffixes: Iterable[Any] = (),
    macros: Mapping[str, Any] | None = None,
) -> dict[str, str | None]:
    """The columns ``url_template``, ``landing_page_url`` and ``utm_…`` of an ad or a campaign.

    ``landing_page``: the final URL. ``templates`` (Google's tracking templates) and ``suffixes``
    (final URL suffixes, Meta's ``url_tags``, LinkedIn's tracking parameters as ``key={{MACRO}}``)
    stand from the most specific level up to the account's; the first that is not blank applies.
    ``macros``: what is known under our column names (``campaign_id``, ``ad_group_name``,
    ``account_id``, …), and Google's custom parameters under theirs (``_season``).

    Of a parameter that comes twice the first counts: the landing page's own, then the template's,
    then the suffix's. Nothing that is given makes it raise; what is no text counts as absent.
    """
    page = _text(landing_page)
    template = next(filter(None, map(_text, templates)), None)
    suffix = next(filter(None, map(_text, suffixes)), None)
    queries = [_query_of(page)] if page else []
    if template:
        is_whole, query = _added_by(template)
        queries = [query] if is_whole else [*queries, query]
    if suffix:
        queries.append(suffix.lstrip("?&").partition("#")[0])
    carried: dict[str, str] = {}
    for query in queries:
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            carried.setdefault(name, value)
    known = macros or {}
    return {
        "url_template": " ".join(filter(None, (template, suffix))) or None,
        "landing_page_url": page,
        **{name: _replaced(carried.get(name, ""), known).strip() or None for name in UTM},
    }


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _query_of(url: str) -> str:
    """The query of a URL. ``{ignore}`` tells Google's crawler alone something."""
    return url.replace("{ignore}", "").partition("#")[0].partition("?")[2]


def _added_by(template: str) -> tuple[bool, str]:
    """Whether a tracking template stands in the landing page's place, and the query it brings.

    One that begins with the landing page is where the visitor goes. One that hands the landing page
    to another server in a parameter brings what belongs to that parameter: up to the next `&` that
    is not escaped, unescaped as often as the landing page is escaped.
    """
    macro = _LANDING_PAGE.search(template)
    if macro is None:
        is_url = "://" in template or template.startswith("//")
        return is_url, _query_of(template) if is_url else template.lstrip("?&")
    tail = template[macro.end() :].partition("#")[0]
    if "?" in template[: macro.start()]:
        tail = tail.partition("&")[0]
        for _ in range(int(macro[1] or 1)):
            tail = unquote(tail)
    return False, tail[1:] if tail.startswith(("?", "&")) else tail.partition("?")[2]


def _replaced(value: str, known: Mapping[str, Any]) -> str:
    def value_of(macro: re.Match[str]) -> str:
        name = macro[2]
        if name is None:
            column = _IN_TWO_BRACES.get(macro[1])
        else:
            column = name if name.startswith("_") else _IN_ONE_BRACE.get(name.lower())
        found = known.get(column) if column else None
        return macro[0] if found is None else str(found)

    return _MACRO.sub(value_of, value)
