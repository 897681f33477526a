"""The invented world: the same for one seed, served as it stands, and true to its own truth."""

import csv
import hashlib
import json
import os
import string
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.sandbox.dataset import DataSet, instant
from include.sandbox.generator import generate

ROOT = Path(__file__).resolve().parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
CLOCK = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHANNELS = {
    "Paid Search", "Paid Social", "Display", "Paid Other", "Organic Search", "Organic Social",
    "Email", "Referral", "Direct", "Content Syndication", "Events", "Partner", "Outbound", "Other",
    "Unattributed",
}  # fmt: skip
PREFIXES = {
    "Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006",
    "OpportunityContactRole": "00K", "Campaign": "701", "CampaignMember": "00v", "User": "005",
    "RecordType": "012", "OpportunityHistory": "008", "OpportunityStage": "01J",
    "CurrencyType": "01L", "DatedConversionRate": "04w", "Task": "00T", "Event": "00U",
}  # fmt: skip
FIELD_HISTORIES = {"LeadHistory": "017", "OpportunityFieldHistory": "017"}
# Tags that name no campaign, where a click id beside them does.
BESIDE_A_CLICK_ID = {
    "alias_needed", "ambiguous_name", "campaign_name_before_rename", "channel_only",
    "unexpanded_macro",
}  # fmt: skip

Record = dict[str, Any]


class Served:
    """A generated folder, read without the generator's help."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self, path: str) -> list[Record]:
        file = self.folder / f"{path}.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def known(self, path: str, clock: datetime = CLOCK) -> list[Record]:
        return [line for line in self.lines(path) if _is_known(line, clock)]

    def salesforce(self, sobject: str, clock: datetime = CLOCK) -> dict[str, Record]:
        return {line["Id"]: line for line in self.known(f"salesforce/{sobject}", clock)}


def _is_known(line: Record, clock: datetime) -> bool:
    since, until = line.get("_known_from"), line.get("_known_until")
    return not (since and instant(since) > clock) and not (until and instant(until) <= clock)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A fifth of the usual world, over the usual two years."""
    out = tmp_path_factory.mktemp("generated") / "world"
    generate(out, scale=0.2)
    return Served(out)


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.json*")):
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def test_a_seed_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    digests = []
    for hash_seed in ("1", "2"):
        out = tmp_path / hash_seed
        subprocess.run(
            [sys.executable, "-m", "include.sandbox", "generate", "--out", str(out), "--scale",
             "0.05", "--months", "6"],
            cwd=ROOT, check=True, capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": f"UTC+{hash_seed}"},
        )  # fmt: skip
        digests.append(_digest(out))
    assert digests[0] == digests[1]


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), seed=seed, scale=0.02, months=3)
    first, second = Served(tmp_path / "1"), Served(tmp_path / "2")
    for path in ("meta/insights", "salesforce/Lead", "truth/spend", "truth/people"):
        assert first.lines(path) != second.lines(path)


def test_the_smallest_world_is_whole(tmp_path: Path) -> None:
    generate(tmp_path / "small", scale=0.02, months=3)
    dataset = DataSet(tmp_path / "small")
    dataset.validate()
    assert dataset.unknown == []
    assert dataset.as_of == CLOCK
    assert (dataset.currency, dataset.time_zone) == ("EUR", "Europe/Berlin")
    spend = Served(tmp_path / "small").lines("truth/spend")
    assert min(line["date"] for line in spend) >= "2026-09-01"
    accounts = {(line["platform"], line["account_id"], line["currency"]) for line in spend}
    assert Counter(platform for platform, _, _ in accounts) == {
        "google_ads": 2, "facebook_ads": 2, "linkedin_ads": 2
    }  # fmt: skip
    assert len({(platform, currency) for platform, _, currency in accounts}) == 6


def test_a_month_is_the_least_and_nonsense_is_refused(tmp_path: Path) -> None:
    generate(tmp_path / "month", scale=0.02, months=1)
    DataSet(tmp_path / "month").validate()
    for nonsense in ({"months": 0}, {"months": 121}, {"scale": 0.0}, {"scale": -1.0}):
        with pytest.raises(ValueError, match=r"months|Scale"):
            generate(tmp_path / "nonsense", **nonsense)  # type: ignore[arg-type]
    assert not (tmp_path / "nonsense").exists()


def test_the_usual_size_is_what_is_promised(tmp_path: Path) -> None:
    generate(tmp_path / "usual")
    usual = Served(tmp_path / "usual")
    assert 19_000 < len({line["Id"] for line in usual.lines("salesforce/Lead")}) < 21_000
    assert 2_700 < len(usual.lines("truth/opportunities")) < 3_300
    spend = usual.lines("truth/spend")
    campaigns = {(line["platform"], line["account_id"], line["campaign_id"]) for line in spend}
    assert len(campaigns) == 40
    assert min(line["date"] for line in spend) == "2024-12-01"
    assert len({line["date"] for line in spend}) > 700
    assert sum(file.stat().st_size for file in usual.folder.rglob("*")) < 150_000_000
    kinds = {line["evidence"] for line in usual.lines("truth/people")}
    assert {"alias_needed", "ambiguous_name"} < kinds


def test_versions_of_one_record_never_overlap(world: Served) -> None:
    DataSet(world.folder).validate()
    for path in ("meta/insights", "google/daily_metrics", "linkedin/analytics"):
        stories = defaultdict(list)
        for line in world.lines(path):
            stories[_metric_key(path, line)].append(
                (instant(line["_known_from"]), instant(line.get("_known_until", "9999-12-31")))
            )
        assert any(len(story) > 1 for story in stories.values())
        for story in stories.values():
            for (since, until), (following, _) in pairwise(story):
                assert since < until <= following


def _metric_key(path: str, line: Record) -> tuple[str, ...]:
    if path == "meta/insights":
        return line["ad_id"], line["date_start"]
    if path == "linkedin/analytics":
        return line["creative"], line["date"]
    ad = line.get("adGroupAd", {}).get("ad", {}).get("id", "")
    return line["customer"]["id"], line["campaign"]["id"], ad, line["segments"]["date"]


def _spend(path: str, line: Record) -> tuple[tuple[str, str, str, str], Decimal]:
    """(platform, account, campaign, day) and money of a metric line."""
    if path == "meta/insights":
        key = ("facebook_ads", line["account_id"], line["campaign_id"], line["date_start"])
        return key, Decimal(line["spend"])
    if path == "linkedin/analytics":
        account, group = line["account"].split(":")[-1], line["campaignGroup"].split(":")[-1]
        return ("linkedin_ads", account, group, line["date"]), Decimal(line["costInLocalCurrency"])
    ids = line["customer"]["id"], line["campaign"]["id"], line["segments"]["date"]
    return ("google_ads", *ids), Decimal(line["metrics"]["costMicros"]) / 1_000_000


METRICS = ("meta/insights", "google/daily_metrics", "linkedin/analytics")


def test_spend_truth_is_the_sum_of_what_is_known_at_the_clock(world: Served) -> None:
    total: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for path in METRICS:
        for line in world.known(path):
            key, money = _spend(path, line)
            total[key] += money
    truth = {
        (line["platform"], line["account_id"], line["campaign_id"], line["date"]):
        Decimal(line["spend"])
        for line in world.lines("truth/spend")
    }  # fmt: skip
    assert truth == total
    assert sum(truth.values()) > 100_000


def test_spend_is_known_the_next_morning_and_restated_both_ways_for_a_while(world: Served) -> None:
    latest: dict[tuple[str, str], str] = {}
    ups = downs = 0
    for path in METRICS:
        stories = defaultdict(list)
        for line in world.lines(path):
            stories[_metric_key(path, line)].append(line)
        for story in stories.values():
            (platform, account, _, day), money = _spend(path, story[0])
            latest[platform, account] = max(day, latest.get((platform, account), ""))
            midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
            first = instant(story[0]["_known_from"])
            assert timedelta(days=1) < first - midnight < timedelta(days=1, hours=12)
            for line in story[1:]:
                assert instant(line["_known_from"]) - first <= timedelta(days=25)
                ups += _spend(path, line)[1] > money
                downs += _spend(path, line)[1] < money
    assert set(latest.values()) == {"2026-11-19"}
    assert ups > 100
    assert downs > 100


def test_some_rows_vanish_and_some_days_are_empty(world: Served) -> None:
    known = {_metric_key(path, line) for path in METRICS for line in world.known(path)}
    ever = {_metric_key(path, line) for path in METRICS for line in world.lines(path)}
    assert ever - known
    days = defaultdict(set)
    for line in world.lines("truth/spend"):
        days[line["account_id"]].add(line["date"])
    everything = set.union(*days.values())
    assert all(everything - spent for spent in days.values())


def _check_letters(body: str) -> str:
    letters = string.ascii_uppercase + "012345"
    chunks = (body[start : start + 5] for start in (0, 5, 10))
    return "".join(
        letters[sum(2**place for place, char in enumerate(chunk) if char.isupper())]
        for chunk in chunks
    )


def test_ids_are_well_formed_and_lead_to_records(world: Served) -> None:
    ids = set()
    for sobject, prefix in {**PREFIXES, **FIELD_HISTORIES}.items():
        for record in world.lines(f"salesforce/{sobject}"):
            identifier = record["Id"]
            assert identifier.startswith(prefix)
            assert len(identifier) == 18
            assert identifier[15:] == _check_letters(identifier[:15])
            ids.add(identifier)
    references = 0
    for sobject in (*PREFIXES, *FIELD_HISTORIES):
        for record in world.known(f"salesforce/{sobject}"):
            for name, value in record.items():
                if name.endswith("Id") and name != "Id":
                    assert value in ids, (sobject, name, value)
                    references += 1
    assert references > 10_000


def test_salesforce_versions_move_their_stamp(world: Served) -> None:
    changed = 0
    for sobject in PREFIXES:
        seen: dict[str, str] = {}
        for record in world.lines(f"salesforce/{sobject}"):
            assert instant(record["SystemModstamp"]) == instant(record["_known_from"])
            assert instant(record["CreatedDate"]) <= instant(record["SystemModstamp"]) <= CLOCK
            changed += record["Id"] in seen
            assert seen.get(record["Id"], "") < record["SystemModstamp"]
            seen[record["Id"]] = record["SystemModstamp"]
    assert changed > 3_000


def test_an_earlier_clock_shows_an_earlier_world(world: Served) -> None:
    earlier = CLOCK - timedelta(days=120)
    before, after = world.salesforce("Lead", earlier), world.salesforce("Lead")
    assert 0 < len(before) < len(after)
    assert set(before) < set(after)
    converted = [key for key, lead in after.items() if lead["IsConverted"]]
    assert any(key in before and not before[key]["IsConverted"] for key in converted)
    open_then = {
        key for key, deal in world.salesforce("Opportunity", earlier).items()
        if not deal["IsClosed"]
    }  # fmt: skip
    assert any(world.salesforce("Opportunity")[key]["IsWon"] for key in open_then)
    names = [{line["id"]: line["name"] for line in world.known("meta/campaigns", clock)}
             for clock in (CLOCK - timedelta(days=700), CLOCK)]  # fmt: skip
    assert any(names[1][key] != name for key, name in names[0].items())


def test_the_crm_is_as_untidy_as_a_crm_is(world: Served) -> None:
    leads = world.salesforce("Lead")
    losers = {
        key: lead["MasterRecordId"] for key, lead in leads.items() if "MasterRecordId" in lead
    }
    assert all(leads[key]["IsDeleted"] for key in losers)
    assert any(winner in losers for winner in losers.values()), "no merge of a merge"
    assert any(lead["IsDeleted"] and "MasterRecordId" not in lead for lead in leads.values())
    fallen = {line["Id"] for line in world.lines("salesforce/Lead") if line["IsDeleted"]}
    assert any(not leads[key]["IsDeleted"] for key in fallen), "no undelete"
    assert any("MasterRecordId" in one for one in world.salesforce("Contact").values())
    members = {line["Id"] for line in world.lines("salesforce/CampaignMember")}
    assert members - set(world.salesforce("CampaignMember")), "no member vanished"
    deals = world.salesforce("Opportunity")
    assert any("Amount" not in deal for deal in deals.values())
    assert any(deal.get("Amount") == 0 for deal in deals.values())
    assert any(deal["IsDeleted"] for deal in deals.values())
    assert {deal["CurrencyIsoCode"] for deal in deals.values()} == {"EUR", "USD", "GBP"}
    lost = {line["Id"] for line in world.lines("salesforce/Opportunity")
            if line["StageName"] == "Closed Lost"}  # fmt: skip
    assert any(deals[key]["StageName"] != "Closed Lost" for key in lost), "no deal reopened"
    roles = world.salesforce("OpportunityContactRole").values()
    assert any(
        deals[role["OpportunityId"]]["IsClosed"]
        and role["CreatedDate"][:10] > deals[role["OpportunityId"]]["CloseDate"]
        for role in roles
    ), "no role added after the close"
    untidy = Counter(word for one in world.lines("truth/people") for word in one["untidy"])
    assert set(untidy) - BESIDE_A_CLICK_ID == {
        "lower_case", "upper_case", "plus", "percent", "double_encoding", "blanks",
        "id_as_decimal", "id_as_urn", "landing_page_only", "missing_medium",
    }  # fmt: skip


def test_people_are_the_components_of_the_records(world: Served) -> None:
    """Merges, conversions and equal addresses, followed by brute force, give truth's people."""
    group: dict[str, str] = {}

    def find(node: str) -> str:
        while group.setdefault(node, node) != node:
            node = group[node]
        return node

    created = {}
    for sobject in ("Lead", "Contact"):
        for key, record in world.salesforce(sobject).items():
            created[key] = record["CreatedDate"]
            name, domain = record["Email"].strip().lower().split("@")
            links = [f"{name.split('+')[0]}@{domain}", record.get("MasterRecordId"),
                     record.get("ConvertedContactId")]  # fmt: skip
            for link in filter(None, links):
                group[find(link)] = find(key)
    components = defaultdict(set)
    for key in created:
        components[find(key)].add(key)
    truth = world.lines("truth/people")
    assert {frozenset(person["record_ids"]) for person in truth} == {
        frozenset(records) for records in components.values()
    }
    assert any(len(person["record_ids"]) > 2 for person in truth)
    for person in truth:
        earliest = min(person["record_ids"], key=lambda key: (created[key], key))
        assert person["person_id"] == earliest


def test_won_revenue_and_every_deal_are_in_the_truth(world: Served) -> None:
    deals = world.salesforce("Opportunity")
    truth = {line["opportunity_id"]: line for line in world.lines("truth/opportunities")}
    assert set(truth) == set(deals)
    won: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for key, deal in deals.items():
        line = truth[key]
        status = "deleted" if deal["IsDeleted"] else "open"
        if status == "open" and deal["IsClosed"]:
            status = "won" if deal["IsWon"] else "lost"
        amount = None if "Amount" not in deal else Decimal(str(deal["Amount"]))
        assert line["status"] == status
        assert (line["amount"] is None) == (amount is None)
        assert amount is None or Decimal(line["amount"]) == amount
        assert line["currency"] == deal["CurrencyIsoCode"]
        assert line["close_date"] == deal["CloseDate"]
        assert instant(line["created_at"]) == instant(deal["CreatedDate"])
        if status == "won":
            month = deal["CloseDate"][:7]
            won[month, deal["CurrencyIsoCode"], line["type_group"]].append(amount or Decimal(0))
    stated = {
        (line["month"], line["currency"], line["type_group"]): (line["deals"], line["revenue"])
        for line in world.lines("truth/won")
    }
    assert {key: (len(sums), f"{sum(sums):.2f}") for key, sums in won.items()} == stated
    assert {group for _, _, group in stated} == {"new_business", "renewal", "expansion"}
    assert min(stated)[0] >= "2024-12"


def _places(world: Served) -> Iterator[tuple[Record, Record, str]]:
    for line in world.lines("truth/people"):
        yield line, line["expected"], line["evidence"]
    for line in world.lines("truth/opportunities"):
        yield line, line["expected"], line["evidence"]


def test_expectations_follow_from_evidence(world: Served) -> None:
    campaigns = {
        (line["platform"], line["account_id"], line["campaign_id"])
        for line in world.lines("truth/spend")
    }
    evidence = Counter()
    for line, expected, kind in _places(world):
        evidence[kind] += 1
        true = line["first_touch"]
        for place in filter(None, (expected, true)):
            assert place["channel"] in CHANNELS
            ids = place["platform"], place["account_id"], place["campaign_id"]
            assert (ids[1] is None) == (ids[2] is None)
            assert ids[2] is None or ids in campaigns
        if kind in ("campaign_id", "campaign_name", "click_id_harvestable", "lead_form"):
            assert expected == true
        if expected["campaign_id"] and kind != "none":
            assert expected["campaign_id"] == true["campaign_id"]
    assert set(evidence) == {
        "campaign_id", "campaign_name", "campaign_name_before_rename", "click_id_harvestable",
        "click_id_too_old", "lead_form", "lead_form_too_old", "unexpanded_macro", "channel_only",
        "lead_source_only", "referrer_only", "direct", "crm_campaign", "cookie_lost", "none",
        "no_person", "touch_after_creation", "outside_lookback",
    }  # fmt: skip


def test_a_deals_first_touch_is_eligible(world: Served) -> None:
    people = {line["person_id"]: line for line in world.lines("truth/people")}
    for line in world.lines("truth/opportunities"):
        assert all(person in people for person in line["people"])
        assert bool(line["people"]) == (line["people_rule"] != "none")
        if line["expected"]["at"]:
            age = instant(line["created_at"]) - instant(line["expected"]["at"])
            assert timedelta(0) <= age <= timedelta(days=730)
        else:
            assert line["expected"]["channel"] == "Unattributed"


def test_every_gclid_of_the_crm_has_a_click_of_the_right_campaign(world: Served) -> None:
    clicks = {line["clickView"]["gclid"]: line for line in world.known("google/click_views")}
    people = {record: line for line in world.lines("truth/people") for record in line["record_ids"]}
    gclids = {
        lead["GCLID__c"]: people[key]
        for key, lead in world.salesforce("Lead").items() if "GCLID__c" in lead
    }  # fmt: skip
    assert len(gclids) > 100
    for gclid, person in gclids.items():
        if person["evidence"] == "crm_campaign":
            continue  # answered a mailing before the form
        assert clicks[gclid]["campaign"]["id"] == person["first_touch"]["campaign_id"]
        assert clicks[gclid]["segments"]["date"] <= person["first_touch"]["at"][:10]


def _channel_of_a_visit(stated: Record) -> str:
    """The channel of a visit as a person would judge it by what GA4 shows."""
    source, medium = stated["sessionSource"].lower(), stated["sessionMedium"].lower()
    if stated.get("sessionDefaultChannelGroup") == "Cross-network":
        return "Paid Other"
    known = {
        "cpc": "Paid Search", "paid_social": "Paid Social", "display": "Display",
        "video": "Display", "(none)": "Direct", "organic": "Organic Search",
        "social": "Organic Social", "email": "Email", "newsletter": "Email", "partner": "Partner",
        "event": "Events", "content-syndication": "Content Syndication", "outbound": "Outbound",
    }  # fmt: skip
    is_social = any(name in source for name in ("linkedin", "lnkd", "facebook"))
    return known.get(medium) or ("Organic Social" if is_social else "Referral")


def test_visitors_and_their_rates_are_those_of_the_truth(world: Served) -> None:
    sessions: Counter[tuple[str, str]] = Counter()
    key_events: Counter[tuple[str, str]] = Counter()
    users: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for line in world.known("ga4/sessions"):
        key, figures = (line["date"][:7], _channel_of_a_visit(line["dimensions"])), line["metrics"]
        sessions[key] += figures["sessions"]
        key_events[key] += line.get("keyEvents", {}).get("generate_lead", 0)
        seen = users[key]
        seen[line["user"]] = max(seen.get(line["user"], 0), figures["totalUsers"])
    told = {(line["month"], line["channel"]): line for line in world.lines("truth/visitors")}
    visited = {key: line for key, line in told.items() if line["sessions"]}
    assert len(visited) > 200
    assert {key: line["sessions"] for key, line in visited.items()} == dict(sessions)
    assert {key: line["users"] for key, line in visited.items()} == {
        key: sum(seen.values()) for key, seen in users.items()
    }
    for key, line in visited.items():
        assert line["key_events"] == key_events[key]
        rate = Decimal(line["key_events"]) / line["users"]
        assert abs(Decimal(line["lead_rate"]) - rate) <= Decimal("0.0000005")
    people = Counter[str]()
    for line in told.values():
        people[line["channel"]] += line["people"]
    assert sum(people.values()) == len(
        {key for line in world.lines("truth/people") if not line["is_internal"]
         for key in line["record_ids"] if key.startswith("00Q")}
        & set(_first_leads(world))
    )  # fmt: skip


def _first_leads(world: Served) -> dict[str, str]:
    """The earliest lead of each person, with its person."""
    created = {key: lead["CreatedDate"] for key, lead in world.salesforce("Lead").items()}
    for line in world.lines("salesforce/Lead"):
        created.setdefault(line["Id"], line["CreatedDate"])
    first = {}
    for person in world.lines("truth/people"):
        leads = [key for key in person["record_ids"] if key.startswith("00Q")]
        if leads:
            first[min(leads, key=lambda key: (created[key], key))] = person["person_id"]
    return first


def test_every_lead_of_the_site_has_its_visit_by_day_and_page(world: Served) -> None:
    visits: Counter[tuple[str, str]] = Counter()
    for line in world.known("ga4/sessions"):
        page = line["dimensions"]["landingPagePlusQueryString"]
        visits[line["date"], page] += line.get("keyEvents", {}).get("generate_lead", 0)
    internal = {
        key for line in world.lines("truth/people") if line["is_internal"]
        for key in line["record_ids"]
    }  # fmt: skip
    leads: Counter[tuple[str, str]] = Counter()
    for key, lead in world.salesforce("Lead").items():
        day = instant(lead["CreatedDate"].replace("+0000", "+00:00")).astimezone(BERLIN).date()
        if key not in internal and "Landing_Page__c" in lead and day < CLOCK.date():
            page = lead["Landing_Page__c"].partition("?")[0]
            leads[day.isoformat(), page.removeprefix("https://www.fernhill.example")] += 1
    assert leads.total() > 2_000
    assert {key: number for key, number in leads.items() if visits[key] < number} == {}


def test_of_a_campaigns_clicks_not_all_arrive(world: Served) -> None:
    clicks: Counter[str] = Counter()
    for line in world.known("google/daily_metrics"):
        clicks[line["campaign"]["id"]] += int(line["metrics"]["clicks"])
    sessions: Counter[str] = Counter()
    for line in world.known("ga4/sessions"):
        if line["dimensions"]["sessionSource"] == "google" and line["metrics"]["sessions"] > 1:
            sessions[line["dimensions"].get("sessionCampaignId", "")] += line["metrics"]["sessions"]
    del sessions[""]
    assert set(sessions) == set(clicks)
    for campaign, number in sessions.items():
        assert 0.6 < number / clicks[campaign] < 0.95


def test_visits_are_known_the_next_morning_and_some_days_are_told_anew(world: Served) -> None:
    lines = world.lines("ga4/sessions")
    anew = [line for line in lines if "_known_until" in line]
    assert 0.02 < len(anew) / len(lines) < 0.2
    for line in lines:
        late = instant(line["_known_from"]).date() - date.fromisoformat(line["date"])
        assert timedelta(days=1) <= late <= timedelta(days=3)
    assert max(line["date"] for line in world.known("ga4/sessions")) == "2026-11-19"
    by_user = Counter(line["user"] for line in world.known("ga4/sessions"))
    assert max(by_user.values()) > 1  # so that users are fewer than the sum of the days


def test_googles_conversions_by_action_add_up_to_those_of_the_day(world: Served) -> None:
    sums: dict[str, dict[tuple[str, str], float]] = {"daily_metrics": {}, "conversions": {}}
    for path, found in sums.items():
        for line in world.known(f"google/{path}"):
            if number := line["metrics"]["conversions"]:
                key = line["campaign"]["id"], line["segments"]["date"]
                found[key] = found.get(key, 0) + number
    assert sums["conversions"] == sums["daily_metrics"]
    assert len(sums["conversions"]) > 100


def test_a_filled_form_becomes_a_lead_of_the_crm_within_hours(world: Served) -> None:
    """Told from the files alone: an address that filled a form is a lead's within three hours."""
    filled: dict[str, tuple[datetime, str]] = {}
    tests = 0
    for line in world.known("meta/leads"):
        (email,) = (each["values"][0] for each in line["field_data"] if each["name"] == "email")
        tests += email == "test@meta.com"
        filled[email] = instant(line["created_time"]), line["campaign_id"]
    groups = {line["id"]: line["campaignGroup"] for line in world.known("linkedin/campaigns")}
    for line in world.known("linkedin/lead_form_responses"):
        answers = {
            answer["questionId"]: answer["answerDetails"]["textQuestionAnswer"]["answer"]
            for answer in line["formResponse"]["answers"]
        }
        tests += line["testLead"]
        at = datetime.fromtimestamp(line["submittedAt"] / 1000, UTC)
        info = line["leadMetadataInfo"]["sponsoredLeadMetadataInfo"]
        group = groups[int(info["campaign"]["id"].split(":")[-1])]
        filled[answers[3]] = at, group.split(":")[-1]
    people = {record: line for line in world.lines("truth/people") for record in line["record_ids"]}
    arrived: dict[str, tuple[datetime, Record]] = {}
    for key, lead in world.salesforce("Lead").items():
        if lead.get("LeadSource") in ("Facebook Ads", "LinkedIn Ads"):
            arrived[lead["Email"]] = instant(lead["CreatedDate"]), people[key]
    assert len(arrived) > 100
    for email, (at, person) in arrived.items():
        submitted, campaign = filled[email]
        assert timedelta(minutes=1) <= at - submitted <= timedelta(hours=3, minutes=1)
        if person["evidence"].startswith("lead_form"):
            assert person["first_touch"]["campaign_id"] == campaign
    assert len(filled.keys() - arrived.keys()) > 10
    assert tests == len(world.known("meta/lead_forms")) + len(world.known("linkedin/lead_forms"))


def test_histories_say_what_the_records_went_through(world: Served) -> None:
    stages: dict[str, list[Record]] = defaultdict(list)
    for line in world.lines("salesforce/Opportunity"):
        stages[line["Id"]].append(line)
    told = defaultdict(list)
    for line in world.known("salesforce/OpportunityHistory"):
        told[line["OpportunityId"]].append(line)
    assert set(told) == set(stages)
    for deal, versions in stages.items():
        history = sorted(told[deal], key=lambda line: line["CreatedDate"])
        assert [line["CreatedDate"] for line in history] == [
            version["SystemModstamp"] for version in versions if not version["IsDeleted"]
        ]
        for name in ("StageName", "Amount", "CloseDate", "Probability"):
            assert history[-1].get(name) == versions[-1].get(name)
    moves = defaultdict(list)
    for line in world.known("salesforce/OpportunityFieldHistory"):
        if line["Field"] == "StageName":
            moves[line["OpportunityId"]].append((line["CreatedDate"], line))
    for deal, changes in moves.items():
        ordered = [line for _, line in sorted(changes, key=lambda change: change[0])]
        assert ordered[0]["OldValue"] == stages[deal][0]["StageName"]
        assert all(one["NewValue"] == two["OldValue"] for one, two in pairwise(ordered))
        assert ordered[-1]["NewValue"] == stages[deal][-1]["StageName"]
    leads = world.salesforce("Lead")
    statuses: dict[str, str] = {}
    for line in sorted(world.known("salesforce/LeadHistory"), key=lambda line: line["CreatedDate"]):
        assert line["OldValue"] == statuses.get(line["LeadId"], "Open - Not Contacted")
        statuses[line["LeadId"]] = line["NewValue"]
    assert len(statuses) > 500
    for key, lead in leads.items():
        assert lead["Status"] == statuses.get(key, "Open - Not Contacted")


def test_the_orgs_stages_and_rates_cover_its_deals(world: Served) -> None:
    known = {line["MasterLabel"] for line in world.known("salesforce/OpportunityStage")}
    deals = world.salesforce("Opportunity").values()
    assert {deal["StageName"] for deal in deals} == known
    currencies = {line["IsoCode"] for line in world.known("salesforce/CurrencyType")}
    assert {deal["CurrencyIsoCode"] for deal in deals} == currencies
    rates = defaultdict(list)
    for line in world.known("salesforce/DatedConversionRate"):
        rates[line["IsoCode"]].append((line["StartDate"], line["NextStartDate"]))
    assert set(rates) == {"USD", "GBP"}
    for spans in rates.values():
        assert all(one[1] == two[0] for one, two in pairwise(sorted(spans)))
        assert max(spans)[1] == "9999-12-31"


def test_picklist_values_are_those_of_the_seeds(world: Served) -> None:
    """What the truth expects of a bare LeadSource is what the product's seed says of it."""
    with (ROOT / "include/seeds/lead_sources.csv").open(encoding="utf-8") as file:
        seed = {row["lead_source"]: row["channel"] for row in csv.DictReader(file)}
    leads, checked = world.salesforce("Lead"), 0
    for person in world.lines("truth/people"):
        if person["evidence"] == "lead_source_only" and person["record_id"] in leads:
            source = leads[person["record_id"]]["LeadSource"].lower()
            assert seed[source] == person["expected"]["channel"]
            checked += 1
    assert checked > 300


def test_channels_and_campaigns_differ_in_what_they_bring(world: Served) -> None:
    won = Counter(
        line["first_touch"]["campaign_id"]
        for line in world.lines("truth/opportunities")
        if line["status"] == "won" and line["first_touch"]
    )
    spend: dict[str, Decimal] = defaultdict(Decimal)
    for line in world.lines("truth/spend"):
        spend[line["campaign_id"]] += Decimal(line["spend"])
    prices = sorted(money / max(1, won[campaign]) for campaign, money in spend.items())
    assert prices[-1] > 5 * prices[0]


def test_only_a_data_set_or_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    generate(out, scale=0.02, months=1)
    first = _digest(out)
    (out / "salesforce" / "Stale.jsonl").write_text("{}\n", encoding="utf-8")
    generate(out, scale=0.02, months=1)
    assert _digest(out) == first

    def fail(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(out, seed=2, scale=0.02, months=1, progress=fail)
    assert _digest(out) == first
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not a data set"):
        generate(mine, scale=0.02, months=1)
    assert (mine / "letter.txt").read_text(encoding="utf-8") == "keep me"
