"""What the vendor's own SDK needs for the same rows, in its own way of paging and its own objects.

``python -m tests.bench.sdks SOURCE FIRST LAST`` reads everything, keeps nothing, and prints how
many rows there were. LinkedIn has no SDK that pages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable

from tests.bench.worlds import ACCOUNTS

GOOGLE_DAILY = (
    "SELECT campaign.id, ad_group.id, ad_group_ad.ad.id, segments.date, metrics.cost_micros, "
    "metrics.impressions, metrics.clicks, metrics.conversions, metrics.conversions_value "
    "FROM ad_group_ad WHERE segments.date BETWEEN '{first}' AND '{last}'"
)
META_FIELDS = (
    "campaign_id", "adset_id", "ad_id", "account_currency", "spend", "impressions", "clicks",
    "inline_link_clicks", "actions", "action_values",
)  # fmt: skip
LEAD_FIELDS = (
    "Id", "FirstName", "LastName", "Email", "Company", "Title", "Country", "Industry",
    "NumberOfEmployees", "OwnerId", "Status", "IsConverted", "IsDeleted", "LeadSource",
    "UTM_Source__c", "UTM_Medium__c", "UTM_Campaign__c", "GCLID__c", "Landing_Page__c",
    "CreatedDate", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip


def facebook_ads(first: str, last: str) -> Iterable[object]:
    """facebook-business: its session, its cursor, its objects."""
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

    session = FacebookSession("1000000001", "sandbox-meta-secret", "sandbox-meta-token", timeout=60)
    api = FacebookAdsApi(session, api_version="v26.0")
    params = {
        "level": "ad",
        "time_increment": 1,
        "time_range": {"since": first, "until": last},
        "limit": 500,
    }
    account = AdAccount(f"act_{ACCOUNTS['facebook_ads']}", api=api)
    return (
        row.export_all_data() for row in account.get_insights(fields=META_FIELDS, params=params)
    )


def google_ads(first: str, last: str) -> Iterable[object]:
    """google-ads: proto-plus rows of SearchStream, its default."""
    from google.ads.googleads.client import GoogleAdsClient
    from google.oauth2.credentials import Credentials

    client = GoogleAdsClient(
        credentials=Credentials(
            None,
            refresh_token="sandbox-google-refresh",
            client_id="sandbox-google-client",
            client_secret="sandbox-google-secret",
            token_uri="https://oauth2.googleapis.com/token",
        ),
        developer_token="sandbox-developer-token",
        use_proto_plus=True,
        version="v26",
    )
    service = client.get_service("GoogleAdsService")
    stream = service.search_stream(
        customer_id=ACCOUNTS["google_ads"], query=GOOGLE_DAILY.format(first=first, last=last)
    )
    for chunk in stream:  # in here, for the channel lives no longer than the service object
        for row in chunk.results:
            yield {
                "campaign": row.campaign.id,
                "ad_group": row.ad_group.id,
                "ad": row.ad_group_ad.ad.id,
                "date": row.segments.date,
                "cost": row.metrics.cost_micros,
                "impressions": row.metrics.impressions,
                "clicks": row.metrics.clicks,
                "conversions": row.metrics.conversions,
                "value": row.metrics.conversions_value,
            }


def salesforce(first: str, last: str) -> Iterable[object]:
    """simple-salesforce: its login, then its own iterator over the query."""
    from simple_salesforce import Salesforce

    client = Salesforce(
        consumer_key="sandbox-salesforce-client",
        consumer_secret="sandbox-salesforce-secret",
        domain="acme.my",
        version="68.0",
    )
    query = f"SELECT {', '.join(LEAD_FIELDS)} FROM Lead"  # noqa: S608 (our own names)
    return client.query_all_iter(query, include_deleted=True)


SDKS: dict[str, Callable[[str, str], Iterable[object]]] = {
    "facebook_ads": facebook_ads,
    "google_ads": google_ads,
    "salesforce": salesforce,
}

if __name__ == "__main__":
    print(json.dumps({"rows": sum(1 for _ in SDKS[sys.argv[1]](*sys.argv[2:]))}))
