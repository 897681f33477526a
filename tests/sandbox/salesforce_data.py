"""A small organization for the tests of the Salesforce API."""

from typing import Any

from include.sandbox.salesforce_values import long_id

Record = dict[str, Any]


def key(prefix: str, number: int) -> str:
    """A well-formed 18-character id."""
    return long_id(f"{prefix}5g{number:010d}")


LEADS = 4_500
USER = key("005", 1)


def lead(number: int, **changes: Any) -> Record:
    """Leads come in batches of three that share a SystemModstamp, as imports do."""
    minute = number // 3
    stamp = f"2026-{1 + minute // 40_000:02d}-{1 + minute // 1_440:02d}"
    stamp += f"T{minute // 60 % 24:02d}:{minute % 60:02d}:00.000+0000"
    return {
        "Id": key("00Q", number),
        "FirstName": "Ada",
        "LastName": f"Lovelace {number}",
        "Company": f"Company {number % 7}",
        "Email": f"ada{number}@example.com",
        "Phone": "+1 555 0100",
        "LeadSource": ["Web", "Event", None][number % 3],
        "Status": "Open",
        "OwnerId": USER,
        "CreatedDate": stamp,
        "SystemModstamp": stamp,
        "IsDeleted": False,
        "UTM_Source__c": "google",
        "First_UTM_Source__c": "linkedin" if number % 2 else None,
        "GCLID__c": f"gclid-{number}",
        "MQL_Date__c": "2026-02-01",
        "Score__c": number * 0.5,
        "Newsletter__c": number % 2 == 0,
        **changes,
    }


FILES: dict[str, list[Record]] = {
    "salesforce/User": [
        {"Id": USER, "Name": "Grace Hopper", "LastName": "Hopper", "Email": "grace@example.com",
         "Username": "grace@example.com", "IsActive": True,
         "CreatedDate": "2020-01-01T00:00:00Z"},
    ],
    "salesforce/Account": [
        {"Id": key("001", 1), "Name": "Acme", "OwnerId": USER, "Industry": "Software",
         "NumberOfEmployees": 120, "AnnualRevenue": 1_000_000,
         "CreatedDate": "2025-01-01T10:00:00+02:00"},
        {"Id": key("001", 2), "Name": "zeta", "OwnerId": USER, "Industry": None,
         "CreatedDate": "2025-06-01T10:00:00.000+0000"},
        {"Id": key("001", 3), "Name": "Beta 100%", "OwnerId": USER, "Industry": "Banking",
         "CreatedDate": "2025-03-01T10:00:00.000+0000", "IsDeleted": True,
         "MasterRecordId": key("001", 1)},
    ],
    "salesforce/Contact": [
        {"Id": key("003", 1), "FirstName": "Alan", "LastName": "Turing",
         "AccountId": key("001", 1), "Email": "alan@example.com",
         "CreatedDate": "2025-02-01T10:00:00.000+0000"},
        {"Id": key("003", 2), "LastName": "Noether", "AccountId": key("001", 1),
         "CreatedDate": "2025-02-02T10:00:00.000+0000"},
        {"Id": key("003", 3), "LastName": "Gauss", "CreatedDate": "2025-02-03T10:00:00.000+0000"},
    ],
    "salesforce/Opportunity": [
        {"Id": key("006", 1), "Name": "Big deal", "AccountId": key("001", 1),
         "StageName": "Closed Won", "Amount": 12345.67, "CloseDate": "2026-03-01",
         "CreatedDate": "2026-01-15T23:30:00.000+0000", "OwnerId": USER},
        {"Id": key("006", 2), "Name": "O'Brien, \"quoted\"\nand more", "AccountId": key("001", 2),
         "StageName": "Negotiation", "Amount": 0.1, "CloseDate": "2026-12-01",
         "CreatedDate": "2026-02-15T10:00:00.000+0000", "OwnerId": USER},
        {"Id": key("006", 3), "Name": "Lost", "AccountId": key("001", 1),
         "StageName": "Closed Lost", "Amount": 0.2, "CloseDate": "2026-03-20",
         "CreatedDate": "2026-01-16T01:00:00.000+0000", "OwnerId": USER},
        {"Id": key("006", 4), "Name": "No amount", "StageName": "Prospecting",
         "CloseDate": "2026-11-20", "CreatedDate": "2026-11-20T11:00:00.000+0000"},
    ],
    "salesforce/OpportunityContactRole": [
        {"Id": key("00K", 1), "OpportunityId": key("006", 1), "ContactId": key("003", 1),
         "IsPrimary": True, "Role": "Decision Maker",
         "CreatedDate": "2026-01-16T10:00:00.000+0000"},
    ],
    "salesforce/Campaign": [
        {"Id": key("701", 1), "Name": "Webinar", "Type": "Webinar", "IsActive": True,
         "ActualCost": 100.5, "CreatedDate": "2025-12-01T10:00:00.000+0000"},
    ],
    "salesforce/CampaignMember": [
        {"Id": key("00v", 1), "CampaignId": key("701", 1), "LeadId": key("00Q", 1),
         "HasResponded": True, "FirstRespondedDate": "2026-01-05", "Status": "Responded",
         "CreatedDate": "2026-01-02T10:00:00.000+0000"},
        {"Id": key("00v", 2), "CampaignId": key("701", 1), "ContactId": key("003", 1),
         "HasResponded": False, "Status": "Sent", "CreatedDate": "2026-01-02T10:00:00.000+0000",
         "_known_until": "2026-11-20T11:00:00Z"},
    ],
    "salesforce/RecordType": [
        {"Id": key("012", 1), "Name": "New business", "DeveloperName": "New_Business",
         "SobjectType": "Opportunity", "IsActive": True,
         "CreatedDate": "2020-01-01T00:00:00.000+0000"},
    ],
    "salesforce/Visit__c": [
        {"Id": key("a00", 1), "Name": "V-1", "Lead__c": key("00Q", 1),
         "CreatedDate": "2026-01-01T10:00:00.000+0000"},
    ],
    "salesforce/Lead": [lead(number) for number in range(LEADS)] + [
        lead(LEADS, IsDeleted=True, MasterRecordId=key("00Q", 1)),
    ],
}  # fmt: skip


def _at(day: int, hour: int = 10) -> str:
    return f"2026-03-{day:02d}T{hour:02d}:00:00.000+0000"


def _history(prefix: str, of: str, record: str, number: int, field: str, *values: Any) -> Record:
    old, new = values
    return {"Id": key(prefix, number), f"{of}Id": record, "Field": field, "OldValue": old,
            "NewValue": new, "CreatedDate": _at(number)}  # fmt: skip


# An org with several currencies and something of every object that is read.
EVERYTHING: dict[str, list[Record]] = {
    **FILES,
    "salesforce/Lead": [
        lead(n, NumberOfEmployees=n * 10, SystemModstamp=_at(n), CreatedDate=_at(n))
        for n in range(1, 6)
    ],
    "salesforce/Opportunity": [
        {"Id": key("006", n), "Name": f"Deal {n}", "StageName": "Negotiation",
         "Amount": 1000.25 * n, "CurrencyIsoCode": ("EUR", "USD", "JPY")[n % 3],
         "CloseDate": "2026-12-01", "CreatedDate": _at(n)}
        for n in range(1, 6)
    ],
    "salesforce/OpportunityHistory": [
        {"Id": key("008", n), "OpportunityId": key("006", n), "StageName": "Negotiation",
         "Amount": 1000.25 * n, "Probability": 10 * n, "CurrencyIsoCode": ("EUR", "USD")[n % 2],
         "CloseDate": "2026-12-01", "ForecastCategory": "Pipeline", "CreatedDate": _at(n)}
        for n in range(1, 5)
    ],
    "salesforce/OpportunityFieldHistory": [
        _history("017", "Opportunity", key("006", 1), 1, "Amount", 10, 1000.25),
        _history("017", "Opportunity", key("006", 1), 2, "StageName", "New", "Negotiation"),
        _history("017", "Opportunity", key("006", 1), 3, "Owner", "Grace Hopper", "Alan Turing"),
        _history("017", "Opportunity", key("006", 1), 4, "Owner", USER, USER),
        _history("017", "Opportunity", key("006", 1), 5, "Name", "For Ada Lovelace", "Deal 1"),
        _history("017", "Opportunity", key("006", 1), 6, "created", None, None),
    ],
    "salesforce/LeadHistory": [
        _history("017", "Lead", key("00Q", 1), 11, "Status", "Open", "Qualified"),
        _history("017", "Lead", key("00Q", 1), 12, "Email", "ada@example.com", "ada1@example.com"),
        _history("017", "Lead", key("00Q", 1), 13, "LastName", "Lovelace", "Hopper"),
        _history("017", "Lead", key("00Q", 1), 14, "Phone", "+1 555 0100", None),
        _history("017", "Lead", key("00Q", 1), 15, "Street", None, "Turing Street 5"),
        _history("017", "Lead", key("00Q", 1), 16, "LeadSource", "Web", "of ada@example.com"),
        _history("017", "Lead", key("00Q", 1), 17, "leadConverted", None, None),
        _history("017", "Lead", key("00Q", 1), 18, "Newsletter__c", False, True),
    ],
    "salesforce/OpportunityStage": [
        {"Id": key("01J", n), "MasterLabel": name, "SortOrder": n, "DefaultProbability": 10 * n,
         "IsActive": True, "IsClosed": n == 3, "IsWon": n == 3, "ForecastCategory": "Pipeline",
         "CreatedDate": "2020-01-01"}
        for n, name in enumerate(("New", "Negotiation", "Closed Won"), 1)
    ],
    "salesforce/CurrencyType": [
        {"Id": key("01L", n), "IsoCode": code, "ConversionRate": rate, "DecimalPlaces": places,
         "IsActive": True, "IsCorporate": code == "EUR", "CreatedDate": "2020-01-01"}
        for n, (code, rate, places) in enumerate(
            (("EUR", 1.0, 2), ("USD", 1.085, 2), ("JPY", 164.2, 0)), 1
        )
    ],
    "salesforce/DatedConversionRate": [
        {"Id": key("04w", n), "IsoCode": "USD", "StartDate": f"2026-0{n}-01",
         "NextStartDate": f"2026-0{n + 1}-01", "ConversionRate": 1 + n / 100,
         "CreatedDate": f"2026-0{n}-01"}
        for n in range(1, 4)
    ],
    "salesforce/Task": [
        {"Id": key("00T", 1), "WhoId": key("00Q", 1), "WhatId": key("006", 1), "Type": "Call",
         "Status": "Completed", "Subject": "Call Grace Hopper", "Description": "ada@example.com",
         "OwnerId": USER, "ActivityDate": "2026-03-03", "CreatedDate": _at(1)},
        {"Id": key("00T", 2), "WhoId": key("003", 1), "WhatId": key("001", 1), "Status": "Open",
         "CreatedDate": _at(2)},
    ],
    "salesforce/Event": [
        {"Id": key("00U", 1), "WhoId": key("003", 1), "Subject": "Lunch with Turing",
         "Type": "Meeting", "ActivityDate": "2026-03-03", "CreatedDate": _at(1)},
    ],
}  # fmt: skip
