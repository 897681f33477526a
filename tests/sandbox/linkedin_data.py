"""A small LinkedIn world for tests: two accounts, three campaign groups, restated days."""

from typing import Any


def account_urn(number: int) -> str:
    return f"urn:li:sponsoredAccount:{number}"


def group_urn(number: int) -> str:
    return f"urn:li:sponsoredCampaignGroup:{number}"


def campaign_urn(number: int) -> str:
    return f"urn:li:sponsoredCampaign:{number}"


def creative_urn(number: int) -> str:
    return f"urn:li:sponsoredCreative:{number}"


EURO, DOLLAR = 512345, 512346


def account(number: int, currency: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Account {number}",
        "currency": currency,
        "status": "ACTIVE",
        "type": "BUSINESS",
        "reference": "urn:li:organization:1",
        "test": False,
        **more,
    }


def group(number: int, owner: int = EURO, status: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "account": account_urn(owner),
        "name": f"Group {number}",
        "status": status,
        "test": False,
        **more,
    }


def campaign(number: int, above: int, owner: int = EURO) -> dict[str, Any]:
    return {
        "id": number,
        "account": account_urn(owner),
        "campaignGroup": group_urn(above),
        "name": f"Campaign {number}",
        "status": "ACTIVE",
        "type": "SPONSORED_UPDATES",
        "objectiveType": "LEAD_GENERATION",
        "costType": "CPM",
        "test": False,
    }


def day(
    date: str,
    cost: str,
    number: int = 701,
    above: int = 601,
    creative: int | None = 801,
    owner: int = EURO,
    **more: Any,
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "account": account_urn(owner),
        "campaignGroup": group_urn(above),
        "campaign": campaign_urn(number),
        "date": date,
        "costInLocalCurrency": cost,
        "costInUsd": cost,
        "impressions": 10,
        "clicks": 1,
        "externalWebsiteConversions": 0,
        "oneClickLeads": 0,
        "conversionValueInLocalCurrency": "0",
        **more,
    }
    if creative:
        line["creative"] = creative_urn(creative)
    return line


FILES: dict[str, list[dict[str, Any]]] = {
    "linkedin/accounts": [account(EURO, "EUR"), account(DOLLAR, "USD", status="CANCELED")],
    "linkedin/campaign_groups": [
        {**group(601), "_known_until": "2026-11-10"},
        {**group(601, name="Group 601 (new) 100%"), "_known_from": "2026-11-10"},
        group(602, status="PAUSED"),
        group(603, DOLLAR),
        group(604, status="REMOVED"),
    ],
    "linkedin/campaigns": [campaign(701, 601), campaign(702, 602), campaign(703, 603, DOLLAR)],
    "linkedin/creatives": [
        {
            "id": creative_urn(number),
            "account": account_urn(EURO),
            "campaign": campaign_urn(701),
            "intendedStatus": "ACTIVE",
            "content": {"reference": "urn:li:share:1"},
        }
        for number in (801, 802)
    ],
    "linkedin/analytics": [
        day("2026-10-31", "0.10"),
        day("2026-11-01", "0.10"),
        day("2026-11-01", "0.20", creative=802, oneClickLeads=2),
        {**day("2026-11-02", "9.99"), "_known_until": "2026-11-05"},
        {**day("2026-11-02", "8.88"), "_known_from": "2026-11-05"},
        day("2026-11-02", "1.000001", 702, 602, creative=None),
        day("2026-11-02", "0", 702, 602, creative=None, impressions=0, clicks=0),
        day("2026-11-03", "0", impressions=0, clicks=0),
        day("2026-11-01", "77", 703, 603, owner=DOLLAR, creative=None),
    ],
}


def tracking(entity: str, urn: str, **parameters: dict[str, str]) -> dict[str, Any]:
    return {"adEntity": {entity: urn}, **parameters}


def form(number: int, questions: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Form {number}",
        "owner": {"sponsoredAccount": account_urn(EURO)},
        "versionId": 1,
        "hiddenFields": [{"name": "utm_campaign", "value": "hidden"}],
        "content": {
            "questions": [
                {"questionId": place, "name": kind.lower(), "predefinedField": kind}
                for place, kind in enumerate(questions, 1)
            ]
        },
        **more,
    }


def response(number: int, at: int, form_id: int, *answers: str, **more: Any) -> dict[str, Any]:
    """An answer submitted ``at`` milliseconds since 1970."""
    return {
        "id": f"response-{number:05}",
        "owner": {"sponsoredAccount": account_urn(EURO)},
        "leadType": "SPONSORED",
        "submitter": "urn:li:person:MpGcnvaU_p",
        "submittedAt": at,
        "testLead": False,
        "versionedLeadGenFormUrn": f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{form_id},1)",
        "associatedEntityInfo": {"associatedCreative": {"id": creative_urn(801)}},
        "leadMetadataInfo": {
            "sponsoredLeadMetadataInfo": {
                "campaign": {"id": campaign_urn(701), "name": "Campaign 701"}
            }
        },
        "formResponse": {
            "answers": [
                {"questionId": place, "answerDetails": {"textQuestionAnswer": {"answer": text}}}
                for place, text in enumerate(answers, 1)
            ]
        },
        **more,
    }


NOVEMBER_1 = 1_793_491_200_000  # 2026-11-01T00:00:00Z

# What stands below and beside the campaigns: where ads lead, and who answered their forms.
STREAM_FILES: dict[str, list[dict[str, Any]]] = {
    **FILES,
    "linkedin/campaigns": [
        *FILES["linkedin/campaigns"],
        {**campaign(704, 602), "name": "Old 704", "status": "REMOVED"},
    ],
    "linkedin/creatives": [
        {
            "id": creative_urn(801),
            "account": account_urn(EURO),
            "campaign": campaign_urn(701),
            "name": "Ad 801",
            "intendedStatus": "ACTIVE",
            "content": {"reference": "urn:li:share:1"},
        },
        {
            "id": creative_urn(802),
            "account": account_urn(EURO),
            "campaign": campaign_urn(701),
            "intendedStatus": "ARCHIVED",
            "content": {"textAd": {"landingPage": "https://example.com/text"}},
            "leadgenCallToAction": {"destination": "urn:li:adForm:901", "label": "DOWNLOAD"},
        },
        {
            "id": creative_urn(803),
            "account": account_urn(EURO),
            "campaign": campaign_urn(704),
            "intendedStatus": "REMOVED",
            "content": {"reference": "urn:li:ugcPost:2"},
        },
    ],
    "linkedin/tracking_parameters": [
        tracking(
            "sponsoredCampaign",
            campaign_urn(701),
            dynamicValueParameters={"utm_campaign": "CAMPAIGN_GROUP_ID"},
            customValueParameters={"utm_source": "linkedin"},
        ),
        tracking(
            "sponsoredAccount",
            account_urn(EURO),
            dynamicValueParameters={"utm_content": "CREATIVE_ID"},
            customValueParameters={"utm_source": "whole"},
        ),
    ],
    "linkedin/posts": [
        {"id": "urn:li:share:1", "contentLandingPage": "https://example.com/a?utm_term=own"},
    ],
    "linkedin/lead_forms": [
        form(901, ("FIRST_NAME", "EMAIL")),
        form(902, ("WORK_EMAIL", "JOB_TITLE")),
    ],
    "linkedin/lead_form_responses": [
        response(1, NOVEMBER_1 - 1, 901, "Eve", "before@example.com"),
        response(2, NOVEMBER_1, 901, "Ann", " Ann+news@Example.com "),
        response(3, NOVEMBER_1 + 5, 902, "bob@firm.example", "CFO", testLead=True),
        response(4, NOVEMBER_1 + 86_400_000, 903, "who@example.com"),
        response(5, NOVEMBER_1 + 30 * 86_400_000, 901, "Late", "late@example.com"),
        response(
            6, NOVEMBER_1, 901, "X", "x@x.example", owner={"sponsoredAccount": account_urn(DOLLAR)}
        ),
    ],
}

# An account whose November has 14,999 elements, by the 12th 15,000 and by the 14th 15,001; on the
# other account more creatives than one answer holds: on the 1st in two groups, on the 2nd in one.
FULL_AT = {14_999: "2026-11-11", 15_000: "2026-11-13", 15_001: "2026-11-15"}
_KNOWN = {14_999: {"_known_from": "2026-11-12"}, 15_000: {"_known_from": "2026-11-14"}}
FULL_FILES: dict[str, list[dict[str, Any]]] = {
    "linkedin/accounts": [account(EURO, "EUR"), account(DOLLAR, "USD")],
    "linkedin/campaign_groups": [
        *(group(number) for number in range(1, 5_002)),
        *(group(number, DOLLAR) for number in (9_001, 9_002, 9_003)),
    ],
    "linkedin/campaigns": [campaign(number, number, DOLLAR) for number in (9_001, 9_002, 9_003)],
    "linkedin/analytics": [
        *(
            day(
                f"2026-11-{1 + number // 5_001:02}",
                "0.01",
                1 + number % 5_001,
                1 + number % 5_001,
                None,
                **_KNOWN.get(number, {}),
            )
            for number in range(15_001)
        ),
        *(
            day("2026-11-01", "1", 9_001 + number % 2, 9_001 + number % 2, number, DOLLAR)
            for number in range(1, 15_002)
        ),
        *(day("2026-11-02", "1", 9_003, 9_003, number, DOLLAR) for number in range(1, 15_001)),
    ],
}
