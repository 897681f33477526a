"""A small Google Ads world for tests: a manager, two clients, a closed and a lone account."""

from typing import Any

MANAGER, CLIENT, OTHER, CLOSED, LONE = (
    "9000000001",
    "1234567890",
    "2345678901",
    "3456789012",
    "4567890123",
)


def customer(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceName": f"customers/{number}",
        "id": number,
        "descriptiveName": name,
        "currencyCode": "USD",
        "timeZone": "America/New_York",
        "manager": False,
        "status": "ENABLED",
        **more,
    }


def campaign(number: str, name: str, owner: str = CLIENT, **more: Any) -> dict[str, Any]:
    return {
        "customer": {"id": owner},
        "campaign": {
            "id": number,
            "name": name,
            "status": "ENABLED",
            "advertisingChannelType": "SEARCH",
            "startDate": "2025-01-01",
            **more,
        },
    }


def day(
    date: str,
    micros: int,
    camp: str = "11",
    *,
    group: str | None = None,
    ad: str | None = None,
    owner: str = CLIENT,
    **metrics: Any,
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "customer": {"id": owner},
        "campaign": {"id": camp},
        "segments": {"date": date},
        "metrics": {
            "costMicros": str(micros),
            "impressions": "100",
            "clicks": "5",
            "conversions": 0.1,
            "conversionsValue": 1.1,
            **metrics,
        },
    }
    if group:
        line["adGroup"] = {"id": group}
    if ad:
        line["adGroupAd"] = {"ad": {"id": ad}}
    return line


def conversion(
    date: str, action: str, number: float, value: float, camp: str = "11", group: str | None = None
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "customer": {"id": CLIENT},
        "campaign": {"id": camp},
        "segments": {
            "date": date,
            "conversionAction": f"customers/{CLIENT}/conversionActions/{action}",
            "conversionActionName": {"71": "Demo booked", "72": "Paper read"}[action],
            "conversionActionCategory": "SUBMIT_LEAD_FORM",
        },
        "metrics": {"conversions": number, "conversionsValue": value},
    }
    if group:
        line["adGroup"] = {"id": group}
    return line


FILES: dict[str, list[dict[str, Any]]] = {
    "google/customers": [
        {"customer": customer(MANAGER, "Group", manager=True), "clients": [CLIENT, OTHER, CLOSED]},
        {"customer": customer(CLIENT, "Shop")},
        {"customer": customer(OTHER, "Shop Japan", currencyCode="JPY", timeZone="Asia/Tokyo")},
        {"customer": customer(CLOSED, "Old shop", status="CANCELED")},
        {"customer": customer(LONE, "Lone")},
    ],
    "google/campaigns": [
        {**campaign("11", "Brand"), "_known_until": "2026-11-10"},
        {**campaign("11", "Brand 100% new"), "_known_from": "2026-11-10"},
        campaign("12", "Max", advertisingChannelType="PERFORMANCE_MAX", status="PAUSED"),
        campaign("13", "Gone", status="REMOVED"),
        campaign("14", "Never ran"),
        campaign("21", "東京", owner=OTHER),
    ],
    "google/ad_groups": [
        {
            "customer": {"id": CLIENT},
            "campaign": {"id": "11"},
            "adGroup": {
                "id": number,
                "name": f"Group {number}",
                "status": "ENABLED",
                "type": "SEARCH_STANDARD",
            },
        }
        for number in ("111", "112")
    ],
    "google/ads": [
        {
            "customer": {"id": CLIENT},
            "campaign": {"id": "11"},
            "adGroup": {"id": "111"},
            "adGroupAd": {
                "status": "ENABLED",
                "ad": {
                    "id": "1111",
                    "type": "RESPONSIVE_SEARCH_AD",
                    "finalUrls": ["https://shop.example/?utm_source=google"],
                },
            },
        },
    ],
    "google/daily_metrics": [
        day("2026-11-01", 1_000_001, group="111", ad="1111"),
        day("2026-11-01", 2_000_002, group="112"),
        {**day("2026-11-02", 3_000_000, group="111", ad="1111"), "_known_until": "2026-11-05"},
        {**day("2026-11-02", 2_500_000, group="111", ad="1111"), "_known_from": "2026-11-05"},
        day("2026-11-02", 7_000_000, "12"),
        day("2026-11-02", 500_000, "13"),
        day("2026-11-03", 0, "13", impressions="0", clicks="0", conversions=0, conversionsValue=0),
        day("2026-11-20", 250_000, "11", group="111", ad="1111"),
        day("2026-11-01", 900_000_000, "21", owner=OTHER),
    ],
    "google/conversions": [
        conversion("2026-11-01", "71", 1.5, 30.25, group="111"),
        conversion("2026-11-01", "72", 1, 0),
        conversion("2026-11-02", "71", 0.1, 2.02, "12"),
        conversion("2026-11-02", "71", 0.2, 4.03, "12"),
    ],
    "google/click_views": [
        {
            "customer": {"id": CLIENT},
            "campaign": {"id": "11"},
            "adGroup": {"id": "111"},
            "clickView": {
                "gclid": f"Gclid-{number}",
                "keywordInfo": {"text": "shoes", "matchType": "EXACT"},
            },
            "segments": {"date": date, "device": "MOBILE", "adNetworkType": "SEARCH"},
        }
        for number, date in enumerate(("2026-11-01", "2026-11-01", "2026-11-02", "2026-06-01"))
    ],
}
