"""What a visit will carry, by each network's own documentation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.staging import STG_ADS
from include.sources.url_templates import UTM, produced

KNOWN = {
    "account_id": "500",
    "account_name": "Konto",
    "campaign_id": "11",
    "campaign_name": "Spring & Summer 100%",
    "ad_group_id": "22",
    "ad_group_name": "Gruppe/Ü",
    "ad_id": "33",
    "ad_name": "Ad+1",
}
PAGE = "https://example.com/page"


def utm(found: dict[str, str | None]) -> dict[str, str]:
    return {
        name.removeprefix("utm_"): value
        for name, value in found.items()
        if name in UTM and value is not None
    }


def test_the_columns_are_those_of_the_contract() -> None:
    names = [column.name for column in STG_ADS.columns]
    start = names.index("url_template")
    assert list(produced(PAGE)) == names[start : start + 8]


# https://www.facebook.com/business/help/2360940870872492: {{campaign.id}} and its kin in url_tags,
# which are appended to the link.
META = [
    ("utm_source=facebook&utm_campaign={{campaign.id}}", {"source": "facebook", "campaign": "11"}),
    ("utm_campaign={{campaign.name}}", {"campaign": "Spring & Summer 100%"}),
    ("utm_term={{adset.name}}&utm_content={{ad.name}}", {"term": "Gruppe/Ü", "content": "Ad+1"}),
    ("utm_id={{adset.id}}_{{ad.id}}", {"id": "22_33"}),
    ("utm_content={{ campaign.id }}", {"content": "11"}),
    ("utm_content=%7B%7Bad.id%7D%7D", {"content": "33"}),
    ("utm_source={{site_source_name}}", {"source": "{{site_source_name}}"}),
    ("utm_medium={{placement}}-{{ad.id}}", {"medium": "{{placement}}-33"}),
    ("?utm_source=fb", {"source": "fb"}),
    ("&utm_source=fb", {"source": "fb"}),
    ("utm_campaign=Spring%20%26%20Summer", {"campaign": "Spring & Summer"}),
    ("utm_campaign=two+words", {"campaign": "two words"}),
    ("utm_campaign=", {}),
    ("utm_campaign", {}),
]


@pytest.mark.parametrize(("tags", "carried"), META)
def test_meta_url_tags(tags: str, carried: dict[str, str]) -> None:
    found = produced(PAGE, suffixes=[tags], macros=KNOWN)
    assert utm(found) == carried
    assert (found["url_template"], found["landing_page_url"]) == (tags, PAGE)


# https://support.google.com/google-ads/answer/6305348 (ValueTrack) and, for the levels,
# https://support.google.com/google-ads/answer/7197008: the most specific template applies.
GOOGLE: list[tuple[str, list[Any], list[Any], dict[str, str]]] = [
    (
        PAGE,
        ["{lpurl}?utm_campaign={campaignid}&utm_content={creative}&utm_term={adgroupid}"],
        [],
        {"campaign": "11", "content": "33", "term": "22"},
    ),
    # "{lpurl}?" after a final URL that has a query of its own becomes "&".
    (
        f"{PAGE}?a=1&utm_source=own",
        ["{lpurl}?utm_medium=cpc"],
        [],
        {"source": "own", "medium": "cpc"},
    ),
    (f"{PAGE}?a=1", ["{lpurl}&utm_medium=cpc"], [], {"medium": "cpc"}),
    (PAGE, ["{unescapedlpurl}?utm_medium=cpc"], [], {"medium": "cpc"}),
    (PAGE, ["{LPURL}?utm_medium=cpc"], [], {"medium": "cpc"}),
    # Only a click decides what these become.
    (
        PAGE,
        ["{lpurl}?utm_term={keyword}&utm_medium={ifsearch:search}{ifcontent:display}"],
        [],
        {"term": "{keyword}", "medium": "{ifsearch:search}{ifcontent:display}"},
    ),
    # The nearest level that has one.
    (PAGE, [None, "", " ", "{lpurl}?utm_id=group", "{lpurl}?utm_id=account"], [], {"id": "group"}),
    (PAGE, [], [None, "utm_id=ad", "utm_id=account"], {"id": "ad"}),
    (PAGE, ["{lpurl}?utm_source=t"], ["utm_source=s&utm_medium=m"], {"source": "t", "medium": "m"}),
    # Custom parameters stand under their own name.
    (PAGE, [], ["utm_campaign={_season}-{_other}"], {"campaign": "spring-{_other}"}),
    # {ignore}: https://developers.google.com/google-ads/api/docs/ads/upgraded-urls/value-track
    (f"{PAGE}{{ignore}}?utm_source=own", [], [], {"source": "own"}),
    # A click server is handed the landing page in a parameter: what is escaped goes on to the page,
    # what is not is the server's (https://support.google.com/searchads/answer/6227173).
    (
        f"{PAGE}?p=1",
        [
            "https://t.example/?c=1&url={escapedlpurl}%26utm_source%3Dgoogle%26utm_id%3D{campaignid}&utm_term=x"
        ],
        [],
        {"source": "google", "id": "11"},
    ),
    (PAGE, ["https://t.example/?u={lpurl}%3Futm_source%3Dg&utm_medium=x"], [], {"source": "g"}),
    (PAGE, ["https://t.example/?u={lpurl+2}%253Futm_source%253Dg"], [], {"source": "g"}),
    (PAGE, ["https://t.example/?u={lpurl}"], ["utm_source=s"], {"source": "s"}),
    (
        PAGE,
        ["https://t.example/{unescapedlpurl}?utm_source=a&utm_medium=b"],
        [],
        {"source": "a", "medium": "b"},
    ),
    # A template without the landing page is itself where the visitor goes.
    (f"{PAGE}?utm_term=own", ["https://example.com/?utm_source=whole"], [], {"source": "whole"}),
    (PAGE, ["?utm_source=bare"], [], {"source": "bare"}),
    (f"{PAGE}#top", [], ["utm_source=s#end"], {"source": "s"}),
    (f"{PAGE}?utm_source=own#utm_medium=no", [], [], {"source": "own"}),
]


@pytest.mark.parametrize(("page", "templates", "suffixes", "carried"), GOOGLE)
def test_google_templates_and_suffixes(
    page: str, templates: list[Any], suffixes: list[Any], carried: dict[str, str]
) -> None:
    found = produced(
        page, templates=templates, suffixes=suffixes, macros={**KNOWN, "_season": "spring"}
    )
    assert utm(found) == carried
    assert found["landing_page_url"] == page


# https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/
# dynamic-utm-tracking: a campaign group is our campaign, a campaign our ad group.
LINKEDIN = [
    ("utm_campaign={{CAMPAIGN_GROUP_ID}}", {"campaign": "11"}),
    ("utm_campaign={{CAMPAIGN_GROUP_NAME}}", {"campaign": "Spring & Summer 100%"}),
    (
        "utm_term={{CAMPAIGN_ID}}&utm_content={{CAMPAIGN_NAME}}",
        {"term": "22", "content": "Gruppe/Ü"},
    ),
    ("utm_id={{CREATIVE_ID}}&utm_content={{CREATIVE_NAME}}", {"id": "33", "content": "Ad+1"}),
    ("utm_source=linkedin&utm_medium={{ACCOUNT_ID}}", {"source": "linkedin", "medium": "500"}),
    ("utm_medium={{ACCOUNT_NAME}}", {"medium": "Konto"}),
    ("utm_medium={{campaignId}}", {"medium": "{{campaignId}}"}),
]


@pytest.mark.parametrize(("parameters", "carried"), LINKEDIN)
def test_linkedin_tracking_parameters(parameters: str, carried: dict[str, str]) -> None:
    assert utm(produced(PAGE, suffixes=[parameters], macros=KNOWN)) == carried


def test_what_is_not_known_stays_as_written() -> None:
    tags = "utm_campaign={{campaign.name}}&utm_content={creative}"
    assert utm(produced(PAGE, suffixes=[tags], macros={"campaign_name": None})) == {
        "campaign": "{{campaign.name}}",
        "content": "{creative}",
    }


def test_a_name_that_looks_like_a_macro_is_a_name() -> None:
    macros = {"campaign_name": "{{ad.id}} a&b=c%41", "ad_id": "33"}
    found = produced(PAGE, suffixes=["utm_campaign={{campaign.name}}"], macros=macros)
    assert found["utm_campaign"] == "{{ad.id}} a&b=c%41"


def test_template_and_suffix_both_stand_as_written() -> None:
    found = produced(PAGE, templates=["{lpurl}?a={device}"], suffixes=["utm_source=s"])
    assert found["url_template"] == "{lpurl}?a={device} utm_source=s"


ANYTHING = st.one_of(
    st.none(),
    st.integers(),
    st.text(),
    st.text(alphabet="{}%?&=#+lpur2/:[]. utm_sourceid"),
    st.lists(st.text()),
)


@given(page=ANYTHING, template=ANYTHING, suffix=ANYTHING, name=ANYTHING)
def test_nothing_makes_it_raise(page: Any, template: Any, suffix: Any, name: Any) -> None:
    found = produced(page, templates=[template], suffixes=[suffix], macros={"campaign_name": name})
    assert all(value is None or (isinstance(value, str) and value) for value in found.values())
