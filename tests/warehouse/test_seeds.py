"""A seed that does not parse, repeats a rule, names what is not there or could never hold is
refused with file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.contracts.seeds import SEED_TABLES
from include.warehouse import WarehouseError
from include.warehouse.reference import read_seed

TABLES = {table.name.removeprefix("seed_"): table for table in SEED_TABLES}
SEEDS = Path(__file__).parents[2] / "include" / "seeds"

REPEATED = {
    "channel_rules": (
        "10,google_ads,,cpc,,Paid Search,true\n10,,,,,Other,",
        "line 2 has the same rule_order",
    ),
    "utm_mediums": ("cpc,cpc,true\ncpc,email,false", "line 2 has the same utm_medium"),
    "traffic_sources": ("bing,search\nbing,social", "line 2 has the same source_pattern"),
    "lead_sources": (
        "web,Direct,website,true\nweb,Email,email,false",
        "line 2 has the same lead_source",
    ),
    "crm_campaign_types": (
        "webinar,Events,webinar\nwebinar,Email,email",
        "line 2 has the same crm_campaign_type",
    ),
    "activity_types": (
        "task,call,Outbound,call\ntask,call,Events,demo",
        "line 2 has the same activity, activity_type",
    ),
    "lead_statuses": ("open,lead\nopen,mql", "line 2 has the same lead_status"),
    "opportunity_stages": (
        "demo,evaluation,1\ndemo,early,2",
        "line 2 has the same stage_name",
    ),
    "deal_types": ("new,new_business\nnew,renewal", "line 2 has the same opportunity_type"),
    "internal_domains": ("a.example\na.example", "line 2 has the same email_domain"),
    "campaign_aliases": (
        "google_ads,1,1,brand\ngoogle_ads,1,2,brand",
        "an earlier line has the same utm_campaign",
    ),
    "currency_rates": (
        "USD,2026-01-05,1.1\nUSD,2026-01-05,1.2",
        "line 2 has the same currency_code, rate_date",
    ),
    "manual_spend": (
        "events,Fair,Events,EUR,2026-01-01,2026-01-02,10,\n"
        "events,Fair,Events,EUR,2026-01-01,2026-01-02,10,again",
        "line 2 has the same platform",
    ),
    "manual_touchpoints": (
        "00Q5g00000AbCdE,2026-01-05,webinar,Pumps,webinars,webinar,\n"
        "00Q5g00000AbCdEEAV,2026-01-05,webinar,Pumps,webinars,webinar,again",
        "line 2 has the same touch_date, content_name, record_id",
    ),
    "goals": (
        "leads,All,month,,2026-01,100\nleads,All,month,,2026-01-01,120",
        "line 2 has the same metric, channel, period, first_day",
    ),
    "company_sizes": ("small,0\nsmall,10", "line 2 has the same company_size"),
    "segment_rules": (
        "1,sector,field,a%,A\n1,sector,field,b%,B",
        "line 2 has the same rule_order",
    ),
    "attribution_models": ("linear,closed,\nlinear,created,", "line 2 has the same model"),
}

WRONG = [
    ("channel_rules", "10,,,,,Paid,true", "channel is none of Paid Search, "),
    ("channel_rules", "10,,,,,,true", "channel is missing"),
    ("channel_rules", "first,,,,,Other,", "rule_order is not a"),
    ("channel_rules", "-1,,,,,Other,", "rule_order is below 0"),
    ("channel_rules", "10,,,cpm,,Display,true", "medium is none of cpc, "),
    ("channel_rules", "10,,,,blog,Referral,", "source_kind is none of search, "),
    ("channel_rules", "10,,,,,Other,maybe", "is_paid is neither true nor false"),
    ("channel_rules", "10,,,,,Unattributed,", "channel is none of"),
    ("utm_mediums", "push,push,true", "medium is none of"),
    ("utm_mediums", "paid_social,paid social,true", "with letters and digits alone"),
    ("utm_mediums", "CPC,cpc,true", "spelled in lower case"),
    ("traffic_sources", "blog.example,blog", "source_kind is none of"),
    ("traffic_sources", "Bing,search", "source_pattern must be in lower case"),
    ("traffic_sources", "https://foo.com,social", "bears https:// or www."),
    ("traffic_sources", "www.foo.com,social", "bears https:// or www."),
    ("traffic_sources", "%,social", "it would be anything"),
    ("lead_sources", "web,Web,website,true", "channel is none of"),
    ("lead_sources", "web,Direct,site,true", "offer_type is none of"),
    ("lead_sources", "web,Direct,website,", "is_vague is missing"),
    ("lead_sources", "Trade Show,Events,event,false", "lead_source must be in lower case"),
    ("crm_campaign_types", "webinar,Webinars,webinar", "channel is none of"),
    ("crm_campaign_types", "webinar,Events,talk", "offer_type is none of"),
    ("crm_campaign_types", " webinar,Events,webinar", "begins or ends with a blank"),
    ("activity_types", "mail,call,Outbound,call", "activity is none of task, event"),
    ("activity_types", "task,call,Calls,call", "channel is none of"),
    ("activity_types", "task,call,Outbound,ring", "offer_type is none of"),
    ("activity_types", "task,Call,Outbound,call", "activity_type must be in lower case"),
    ("activity_types", "task,,Outbound,call", "activity_type is missing"),
    ("lead_statuses", "open,hot", "funnel_stage is none of lead, "),
    ("lead_statuses", "Open,lead", "lead_status must be in lower case"),
    ("opportunity_stages", "demo,middle,1", "stage_group is none of early, "),
    ("opportunity_stages", "Demo,early,1", "stage_name must be in lower case"),
    ("deal_types", "new,fresh", "type_group is none of new_business, "),
    ("deal_types", "New,new_business", "opportunity_type must be in lower case"),
    ("internal_domains", "me@a.example", "the part after @ alone"),
    ("internal_domains", "A.example", "email_domain must be in lower case"),
    ("internal_domains", "https://example.com", "the part after @ alone"),
    ("internal_domains", "*.example.com", "the part after @ alone"),
    ("internal_domains", "fernhill", "the part after @ alone"),
    ("campaign_aliases", "google_ads,,1,brand", "account_id is missing"),
    ("campaign_aliases", "google_ads,1,,brand", "campaign_id is missing"),
    ("campaign_aliases", "google_ads,1,1,{campaignid}", "a macro that was never expanded"),
    ("campaign_aliases", "google_ads,1,1,---", "utm_campaign has no letter or digit"),
    ("currency_rates", "USD,2026-01-05,0", "rate is not above zero"),
    ("currency_rates", "usd,2026-01-05,1.1", "currency_code is no currency of ISO 4217"),
    ("currency_rates", "XXQ,2026-01-05,1.1", "currency_code is no currency of ISO 4217"),
    ("currency_rates", "EUR,2026-01-05,1.3", "EUR has a rate"),
    ("manual_spend", "events,Fair,Fairs,EUR,2026-01-01,2026-01-02,10,", "channel is none of"),
    ("manual_touchpoints", ",2026-01-05,webinar,Pumps,tool,webinar,", "record_id is missing"),
    ("manual_touchpoints", "00Q1,,webinar,Pumps,tool,webinar,", "touch_date is missing"),
    ("manual_touchpoints", "00Q1,5.1.2026,webinar,Pumps,tool,webinar,", "touch_date is not a day"),
    ("manual_touchpoints", "00Q1,1999-12-31,webinar,Pumps,t,webinar,", "is before 2000-01-01"),
    ("manual_touchpoints", "00Q1,2026-01-05,talk,Pumps,t,webinar,", "offer_type is none of"),
    ("manual_touchpoints", "00Q1,2026-01-05,webinar,,t,webinar,", "content_name is missing"),
    ("manual_touchpoints", "00Q1,2026-01-05,webinar,Pumps,,webinar,", "utm_source is missing"),
    ("manual_touchpoints", "00Q1,2026-01-05,webinar,Pumps,t,,", "utm_medium is missing"),
    (
        "manual_touchpoints",
        "ann@a.example,2026-01-05,webinar,Pumps,t,webinar,",
        "record_id holds an e-mail address; name the lead or contact by its id",
    ),
    (
        "manual_touchpoints",
        "00Q1,2026-01-05,webinar,Talk for ann@a.example,t,webinar,",
        "content_name holds an e-mail address",
    ),
    ("company_sizes", "small,", "employees_from is missing"),
    ("company_sizes", "small,-1", "employees_from is below 0"),
    ("company_sizes", "unknown,0", "company_size is a word the marts keep"),
    ("segment_rules", "1,company_size,field,a,A", "dimension is none of sector, region"),
    ("segment_rules", "1,sector,mail,a,A", "told_by is none of field, offer, content"),
    ("segment_rules", "1,sector,field,Bank,A", "pattern must be in lower case"),
    ("segment_rules", "1,sector,field,a\\b,A", "pattern holds a backslash"),
    ("segment_rules", "1,sector,field,a,unknown", "segment is a word the marts keep"),
    ("segment_rules", "1,sector,field,a,", "segment is missing"),
    ("segment_rules", "1,urgency,offer,seminar,A", "pattern is no kind of offer"),
    ("segment_rules", "1,sector,content,a%,A", "only needs (product_interest, pain_point"),
    ("goals", "clicks,All,month,,2026-01,100", "metric is none of visitors, leads, "),
    ("goals", "leads,Unattributed,month,,2026-01,100", "channel is none of"),
    ("goals", "leads,,month,,2026-01,100", "channel is missing"),
    ("goals", "leads,All,day,,2026-01,100", "period is none of week, month, quarter, year"),
    ("goals", "leads,All,week,,2026-01-06,100", "first_day is no Monday"),
    ("goals", "leads,All,month,,2026-01-02,100", "first_day is not the first of a month"),
    ("goals", "leads,All,month,,1999-12,100", "first_day is before 2000-01-01"),
    ("goals", "leads,All,month,,2100-01,100", "first_day is after 2099-12-31"),
    ("goals", "leads,All,month,,2026-01,", "value is missing"),
    ("goals", "leads,All,month,,2026-01,0", "value is not above zero"),
    ("goals", "spend,All,month,EUR,2026-01,1000000000001", "value is above 1000000000000"),
    ("goals", "leads,All,month,,2026-01,10.5", "value is not a whole number"),
    ("goals", "leads,All,month,EUR,2026-01,10", "currency_code has no place here"),
    ("goals", "spend,All,month,,2026-01,10", "currency_code is missing"),
    ("goals", "spend,All,month,EUR,2026-01,10.001", "finer than the smallest unit"),
    ("attribution_models", "last_click,closed,", "model is none of first_touch, "),
    ("attribution_models", "linear,won,", "touches_until is none of"),
]

# The second of two lines whose first is sound.
NEVER_SPEAKS = [
    ("company_sizes", "small,0\nlittle,0", "an earlier line begins at as many people"),
    (
        "segment_rules",
        "1,sector,field,a%,A\n2,sector,field,a%,B",
        "an earlier line has the same conditions",
    ),
    (
        "channel_rules",
        "10,,,email,,Email,\n20,,,email,,Other,",
        "an earlier line has the same conditions",
    ),
    (
        "campaign_aliases",
        "google_ads,1,1,Brand US\ngoogle_ads,1,2,brand_us",
        "an earlier line has the same utm_campaign, in this or another spelling",
    ),
]


def _refused(path: Path, seed: str, lines: str) -> str:
    header = (SEEDS / f"{seed}.csv").read_text(encoding="utf-8").split("\n")[0]
    path.write_text(f"{header}\n{lines}\n", encoding="utf-8")
    with pytest.raises(WarehouseError) as caught:
        read_seed(path, TABLES[seed])
    return str(caught.value)


@pytest.mark.parametrize("seed", sorted(TABLES))
def test_a_repeated_line_is_refused(tmp_path: Path, seed: str) -> None:
    lines, reason = REPEATED[seed]
    said = _refused(tmp_path / "seed.csv", seed, lines)
    assert said.startswith(f"{tmp_path / 'seed.csv'}, line 3: "), said
    assert reason in said


@pytest.mark.parametrize(("seed", "line", "reason"), WRONG)
def test_a_wrong_line_is_refused(tmp_path: Path, seed: str, line: str, reason: str) -> None:
    said = _refused(tmp_path / "seed.csv", seed, line)
    assert said.startswith(f"{tmp_path / 'seed.csv'}, line 2: "), said
    assert reason in said


@pytest.mark.parametrize(("seed", "lines", "reason"), NEVER_SPEAKS)
def test_a_rule_that_could_never_speak_is_refused(
    tmp_path: Path, seed: str, lines: str, reason: str
) -> None:
    said = _refused(tmp_path / "seed.csv", seed, lines)
    assert said.startswith(f"{tmp_path / 'seed.csv'}, line 3: "), said
    assert reason in said


@pytest.mark.parametrize("seed", sorted(TABLES))
def test_a_line_that_does_not_parse_is_refused(tmp_path: Path, seed: str) -> None:
    columns = len(TABLES[seed].columns)
    said = _refused(tmp_path / "seed.csv", seed, "," * columns)
    assert f"line 2: {columns + 1} fields where {columns} belong" in said
    assert "line 2" in _refused(tmp_path / "seed.csv", seed, 'a,"b')


def test_every_seed_is_held_to_its_values() -> None:
    assert set(REPEATED) == set(TABLES)
    assert {seed for seed, _, _ in WRONG} == set(TABLES)
    assert {path.stem for path in SEEDS.glob("*.csv")} == set(TABLES)
