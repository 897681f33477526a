"""Facebook Ads: spend by day of accounts, campaigns and ads, what these are and claim to have
brought, and the lead forms that people filled.

Insights: https://developers.facebook.com/docs/marketing-api/insights
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from include.contracts import staging
from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Measure,
    Record,
    Request,
    Source,
    SourceRefused,
    Stream,
    Tagging,
)
from include.sources.facebook_ads_graph import Graph, has_id
from include.sources.facebook_ads_objects import accounts, filled_forms, listed
from include.sources.facebook_ads_reports import report
from include.sources.facebook_ads_rows import ACTIONS, FIGURES
from include.sources.facebook_ads_staging import NAME, parse, status_of

LOOK_BACK_DAYS = 28
RETENTION_DAYS = 1120  # 37 months, of which the shortest has 1,123 days
LEADS_RETENTION_DAYS = 89  # Meta keeps a lead 90 days, so that of the 90th day some are gone
# Meta names no number of calls in flight, but limits calls by the hour and their load:
# https://developers.facebook.com/docs/marketing-api/insights/best-practices (rate limiting)
CONCURRENT_REQUESTS = 4

ACCOUNT_FIELDS = ("account_id", "name", "currency", "timezone_name", "account_status")
# Each stream's level and measures.
_REPORTS = {
    "campaign_daily": ("campaign", (*FIGURES, *ACTIONS)),
    "account_daily": ("account", FIGURES),
    "ad_daily": ("ad", (*FIGURES, *ACTIONS)),
    "conversion_daily": ("campaign", ACTIONS),
}
_OBJECTS = {"campaigns": "campaign", "ad_groups": "adset", "ads": "ad"}


def connect(credentials: Mapping[str, str], settings: Settings) -> Graph:
    """A login with the connection's access token. Raises SourceRefused when it lacks one."""
    return Graph(credentials, settings)


def discover(client: Graph) -> list[Account]:
    """The ad accounts the connection names, else all that its token may read."""
    if client.account_ids:
        records = [_shown(client, name) for name in client.account_ids]
    else:
        records = list(accounts(client, ",".join(ACCOUNT_FIELDS)))
    found = {account.account_id: account for account in map(_account, records)}
    return [found[name] for name in sorted(found)]


def extract(client: Graph, account: Account, request: Request) -> Iterator[Record]:
    """Raw records of one stream, as the Graph API gives them; of a filled lead form, what may be
    kept of it.

    Lists are held against Meta's count, insights against Meta's totals asked for apart; what does
    not agree raises SourceUnavailable.
    """
    if request.stream == "accounts":
        yield _shown(client, account.account_id)
    elif request.stream in _OBJECTS:
        yield from listed(client, account, _OBJECTS[request.stream])
    else:
        assert request.window is not None
        if request.stream == "lead_forms":
            if not client.reads_lead_forms:
                return
            key = client.settings.hash_key()
            yield from filled_forms(client, account, request.window, key)
        else:
            level, measures = _REPORTS[request.stream]
            yield from report(client, account, level, measures, request.window)


def usage(client: Graph) -> list[Measure]:
    """Requests made, and the highest share of each allowance that Meta told of."""
    return client.usage()


def look_at_login(client: Graph) -> Login:
    """Whose access token it is, what it may do and when it ends."""
    return client.login()


def _shown(client: Graph, account_id: str) -> Record:
    node = f"act_{account_id}"
    return client.get(node, has_id(node), fields=",".join(ACCOUNT_FIELDS))


def _account(record: Record) -> Account:
    if missing := [
        name for name in ("account_id", "currency", "timezone_name") if not record.get(name)
    ]:
        raise SourceRefused(
            f"Facebook shows the account {record.get('name') or record.get('id')} without its "
            f"{missing[0]}; give the system user of the connection facebook_ads the permission "
            "ads_read on it"
        )
    return Account(
        account_id=record["account_id"],
        account_name=record.get("name"),
        currency_code=record["currency"],
        time_zone=record["timezone_name"],
        account_status=status_of(record),
    )


FACEBOOK_ADS = Source(
    name=NAME,
    title="Facebook Ads",
    kind="ads",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=parse,
    usage=usage,
    look_at_login=look_at_login,
    streams=(
        Stream(
            "accounts",
            staging.STG_AD_ACCOUNTS,
            "snapshot",
            history=staging.STG_AD_ACCOUNT_HISTORY,
        ),
        Stream(
            "campaigns", staging.STG_CAMPAIGNS, "snapshot", history=staging.STG_CAMPAIGN_HISTORY
        ),
        Stream(
            "ad_groups", staging.STG_AD_GROUPS, "snapshot", history=staging.STG_AD_GROUP_HISTORY
        ),
        Stream("ads", staging.STG_ADS, "snapshot", history=staging.STG_AD_HISTORY),
        # Days a request: what Meta's report runs end in good time with.
        Stream("campaign_daily", staging.STG_CAMPAIGN_DAILY, "daily", window_days=92),
        Stream("account_daily", staging.STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
        Stream("ad_daily", staging.STG_AD_DAILY, "daily", window_days=31),
        Stream("conversion_daily", staging.STG_CONVERSION_DAILY, "daily", window_days=92),
        Stream(
            "lead_forms",
            staging.STG_LEAD_FORM_RESPONSES,
            "daily",
            window_days=LEADS_RETENTION_DAYS,
            look_back_days=7,
            retention_days=LEADS_RETENTION_DAYS,
            granted_apart=True,
        ),
    ),
    concurrent_requests=CONCURRENT_REQUESTS,
    look_back_days=LOOK_BACK_DAYS,
    retention_days=RETENTION_DAYS,
    tagging=Tagging(
        utm_sources=("facebook", "facebook.com", "fb", "ig", "instagram", "instagram.com", "meta"),
        campaign_id_parameters=("utm_id", "campaign_id", "adset_id", "ad_id"),
    ),
)
