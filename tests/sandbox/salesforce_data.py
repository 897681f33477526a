"""A small organization for the tests of the Salesforce API."""

from typing import Any

from include.sandbox.salesforce_org import long_id

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
