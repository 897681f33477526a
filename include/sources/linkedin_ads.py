"""LinkedIn Ads: what accounts, campaigns and ads cost and brought each day, what they are and where
they lead, and the answers to lead forms.

LinkedIn's words differ from ours: its campaign group is our campaign, its campaign our ad group,
its creative our ad. Accounts and what is below them: https://learn.microsoft.com/en-us/linkedin/
marketing/integrations/ads/account-structure/create-and-manage-accounts and its neighbours; tracking
parameters: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/
dynamic-utm-tracking; lead forms: https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/
leadsync. Days are UTC days, amounts the account's currency.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from urllib.parse import quote

from include.contracts.staging import (
    STG_ACCOUNT_DAILY,
    STG_AD_ACCOUNT_HISTORY,
    STG_AD_ACCOUNTS,
    STG_AD_DAILY,
    STG_AD_GROUP_HISTORY,
    STG_AD_GROUPS,
    STG_AD_HISTORY,
    STG_ADS,
    STG_CAMPAIGN_DAILY,
    STG_CAMPAIGN_HISTORY,
    STG_CAMPAIGNS,
    STG_CONVERSION_DAILY,
    STG_LEAD_FORM_RESPONSES,
)
from include.settings import Settings
from include.sources import (
    Account,
    Record,
    Request,
    Source,
    SourceRefused,
    SourceUnavailable,
    Stream,
    Tagging,
    Window,
)
from include.sources.linkedin_ads_client import AT_ONCE, Client, has
from include.sources.linkedin_ads_leads import leads
from include.sources.linkedin_ads_login import NAME
from include.sources.linkedin_ads_reports import Report, read
from include.sources.linkedin_ads_rows import CONVERSION_VALUE, CONVERSIONS, ZONE, number_of, rows

_CREATIVES_PAGE = 100
_ACCOUNT_TRACKING_SINCE = "202608"
# Without asking, LinkedIn hides deleted ones.
_STATUSES = "ACTIVE,ARCHIVED,CANCELED,{}DRAFT,PAUSED,PENDING_DELETION,REMOVED"
_EVERY_GROUP = f"q=search&search=(status:(values:List({_STATUSES.format('')})))"
_EVERY_CAMPAIGN = f"q=search&search=(status:(values:List({_STATUSES.format('COMPLETED,')})))"
_EVERY_CREATIVE = f"q=criteria&intendedStatuses=List({_STATUSES.format('')})"

_FIGURES = (
    "costInLocalCurrency",
    "costInUsd",
    "impressions",
    "clicks",
    "externalWebsiteConversions",
    "oneClickLeads",
    CONVERSION_VALUE,
)
_REPORTS = {
    "campaign_daily": Report(("CAMPAIGN_GROUP",), _FIGURES),
    "account_daily": Report(("ACCOUNT",), _FIGURES),
    "ad_daily": Report(("CAMPAIGN_GROUP", "CAMPAIGN", "CREATIVE"), _FIGURES),
    "conversion_daily": Report(("CAMPAIGN_GROUP",), (*CONVERSIONS, CONVERSION_VALUE)),
}

log = logging.getLogger(__name__)


def connect(credentials: Mapping[str, str], settings: Settings) -> Client:
    """Logs in. See Client for what it raises."""
    return Client(credentials, settings)


def discover(client: Client) -> list[Account]:
    """The ad accounts the member has a role on, or those of them the connection names."""
    found = {}
    for record in client.listed("adAccounts", "q=search"):
        if record.get("test"):
            log.warning("LinkedIn account %s is a test account and is left out", record["id"])
            continue
        if not isinstance(record.get("currency"), str):
            raise SourceUnavailable(
                f"LinkedIn shows the account {record['id']} without its currency; nothing of it is "
                "used"
            )
        found[str(record["id"])] = Account(
            str(record["id"]), record.get("name"), record["currency"], ZONE, record.get("status")
        )
    if missing := [number for number in client.wanted if number not in found]:
        raise SourceRefused(
            f"LinkedIn shows no account {', '.join(missing)} to this log-in; check account_ids of "
            f"the connection {NAME}"
        )
    return [
        account for number, account in found.items() if not client.wanted or number in client.wanted
    ]


def extract(client: Client, account: Account, request: Request) -> Iterator[Record]:
    """Raw accounts, campaign groups, campaigns and report elements, amounts as text; creatives
    joined with what stands above them; answers to lead forms without what people wrote."""
    path = f"adAccounts/{account.account_id}"
    if request.stream == "accounts":
        yield client.get(path, has("id", account.account_id))
    elif request.stream == "campaigns":
        yield from client.listed(f"{path}/adCampaignGroups", _EVERY_GROUP)
    elif request.stream == "ad_groups":
        yield from client.listed(f"{path}/adCampaigns", _EVERY_CAMPAIGN)
    elif request.stream == "ads":
        yield from _ads(client, account)
    elif request.stream == "lead_forms":
        yield from leads(client, account, _window(request), partial(_campaigns, client, account))
    else:
        yield from read(client, account, _REPORTS[request.stream], _window(request))


def _window(request: Request) -> Window:
    if request.window is None:
        raise ValueError(f"{request.stream} is asked for by days")
    return request.window


def _campaigns(client: Client, account: Account) -> dict[str, Record]:
    """LinkedIn's campaigns of an account by number."""
    found = client.listed(f"adAccounts/{account.account_id}/adCampaigns", _EVERY_CAMPAIGN)
    return {str(record["id"]): record for record in found}


def _ads(client: Client, account: Account) -> Iterator[Record]:
    """Creatives, each with its campaign, campaign group, post, and the tracking parameters of its
    campaign and account, the nearest first. What this log-in may not see is None."""
    path = f"adAccounts/{account.account_id}"
    campaigns = _campaigns(client, account)
    groups = {
        str(record["id"]): record
        for record in client.listed(f"{path}/adCampaignGroups", _EVERY_GROUP)
    }
    of_account = None
    if client.version >= _ACCOUNT_TRACKING_SINCE:
        of_account = _tracking(client, "sponsoredAccount", account.account_id)
    of_campaigns: dict[str, Record | None] = {}
    creatives = client.listed(f"{path}/creatives", _EVERY_CREATIVE, _CREATIVES_PAGE)
    while some := list(islice(creatives, _CREATIVES_PAGE)):
        if strays := [creative["id"] for creative in some if not creative.get("campaign")]:
            raise SourceUnavailable(
                f"LinkedIn shows the creative {strays[0]} without its campaign; nothing of it is "
                "used"
            )
        numbers = {str(number_of(creative["campaign"])) for creative in some}
        unknown = sorted(numbers - of_campaigns.keys())
        of_campaigns |= zip(
            unknown,
            client.together(
                partial(_tracking, client, "sponsoredCampaign", number) for number in unknown
            ),
            strict=True,
        )
        posts = _posts(client, some)
        for creative in some:
            number = str(number_of(creative["campaign"]))
            campaign = campaigns.get(number)
            group = number_of((campaign or {}).get("campaignGroup"))
            yield {
                "creative": creative,
                "campaign": campaign,
                "campaignGroup": groups.get(group or ""),
                "post": posts.get(_reference(creative)),
                "trackingParameters": [of_campaigns[number], of_account],
            }


def _tracking(client: Client, kind: str, number: str) -> Record | None:
    urn = quote(f"urn:li:{kind}:{number}", safe="")
    return client.maybe(f"adTrackingParameters/(adEntity:({kind}:{urn}))", _is_tracking)


def _is_tracking(answer: Record) -> bool:
    """Whether an answer is of tracking parameters, of which an entity may have one kind alone."""
    return any(
        isinstance(answer.get(name), dict)
        for name in ("adEntity", "dynamicValueParameters", "customValueParameters")
    )


def _posts(client: Client, creatives: list[Record]) -> dict[str, Record]:
    """The posts that creatives show, as far as this log-in may see them."""
    urns = sorted(set(map(_reference, creatives)) - {""})
    if not urns:
        return {}
    ids = ",".join(quote(urn, safe="") for urn in urns)
    found = client.maybe("posts", _is_batch, f"ids=List({ids})", "BATCH_GET")
    return found["results"] if found else {}


def _is_batch(answer: Record) -> bool:
    """Whether an answer is that of a BATCH_GET: objects by their keys, or none of them."""
    results = answer.get("results")
    return isinstance(results, dict) and all(isinstance(each, dict) for each in results.values())


def _reference(creative: Record) -> str:
    urn = str((creative.get("content") or {}).get("reference") or "")
    return urn if urn.startswith(("urn:li:share:", "urn:li:ugcPost:")) else ""


LINKEDIN_ADS = Source(
    name=NAME,
    title="LinkedIn Ads",
    kind="ads",
    connect=connect,
    discover=discover,
    extract=extract,
    parse=rows,
    streams=(
        Stream("accounts", STG_AD_ACCOUNTS, "snapshot", history=STG_AD_ACCOUNT_HISTORY),
        Stream("campaigns", STG_CAMPAIGNS, "snapshot", history=STG_CAMPAIGN_HISTORY),
        Stream("ad_groups", STG_AD_GROUPS, "snapshot", history=STG_AD_GROUP_HISTORY),
        Stream("ads", STG_ADS, "snapshot", history=STG_AD_HISTORY),
        Stream("campaign_daily", STG_CAMPAIGN_DAILY, "daily"),
        Stream("account_daily", STG_ACCOUNT_DAILY, "daily", controls="campaign_daily"),
        Stream("ad_daily", STG_AD_DAILY, "daily", window_days=31),
        Stream("conversion_daily", STG_CONVERSION_DAILY, "daily", window_days=92),
        Stream(
            "lead_forms",
            STG_LEAD_FORM_RESPONSES,
            "daily",
            window_days=92,
            retention_days=365,
            granted_apart=True,
        ),
    ),
    look_back_days=30,
    tagging=Tagging(
        utm_sources=("linkedin", "linkedin.com", "li", "linkedin_ads", "linkedin-ads"),
        click_ids=("li_fat_id",),
        campaign_id_parameters=("utm_id",),
    ),
    concurrent_requests=AT_ONCE,
    usage=Client.usage,
    look_at_login=Client.look,
)
