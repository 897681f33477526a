"""Data sets of one account for the sandbox, written quickly: as many ad-days as are asked for.

Figures follow from the ad's number and the day's alone, so the same arguments give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

AS_OF = date(2026, 11, 20)
ADS_IN_A_GROUP, GROUPS_IN_A_CAMPAIGN = 5, 4
ACCOUNTS = {
    "facebook_ads": "1048576001234517",
    "google_ads": "4815162342",
    "linkedin_ads": "512345678",
}
OLD_GRAPH = "v21.0"  # the version ingestr is built for, past its end


@dataclass(frozen=True)
class Size:
    """``things`` ads over ``days`` days up to yesterday; for a CRM, that many leads."""

    things: int
    days: int = 1

    def __str__(self) -> str:
        if self.days == 1:
            return f"{self.rows:,} leads"
        return f"{self.rows:,} rows, {self.things:,} ads over {self.days:,} days"

    @property
    def rows(self) -> int:
        """How many rows a whole reading gives."""
        return self.things * self.days

    @property
    def first(self) -> date:
        """The first day."""
        return AS_OF - timedelta(self.days)

    @property
    def last(self) -> date:
        """The last day: yesterday."""
        return AS_OF - timedelta(1)


def write_world(folder: Path, source: str, size: Size) -> Path:
    """Write a data set for one source; gives the folder."""
    about = {
        "company": "Bench Ltd",
        "time_zone": "America/New_York",
        "currency": "USD",
        "as_of": AS_OF.isoformat(),
        "meta_versions": [OLD_GRAPH],
    }
    files = {
        "facebook_ads": _meta,
        "google_ads": _google,
        "linkedin_ads": _linkedin,
        "salesforce": _salesforce,
    }[source](size)
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text(json.dumps(about), encoding="utf-8")
    for path, lines in files.items():
        file = folder / f"{path}.jsonl"
        file.parent.mkdir(exist_ok=True)
        with file.open("w", encoding="utf-8") as out:
            out.writelines(lines)
    return folder


def _days(size: Size) -> list[str]:
    return [(size.first + timedelta(number)).isoformat() for number in range(size.days)]


def _parents(ad: int) -> tuple[int, int]:
    """Numbers of an ad's group and campaign."""
    group = ad // ADS_IN_A_GROUP
    return group, group // GROUPS_IN_A_CAMPAIGN


def _groups(size: Size) -> range:
    return range(_parents(size.things - 1)[0] + 1)


def _campaigns(size: Size) -> range:
    return range(_parents(size.things - 1)[1] + 1)


def _figures(ad: int, day: int) -> tuple[int, int, int, int]:
    """Micros of spend (whole cents), impressions, clicks, conversions."""
    mixed = (ad * 7919 + day * 104_729) % 10_007
    return (mixed + 1) * 10_000, 100 + mixed % 3_000, mixed % 97, 0 if mixed % 4 else mixed % 3


def _lines(records: Iterator[dict]) -> Iterator[str]:
    return (json.dumps(record, separators=(",", ":")) + "\n" for record in records)


def _meta(size: Size) -> dict[str, Iterator[str]]:
    account = ACCOUNTS["facebook_ads"]

    def insights() -> Iterator[str]:
        for number, day in enumerate(_days(size)):
            for ad in range(size.things):
                group, campaign = _parents(ad)
                micros, impressions, clicks, leads = _figures(ad, number)
                actions = [{"action_type": "link_click", "value": str(clicks)}]
                values = []
                if leads:
                    actions.append({"action_type": "lead", "value": str(leads)})
                    values.append({"action_type": "lead", "value": f"{leads * 125}.00"})
                yield (
                    f'{{"account_id":"{account}","account_currency":"USD",'
                    f'"campaign_id":"12010000{campaign:06}","adset_id":"12020000{group:06}",'
                    f'"ad_id":"12030000{ad:06}","date_start":"{day}","date_stop":"{day}",'
                    f'"spend":"{micros // 1_000_000}.{micros // 10_000 % 100:02}",'
                    f'"impressions":"{impressions}","clicks":"{clicks}",'
                    f'"inline_link_clicks":"{clicks // 2}","actions":{json.dumps(actions)},'
                    f'"action_values":{json.dumps(values)}}}\n'
                )

    return {
        "meta/ad_accounts": _lines(
            iter(
                [
                    {
                        "id": f"act_{account}",
                        "account_id": account,
                        "name": "Bench",
                        "account_status": 1,
                        "currency": "USD",
                        "timezone_name": "America/New_York",
                    }
                ]
            )
        ),
        "meta/campaigns": _lines(
            {"id": f"12010000{n:06}", "account_id": account, "name": f"Campaign {n}"}
            for n in _campaigns(size)
        ),
        "meta/adsets": _lines(
            {
                "id": f"12020000{n:06}",
                "account_id": account,
                "campaign_id": f"12010000{n // GROUPS_IN_A_CAMPAIGN:06}",
                "name": f"Ad set {n}",
            }
            for n in _groups(size)
        ),
        "meta/ads": _lines(
            {
                "id": f"12030000{n:06}",
                "account_id": account,
                "adset_id": f"12020000{_parents(n)[0]:06}",
                "campaign_id": f"12010000{_parents(n)[1]:06}",
                "name": f"Ad {n}",
            }
            for n in range(size.things)
        ),
        "meta/insights": insights(),
    }


def _google(size: Size) -> dict[str, Iterator[str]]:
    customer = ACCOUNTS["google_ads"]
    home = f"customers/{customer}"

    def metrics() -> Iterator[str]:
        for number, day in enumerate(_days(size)):
            for ad in range(size.things):
                group, campaign = _parents(ad)
                micros, impressions, clicks, conversions = _figures(ad, number)
                yield (
                    f'{{"customer":{{"id":"{customer}"}},"campaign":{{"id":"2198{campaign:06}"}},'
                    f'"adGroup":{{"id":"1691{group:06}"}},'
                    f'"adGroupAd":{{"ad":{{"id":"7484{ad:06}"}}}},"segments":{{"date":"{day}"}},'
                    f'"metrics":{{"costMicros":"{micros}","impressions":"{impressions}",'
                    f'"clicks":"{clicks}","conversions":{conversions}.0,'
                    f'"conversionsValue":{conversions * 125}.0}}}}\n'
                )

    return {
        "google/customers": _lines(
            iter(
                [
                    {
                        "customer": {
                            "resourceName": home,
                            "id": customer,
                            "descriptiveName": "Bench",
                            "currencyCode": "USD",
                            "timeZone": "America/New_York",
                            "manager": False,
                            "status": "ENABLED",
                        }
                    }
                ]
            )
        ),
        "google/campaigns": _lines(
            {
                "customer": {"id": customer},
                "campaign": {
                    "resourceName": f"{home}/campaigns/2198{n:06}",
                    "id": f"2198{n:06}",
                    "name": f"Campaign {n}",
                    "status": "ENABLED",
                    "advertisingChannelType": "SEARCH",
                },
            }
            for n in _campaigns(size)
        ),
        "google/ad_groups": _lines(
            {
                "customer": {"id": customer},
                "campaign": {"id": f"2198{n // GROUPS_IN_A_CAMPAIGN:06}"},
                "adGroup": {
                    "resourceName": f"{home}/adGroups/1691{n:06}",
                    "id": f"1691{n:06}",
                    "name": f"Ad group {n}",
                    "status": "ENABLED",
                },
            }
            for n in _groups(size)
        ),
        "google/ads": _lines(
            {
                "customer": {"id": customer},
                "campaign": {"id": f"2198{_parents(n)[1]:06}"},
                "adGroup": {"id": f"1691{_parents(n)[0]:06}"},
                "adGroupAd": {
                    "resourceName": f"{home}/adGroupAds/1691{_parents(n)[0]:06}~7484{n:06}",
                    "status": "ENABLED",
                    "ad": {"id": f"7484{n:06}", "name": f"Ad {n}"},
                },
            }
            for n in range(size.things)
        ),
        "google/daily_metrics": metrics(),
    }


def _linkedin(size: Size) -> dict[str, Iterator[str]]:
    account = f"urn:li:sponsoredAccount:{ACCOUNTS['linkedin_ads']}"

    def analytics() -> Iterator[str]:
        for number, day in enumerate(_days(size)):
            for ad in range(size.things):
                group, campaign = _parents(ad)
                micros, impressions, clicks, leads = _figures(ad, number)
                spend = f"{micros // 1_000_000}.{micros // 10_000 % 100:02}"
                yield (
                    f'{{"account":"{account}",'
                    f'"campaignGroup":"urn:li:sponsoredCampaignGroup:{632_000_000 + campaign}",'
                    f'"campaign":"urn:li:sponsoredCampaign:{384_000_000 + group}",'
                    f'"creative":"urn:li:sponsoredCreative:{811_000_000 + ad}","date":"{day}",'
                    f'"costInLocalCurrency":"{spend}","costInUsd":"{spend}",'
                    f'"impressions":{impressions},"clicks":{clicks},'
                    f'"externalWebsiteConversions":{leads},"oneClickLeads":{leads},'
                    f'"conversionValueInLocalCurrency":"{leads * 125}.00"}}\n'
                )

    return {
        "linkedin/accounts": _lines(
            iter([{"id": int(ACCOUNTS["linkedin_ads"]), "name": "Bench", "currency": "USD"}])
        ),
        "linkedin/campaign_groups": _lines(
            {"id": 632_000_000 + n, "account": account, "name": f"Campaign group {n}"}
            for n in _campaigns(size)
        ),
        "linkedin/campaigns": _lines(
            {
                "id": 384_000_000 + n,
                "account": account,
                "campaignGroup": f"urn:li:sponsoredCampaignGroup:"
                f"{632_000_000 + n // GROUPS_IN_A_CAMPAIGN}",
                "name": f"Campaign {n}",
            }
            for n in _groups(size)
        ),
        "linkedin/creatives": _lines(
            {
                "id": f"urn:li:sponsoredCreative:{811_000_000 + n}",
                "account": account,
                "campaign": f"urn:li:sponsoredCampaign:{384_000_000 + _parents(n)[0]}",
                "name": f"Creative {n}",
            }
            for n in range(size.things)
        ),
        "linkedin/analytics": analytics(),
    }


def _salesforce(size: Size) -> dict[str, Iterator[str]]:
    began = datetime(2025, 1, 1, tzinfo=UTC)

    def leads() -> Iterator[dict]:
        for number in range(size.rows):
            at = f"{began + timedelta(minutes=7 * number):%Y-%m-%dT%H:%M:%S}.000+0000"
            yield {
                "Id": f"00Q5g{number:010}EAU",
                "FirstName": "Ada",
                "LastName": f"Miller {number}",
                "Email": f"ada.miller.{number}@company{number % 5_000}.example",
                "Company": f"Company {number % 5_000} Ltd.",
                "Title": "Head of Finance",
                "Country": "United States",
                "Industry": "Insurance",
                "NumberOfEmployees": 10 + number % 9_000,
                "OwnerId": "0055g0000000D2UAAU",
                "Status": "Open - Not Contacted",
                "IsConverted": False,
                "IsDeleted": False,
                "LeadSource": "Web",
                "UTM_Source__c": "google",
                "UTM_Medium__c": "cpc",
                "UTM_Campaign__c": f"2198{number % 400:06}",
                "GCLID__c": f"Cj0KCQE4RiizXHFVUR1GQwnp9FkcrshVNYiXrE2qR7jx{number:08}",
                "Landing_Page__c": f"https://www.bench.example/demo?utm_source=google&n={number}",
                "CreatedDate": at,
                "LastModifiedDate": at,
                "SystemModstamp": at,
            }

    return {"salesforce/Lead": _lines(leads())}
