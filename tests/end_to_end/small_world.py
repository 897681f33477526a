"""A small invented world in which everything moves: one ad account a network, a property, an org.

Days are restated down, cut to zero or taken back; conversions come late; campaigns, ads and leads
come and go; records of the CRM change, are merged, converted and deleted. Every restatement lies
within the look-back of its network, so who loads every night and who loads at the end must see the
same. The one exception is ``HARD_DELETED``: who comes late cannot know that it ever was.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sandbox.salesforce_values import long_id

Line = dict[str, Any]
Files = dict[str, list[Line]]

_LAST_KNOWN_LAG = 26
"""Days after which no figure changes; the shortest look-back is 28 days."""


def key(prefix: str, number: int) -> str:
    """A well-formed Salesforce id."""
    return long_id(f"{prefix}5g{number:010d}")


HARD_DELETED = key("00Q", 3)


def files(first: date, days: int) -> Files:
    """The world's data set, from ``first`` on for so many days."""
    networks = _meta(first, days) | _google(first, days) | _linkedin(first, days)
    return networks | _analytics(first, days) | _salesforce(first, days)


def _versions(n: int) -> list[tuple[int, Decimal | None, int]]:
    """What becomes of a day: (days later, factor of spend, conversions); None: nothing is left."""
    return {
        0: [(1, Decimal(1), 1)],
        1: [(1, Decimal(1), 1), (4, Decimal("0.75"), 1)],  # credited back
        2: [(1, Decimal(1), 0), (3, Decimal(1), 2), (_LAST_KNOWN_LAG, Decimal(1), 5)],  # late
        3: [(1, Decimal(1), 3), (7, Decimal(0), 0)],  # cut to zero
        4: [(1, Decimal(1), 1), (10, None, 0)],  # taken back
        5: [(1, Decimal("0.5"), 0), (2, Decimal(1), 1), (9, Decimal("1.25"), 1)],  # leaks in
        6: [(1, Decimal(1), 4), (12, Decimal(1), 2)],  # conversions withdrawn
    }[n % 7]


def _known(start: date, end: date | None = None, hour: int = 6) -> Line:
    known = {"_known_from": f"{start}T{hour:02d}:00:00Z"}
    return known | ({"_known_until": f"{end}T{hour:02d}:00:00Z"} if end else {})


def _figures(first: date, days: int, which: int) -> Iterator[tuple[date, Decimal, int, Line]]:
    """Day, spend, conversions and when that was known, of the which-th thing that has figures."""
    for n in range(days):
        day = first + timedelta(n)
        versions = _versions(n + which)
        for at, (lag, factor, conversions) in enumerate(versions):
            until = day + timedelta(versions[at + 1][0]) if at + 1 < len(versions) else None
            if factor is not None:
                spend = (Decimal(400 + 70 * which + 30 * (n % 5)) * factor / 100).quantize(
                    Decimal("0.01")
                )
                yield day, spend, conversions, _known(day + timedelta(lag), until)


def _meta(first: date, days: int) -> Files:
    middle = first + timedelta(days // 2)

    def thing(number: str, name: str, **more: Any) -> Line:
        described = {"id": number, "account_id": "1", "name": name, "status": "ACTIVE"}
        return {**described, "effective_status": "ACTIVE", **more}

    gone = {"status": "DELETED", "effective_status": "DELETED"}
    tags = {"id": "91", "url_tags": "utm_source=facebook&utm_id={{campaign.id}}"}
    insights = [
        {
            "account_id": "1",
            "campaign_id": campaign,
            "adset_id": f"{campaign}1",
            "ad_id": f"{campaign}11",
            "date_start": str(day),
            "date_stop": str(day),
            "spend": str(spend),
            "impressions": str(int(spend * 100)),
            "clicks": str(int(spend)),
            "inline_link_clicks": str(int(spend) // 2),
            "actions": [
                {"action_type": "lead", "value": str(conversions)},
                {"action_type": "link_click", "value": str(int(spend) // 2)},
            ],
            "action_values": [{"action_type": "lead", "value": f"{conversions * 10}.50"}],
            **known,
        }
        for which, campaign in enumerate(("11", "12", "13"))
        for day, spend, conversions, known in _figures(first, days, which)
        if campaign != "13" or day >= middle
    ]
    leads = [
        {
            "id": f"70{n}",
            "account_id": "1",
            "form_id": "81",
            "created_time": f"{first + timedelta(n)}T15:30:00+0000",
            "ad_id": "1111",
            "adset_id": "111",
            "campaign_id": "11",
            "is_organic": False,
            "platform": "fb",
            "field_data": [{"name": "email", "values": [f"person{n}@example.com"]}],
            "_known_from": f"{first + timedelta(n)}T15:31:00Z",
        }
        for n in range(0, days, 3)
    ]
    return {
        "meta/ad_accounts": [
            {
                "id": "act_1",
                "account_id": "1",
                "name": "North",
                "currency": "USD",
                "timezone_name": "America/New_York",
                "timezone_offset_hours_utc": -5,
                "account_status": 1,
            }
        ],
        "meta/campaigns": [
            thing("11", "Brand", _known_until=str(middle)),
            thing("11", "Brand renamed", _known_from=str(middle)),
            thing("12", "Leads", _known_until=str(middle)),
            thing("12", "Leads", **gone, _known_from=str(middle)),
            thing("13", "Webinar", _known_from=str(middle)),
        ],
        "meta/adsets": [
            thing(f"{campaign}1", "Set", campaign_id=campaign) for campaign in ("11", "12", "13")
        ],
        "meta/ads": [
            thing(
                f"{campaign}11",
                "Ad",
                adset_id=f"{campaign}1",
                campaign_id=campaign,
                creative=tags | {"object_story_spec": {"link_data": {"call_to_action": {
                    "type": "SIGN_UP", "value": {"lead_gen_form_id": "81"}}}}},
            )
            for campaign in ("11", "12", "13")
        ],
        "meta/insights": insights,
        "meta/leads": leads,
        "meta/lead_forms": [{"id": "81", "name": "White paper"}],
    }  # fmt: skip


def _google(first: date, days: int) -> Files:
    middle = first + timedelta(days // 2)
    manager, client = "9000000001", "1234567890"
    owner = {"customer": {"id": client}}

    def customer(number: str, name: str, **more: Any) -> Line:
        return {
            "resourceName": f"customers/{number}",
            "id": number,
            "descriptiveName": name,
            "currencyCode": "EUR",
            "timeZone": "Europe/Berlin",
            "manager": False,
            "status": "ENABLED",
            **more,
        }

    def campaign(number: str, name: str, status: str = "ENABLED", **known: str) -> Line:
        described = {
            "id": number,
            "name": name,
            "status": status,
            "advertisingChannelType": "SEARCH",
            "startDate": str(first),
            "finalUrlSuffix": "utm_source=google&utm_id={campaignid}",
        }
        return {**owner, "campaign": described, **known}

    metrics, conversions = [], []
    for which, number in enumerate(("21", "22", "23")):
        for day, spend, count, known in _figures(first, days, which + 3):
            if number == "23" and day < middle:
                continue
            place = {**owner, "campaign": {"id": number}, "adGroup": {"id": f"{number}1"}}
            brought = {"conversions": count + 0.5, "conversionsValue": count * 7.25}
            metrics.append(
                {
                    **place,
                    "adGroupAd": {"ad": {"id": f"{number}11"}},
                    "segments": {"date": str(day)},
                    "metrics": {
                        "costMicros": str(int(spend * 1_000_000)),
                        "impressions": str(int(spend * 50)),
                        "clicks": str(int(spend)),
                        **brought,
                    },
                    **known,
                }
            )
            conversions.append(
                {
                    **place,
                    "segments": {
                        "date": str(day),
                        "conversionAction": f"customers/{client}/conversionActions/71",
                        "conversionActionName": "Demo booked",
                        "conversionActionCategory": "SUBMIT_LEAD_FORM",
                    },
                    "metrics": brought,
                    **known,
                }
            )
    clicks = [
        {
            **owner,
            "campaign": {"id": "21"},
            "adGroup": {"id": "211"},
            "clickView": {
                "resourceName": f"customers/{client}/clickViews/{day}~gclid-{n}",
                "gclid": f"gclid-{n}",
                "adGroupAd": f"customers/{client}/adGroupAds/211~2111",
                "keywordInfo": {"text": "planning software", "matchType": "PHRASE"},
            },
            "segments": {"date": str(day), "device": "DESKTOP", "adNetworkType": "SEARCH"},
            **_known(day + timedelta(1), hour=4),
        }
        for n, day in enumerate(first + timedelta(n) for n in range(0, days, 2))
    ]
    return {
        "google/customers": [
            {"customer": customer(manager, "Manager", manager=True), "clients": [client]},
            {"customer": customer(client, "Client")},
        ],
        "google/campaigns": [
            campaign("21", "Search", _known_until=str(middle)),
            campaign("21", "Search renamed", _known_from=str(middle)),
            campaign("22", "Old", _known_until=str(middle)),
            campaign("22", "Old", "REMOVED", _known_from=str(middle)),
            campaign("23", "New", _known_from=str(middle)),
        ],
        "google/ad_groups": [
            {
                **owner,
                "campaign": {"id": number},
                "adGroup": {
                    "id": f"{number}1",
                    "name": "Group",
                    "status": "ENABLED",
                    "type": "SEARCH_STANDARD",
                },
            }
            for number in ("21", "22", "23")
        ],
        "google/ads": [
            {
                **owner,
                "campaign": {"id": number},
                "adGroup": {"id": f"{number}1"},
                "adGroupAd": {
                    "status": "ENABLED",
                    "ad": {
                        "id": f"{number}11",
                        "name": "Headline",
                        "type": "RESPONSIVE_SEARCH_AD",
                        "finalUrls": ["https://www.example.com/demo"],
                    },
                },
            }
            for number in ("21", "22", "23")
        ],
        "google/daily_metrics": metrics,
        "google/conversions": conversions,
        "google/click_views": clicks,
    }


def _linkedin(first: date, days: int) -> Files:
    middle = first + timedelta(days // 2)
    account = "urn:li:sponsoredAccount:5"

    def thing(number: int, name: str, status: str = "ACTIVE", **more: Any) -> Line:
        return {"id": number, "account": account, "name": name, "status": status, **more}

    def group(number: int) -> str:
        return f"urn:li:sponsoredCampaignGroup:{number}"

    def campaign(number: int) -> str:
        return f"urn:li:sponsoredCampaign:{number}"

    analytics = [
        {
            "account": account,
            "campaignGroup": group(number),
            "campaign": campaign(number + 100),
            "creative": f"urn:li:sponsoredCreative:{number + 200}",
            "date": str(day),
            "costInLocalCurrency": str(spend),
            "costInUsd": str(spend),
            "impressions": int(spend * 20),
            "clicks": int(spend) // 3,
            "externalWebsiteConversions": conversions,
            "oneClickLeads": conversions // 2,
            "conversionValueInLocalCurrency": f"{conversions * 3}.25",
            **known,
        }
        for which, number in enumerate((31, 32, 33))
        for day, spend, conversions, known in _figures(first, days, which + 5)
        if number != 33 or day >= middle
    ]
    responses = []
    for n in range(1, days, 4):
        at = datetime.combine(first + timedelta(n), datetime.min.time(), UTC) + timedelta(hours=9)
        answer = {"textQuestionAnswer": {"answer": f"reader{n}@example.com"}}
        responses.append(
            {
                "id": f"resp-{n}",
                "owner": {"sponsoredAccount": account},
                "leadType": "SPONSORED",
                "submittedAt": int(at.timestamp()) * 1000,
                "testLead": False,
                "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:61,1)",
                "associatedEntityInfo": {
                    "associatedCreative": {"id": "urn:li:sponsoredCreative:231"}
                },
                "leadMetadataInfo": {
                    "sponsoredLeadMetadataInfo": {"campaign": {"id": campaign(131)}}
                },
                "formResponse": {"answers": [{"questionId": 1, "answerDetails": answer}]},
                "_known_from": (at + timedelta(minutes=1)).isoformat().replace("+00:00", "Z"),
            }
        )
    return {
        "linkedin/accounts": [
            {
                "id": 5,
                "name": "Europe",
                "currency": "EUR",
                "status": "ACTIVE",
                "type": "BUSINESS",
                "reference": "urn:li:organization:1",
                "test": False,
                "servingStatuses": ["RUNNABLE"],
            }
        ],
        "linkedin/campaign_groups": [
            thing(31, "Finance", _known_until=str(middle)),
            thing(31, "Finance renamed", _known_from=str(middle)),
            thing(32, "Old", _known_until=str(middle)),
            thing(32, "Old", "ARCHIVED", _known_from=str(middle)),
            thing(33, "New", _known_from=str(middle)),
        ],
        "linkedin/campaigns": [
            thing(number + 100, "Interests", campaignGroup=group(number), type="SPONSORED_UPDATES")
            for number in (31, 32, 33)
        ],
        "linkedin/creatives": [
            {
                "id": f"urn:li:sponsoredCreative:{number + 200}",
                "account": account,
                "campaign": campaign(number + 100),
                "name": "Picture",
                "intendedStatus": "ACTIVE",
                "isServing": True,
                "createdAt": 1790780400000,
                "lastModifiedAt": 1790780400000,
            }
            for number in (31, 32, 33)
        ],
        "linkedin/analytics": analytics,
        "linkedin/lead_forms": [
            {
                "id": 61,
                "name": "Guide",
                "state": "PUBLISHED",
                "versionId": 1,
                "owner": {"sponsoredAccount": account},
                "content": {
                    "questions": [
                        {"questionId": 1, "name": "work_email", "predefinedField": "WORK_EMAIL"}
                    ]
                },
            }
        ],
        "linkedin/lead_form_responses": responses,
    }


def _analytics(first: date, days: int) -> Files:
    """Visits of two ways, a third from the middle on; each day is counted anew a day or two later,
    and some key events are credited a week later."""
    middle = first + timedelta(days // 2)

    def visit(day: date, way: tuple[str, str, str], sessions: int, *known: date) -> Line:
        source, medium, campaign = way
        return {
            "property": "properties/7",
            "date": str(day),
            "user": f"{source} {day}",
            "dimensions": {
                "sessionSource": source,
                "sessionMedium": medium,
                "sessionCampaignName": campaign,
                "landingPagePlusQueryString": "/",
            },
            "metrics": {"sessions": sessions, "newUsers": 1},
            **_known(*known),
        }

    sessions = []
    for n in range(days):
        day = first + timedelta(n)
        at_once, complete, credited = (day + timedelta(lag) for lag in (1, 2 + n % 2, 7))
        for way in (
            ("google", "cpc", "Search"),
            ("facebook", "paid_social", "Brand"),
            ("news", "email", "June"),
        ):
            if way[0] == "news" and day < middle:
                continue
            sessions.append(visit(day, way, 1, at_once, complete))
            counted = visit(day, way, 2 + n % 3, complete, credited)
            late = visit(day, way, 2 + n % 3, credited)
            sessions += [counted, late | {"keyEvents": {"generate_lead": 1 + n % 2}}]
    return {
        "ga4/properties": [
            {
                "name": "properties/7",
                "displayName": "Site",
                "timeZone": "Europe/Berlin",
                "currencyCode": "EUR",
                "keyEvents": ["generate_lead"],
            }
        ],
        "ga4/sessions": sessions,
    }


def _salesforce(first: date, days: int) -> Files:
    def at(day: int, hour: int = 8) -> str:
        return f"{first + timedelta(day)}T{hour:02d}:00:00Z"

    def states(
        sobject: str, number: int, made: int, content: Line, *changes: tuple[int, Line]
    ) -> list[Line]:
        """One record: made on a day, then changed on others; a change of None takes it away."""
        found = []
        moments = [(made, {}), *changes]
        for n, (day, change) in enumerate(moments):
            if day >= days or change is None:
                break
            content = content | change
            line = {
                "Id": key(sobject, number),
                "IsDeleted": False,
                **content,
                "CreatedDate": at(made).replace("Z", ".000+0000"),
                "LastModifiedDate": at(day).replace("Z", ".000+0000"),
                "SystemModstamp": at(day).replace("Z", ".000+0000"),
                "_known_from": at(day),
            }
            if n + 1 < len(moments) and moments[n + 1][0] < days:
                line["_known_until"] = at(moments[n + 1][0])
            found.append(line)
        return found

    owner, company, person, deal = key("005", 1), key("001", 1), key("003", 1), key("006", 1)
    quarter = max(days // 4, 1)
    leads = [
        line
        for number in range(8)
        for line in states(
            "00Q",
            number,
            number * quarter // 3,
            {
                "LastName": f"Lead {number}",
                "Company": "Acme",
                "Email": f"person{number}@example.com",
                "Status": "Open",
                "OwnerId": owner,
                "IsConverted": False,
                "UTM_Source__c": "google",
                "GCLID__c": f"gclid-{number}",
            },
            *{
                1: [(quarter, {"Status": "Working"}), (2 * quarter, {"Status": "Nurturing"})],
                2: [(2 * quarter, {"IsDeleted": True, "MasterRecordId": key("00Q", 1)})],
                3: [(3 * quarter, None)],
                4: [
                    (
                        3 * quarter,
                        {
                            "IsConverted": True,
                            "ConvertedDate": str(first + timedelta(3 * quarter)),
                            "ConvertedContactId": person,
                            "ConvertedAccountId": company,
                            "ConvertedOpportunityId": deal,
                        },
                    )
                ],
                5: [(3 * quarter, {"IsDeleted": True}), (3 * quarter + 1, {"IsDeleted": False})],
            }.get(number, []),
        )
    ]
    opened = {
        "Name": "Acme - New Business",
        "AccountId": company,
        "StageName": "Prospecting",
        "CloseDate": str(first + timedelta(days)),
        "CurrencyIsoCode": "EUR",
        "IsClosed": False,
        "IsWon": False,
        "OwnerId": owner,
    }
    won = {"StageName": "Closed Won", "IsClosed": True, "IsWon": True, "Amount": 1200.5}

    def change(number: int, day: int, sobject: str, content: Line) -> list[Line]:
        return states(sobject, number, day, content) if day < days else []

    return {
        "salesforce/User": states("005", 1, 0, {"LastName": "Sales", "IsActive": True}),
        "salesforce/Account": states(
            "001", 1, 0, {"Name": "Acme", "OwnerId": owner}, (quarter, {"Industry": "Software"})
        ),
        "salesforce/Contact": states(
            "003", 1, 0, {"LastName": "Turing", "AccountId": company, "OwnerId": owner}
        ),
        "salesforce/Lead": leads,
        "salesforce/Opportunity": states(
            "006", 1, 0, opened, (quarter, {"Amount": 900.25}), (3 * quarter, won)
        ),
        "salesforce/OpportunityContactRole": states(
            "00K", 1, 0, {"OpportunityId": deal, "ContactId": person, "IsPrimary": True}
        ),
        "salesforce/OpportunityHistory": [
            line
            for number, (day, content) in enumerate(
                [(0, opened), (quarter, {**opened, "Amount": 900.25}), (3 * quarter, won)], 1
            )
            for line in change(
                number,
                day,
                "008",
                {
                    "OpportunityId": deal,
                    "StageName": content["StageName"],
                    "Amount": content.get("Amount"),
                    "CurrencyIsoCode": "EUR",
                },
            )
        ],
        "salesforce/LeadHistory": change(
            1,
            quarter,
            "017",
            {"LeadId": key("00Q", 1), "Field": "Status", "OldValue": "Open", "NewValue": "Working"},
        ),
        "salesforce/Campaign": states(
            "701", 1, 0, {"Name": "Webinar", "Type": "Webinar", "CurrencyIsoCode": "EUR"}
        ),
        "salesforce/CampaignMember": states(
            "00v",
            1,
            0,
            {"CampaignId": key("701", 1), "LeadId": key("00Q", 1), "HasResponded": False},
            (quarter, {"HasResponded": True, "Status": "Responded"}),
        ),
        "salesforce/RecordType": states(
            "012",
            1,
            0,
            {"Name": "New", "DeveloperName": "New", "SobjectType": "Opportunity", "IsActive": True},
        ),
        "salesforce/OpportunityStage": states(
            "01J", 1, 0, {"MasterLabel": "Prospecting", "ApiName": "Prospecting", "SortOrder": 1}
        ),
    }
