"""A small GA4 world for tests: two properties; figures small enough to be added up by hand."""

from typing import Any

PROPERTY, OTHER, FULL, SHY = (
    "properties/330000001",
    "properties/330000002",
    "properties/330000003",
    "properties/330000004",
)


def visits(
    date: str,
    user: str,
    source: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    page: str = "/",
    events: dict[str, float] | None = None,
    dimensions: dict[str, str] | None = None,
    known: tuple[str | None, str | None] = (None, None),
    owner: str = PROPERTY,
    **metrics: float,
) -> dict[str, Any]:
    stated = {
        "sessionSource": source,
        "sessionMedium": medium,
        "sessionCampaignName": campaign,
        "landingPagePlusQueryString": page,
        **(dimensions or {}),
    }
    line: dict[str, Any] = {
        "property": owner,
        "date": date,
        "user": user,
        "dimensions": {name: value for name, value in stated.items() if value is not None},
        "metrics": {"sessions": 1, **metrics},
    }
    if events:
        line["keyEvents"] = events
    for name, edge in zip(("_known_from", "_known_until"), known, strict=True):
        if edge:
            line[name] = edge
    return line


FILES: dict[str, list[dict[str, Any]]] = {
    "ga4/properties": [
        {"name": PROPERTY, "timeZone": "America/New_York", "currencyCode": "USD",
         "keyEvents": ["sign_up"]},
        {"name": OTHER, "timeZone": "Asia/Tokyo", "currencyCode": "JPY",
         "quota": {"tokensPerProjectPerHour": 3}},
        {"name": FULL, "timeZone": "UTC", "currencyCode": "EUR", "rowLimit": 2},
        {"name": SHY, "timeZone": "UTC", "currencyCode": "EUR", "thresholdUsers": 10},
    ],
    "ga4/sessions": [
        # Ann comes from an ad on the 17th, again on her own on the 18th, and leaves her address.
        visits("2026-11-17", "ann", "google", "cpc", "Brand", "/demo?x=1", newUsers=1,
               engagedSessions=1, screenPageViews=3, eventCount=9, averageSessionDuration=60,
               dimensions={"sessionCampaignId": "11", "country": "Germany",
                           "deviceCategory": "desktop"}),
        visits("2026-11-18", "ann", events={"generate_lead": 1}, page="/demo",
               engagedSessions=1, screenPageViews=2, eventCount=6, averageSessionDuration=30,
               dimensions={"country": "Germany", "deviceCategory": "desktop"}),
        # Bob reads and goes; ten people without a name come from a newsletter, some of them twice.
        visits("2026-11-17", "bob", "bing", "organic", page="/pricing", newUsers=1,
               screenPageViews=1, eventCount=3, averageSessionDuration=5,
               dimensions={"country": "France", "deviceCategory": "mobile"}),
        visits("2026-11-17", "readers", "News", "email", "june", sessions=12, totalUsers=10,
               activeUsers=4, engagedSessions=4, screenPageViews=20, eventCount=50,
               averageSessionDuration=20),
        visits("2026-11-18", "readers", "News", "email", "june", sessions=6, totalUsers=6,
               activeUsers=3, engagedSessions=3, screenPageViews=9, eventCount=21,
               averageSessionDuration=10),
        # The 19th is told twice: what is known in the morning, and a day later.
        visits("2026-11-19", "cat", "facebook.com", "referral", known=("2026-11-20", "2026-11-21")),
        visits("2026-11-19", "cat", "facebook.com", "referral", sessions=3,
               known=("2026-11-21", None)),
        visits("2026-11-20", "tokyo", owner=OTHER),
        visits("2026-11-21", "tokyo", owner=OTHER, sessions=5),
        *(
            visits("2026-11-18", f"user {number}", "site", "referral", page=f"/{number}",
                   owner=FULL, sessions=number)
            for number in (1, 2, 3, 4)
        ),
        visits("2026-11-18", "few", "x.example", "referral", owner=SHY, sessions=9, totalUsers=9),
        visits("2026-11-18", "many", "y.example", "referral", owner=SHY, sessions=9, totalUsers=10),
    ],
}  # fmt: skip
