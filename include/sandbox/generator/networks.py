"""Campaigns and figures in each network's own wire form.

Meta: https://developers.facebook.com/docs/marketing-api/insights (numbers are strings).
Google Ads: https://developers.google.com/google-ads/api/fields/v26/overview (REST form).
LinkedIn: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/ads-reporting
"""

from collections.abc import Iterator

from include.sandbox.generator.campaigns import (
    ACCOUNTS,
    GOOGLE,
    LINKEDIN,
    MANAGER_ID,
    META,
    AdAccount,
    Campaign,
)
from include.sandbox.generator.frame import (
    HOUR,
    PER_EURO,
    Frame,
    Record,
    State,
    day_text,
    instant,
    money,
    offset_time,
)
from include.sandbox.generator.spend import Figures, MetricRow

Lines = Iterator[tuple[str, Record]]

_URL_TAGS = {
    "id": "utm_source={source}&utm_medium={medium}&utm_id={id}",
    "name": "utm_source={source}&utm_medium={medium}&utm_campaign={name}",
    "both": "utm_source={source}&utm_medium={medium}&utm_id={id}&utm_campaign={name}",
    "slug": "utm_source={source}&utm_medium={medium}&utm_campaign={slug}",
}
_GOOGLE_ADS = {
    "SEARCH": ("SEARCH_STANDARD", "RESPONSIVE_SEARCH_AD"),
    "DISPLAY": ("DISPLAY_STANDARD", "RESPONSIVE_DISPLAY_AD"),
    "VIDEO": ("VIDEO_RESPONSIVE", "VIDEO_RESPONSIVE_AD"),
}
_GOOGLE_STATUS = {"ACTIVE": "ENABLED"}


def _life(frame: Frame, campaign: Campaign) -> list[tuple[int, str, str]]:
    """(instant, name, status) at every change of a campaign's settings, in Meta's words."""
    changes: list[tuple[int, str | None, str | None]] = [
        (since, name, None) for since, name in campaign.names[1:]
    ]
    for start, end in campaign.pauses:
        changes += [(start, None, "PAUSED"), (end, None, "ACTIVE")]
    if campaign.last_day < frame.last_day:
        changes.append((campaign.last_day + 1, None, campaign.final_status))
    # Set up the evening before the first ad runs; an already archived one is never resumed.
    name, status = campaign.names[0][1], "ACTIVE"
    life = [(instant(campaign.first_day - 1, 15 * HOUR), name, status)]
    over = campaign.last_day
    for place, (day, new_name, new_status) in enumerate(sorted(changes, key=lambda item: item[0])):
        name = new_name or name
        if new_status and (day <= over or new_status == campaign.final_status):
            status = new_status
        life.append((instant(day, 60 * (place + 1)), name, status))
    return life


def meta_lines(frame: Frame, campaigns: list[Campaign]) -> Lines:
    """Ad accounts, campaigns, ad sets, ads."""
    for account in (one for one in ACCOUNTS if one.platform == META):
        yield (
            "meta/ad_accounts",
            {
                "id": f"act_{account.account_id}",
                "account_id": account.account_id,
                "name": account.name,
                "account_status": 1,
                "currency": account.currency,
                "timezone_name": account.time_zone,
                "timezone_offset_hours_utc": {"USD": -5, "EUR": 1}[account.currency],
                "created_time": offset_time(instant(frame.first_day - 400, 9 * HOUR)),
            },
        )
    for campaign in (one for one in campaigns if one.platform == META):
        owner = {"account_id": campaign.account.account_id}
        life = _life(frame, campaign)
        created = life[0][0]
        states: list[State] = [
            (
                since,
                {
                    "id": campaign.campaign_id, **owner, "name": name, "objective": campaign.kind,
                    "status": status, "effective_status": status, "buying_type": "AUCTION",
                    "created_time": offset_time(created),
                    "start_time": offset_time(instant(campaign.first_day)),
                    "updated_time": offset_time(since),
                },
            )
            for since, name, status in life
        ]  # fmt: skip
        for line in frame.versions(states):
            yield "meta/campaigns", line
        tags = _URL_TAGS[campaign.tagging].format(
            source="facebook", medium="paid_social", id="{{campaign.id}}",
            name="{{campaign.name}}", slug=campaign.slug,
        )  # fmt: skip
        for group in campaign.groups:
            shared = {
                **owner, "campaign_id": campaign.campaign_id, "status": "ACTIVE",
                "effective_status": "ACTIVE", "created_time": offset_time(created),
            }  # fmt: skip
            adset = {"id": group.group_id, "name": group.name, **shared}
            for line in frame.versions([(created, adset)]):
                yield "meta/adsets", line
            for ad in group.ads:
                creative = {"id": f"23{ad.ad_id[-15:]}", "url_tags": tags}
                record = {
                    "id": ad.ad_id, "name": ad.name, "adset_id": group.group_id, **shared,
                    "creative": creative,
                }  # fmt: skip
                for line in frame.versions([(created, record)]):
                    yield "meta/ads", line


def google_lines(frame: Frame, campaigns: list[Campaign]) -> Lines:
    """Customers and their manager, campaigns, ad groups, ads."""
    accounts = [one for one in ACCOUNTS if one.platform == GOOGLE]
    manager = AdAccount(GOOGLE, MANAGER_ID, "Fernhill (manager)", "EUR", "Europe/Berlin", 0)
    for account in [manager, *accounts]:
        line: Record = {
            "customer": {
                "resourceName": f"customers/{account.account_id}",
                "id": account.account_id,
                "descriptiveName": account.name,
                "currencyCode": account.currency,
                "timeZone": account.time_zone,
                "manager": account is manager,
                "status": "ENABLED",
            }
        }
        if account is manager:
            line["clients"] = [one.account_id for one in accounts]
        yield "google/customers", line
    for campaign in (one for one in campaigns if one.platform == GOOGLE):
        customer = {"id": campaign.account.account_id}
        root = f"customers/{campaign.account.account_id}"
        medium = {"DISPLAY": "display", "VIDEO": "video"}.get(campaign.kind, "cpc")
        # ValueTrack knows no campaign name: it is typed into the suffix and renamed with it.
        states: list[State] = []
        for since, name, status in (life := _life(frame, campaign)):
            suffix = _URL_TAGS[campaign.tagging].format(
                source="google", medium=medium, id="{campaignid}",
                name=name.replace(" ", "+").replace("&", "%26"), slug=campaign.slug,
            )  # fmt: skip
            settings = {
                "resourceName": f"{root}/campaigns/{campaign.campaign_id}",
                "id": campaign.campaign_id,
                "name": name,
                "status": _GOOGLE_STATUS.get(status, status),
                "advertisingChannelType": campaign.kind,
                "startDate": day_text(campaign.first_day),
                "endDate": "2037-12-30",
                "trackingUrlTemplate": "{lpurl}",
                "finalUrlSuffix": suffix,
            }
            states.append((since, {"customer": customer, "campaign": settings}))
        for line in frame.versions(states):
            yield "google/campaigns", line
        for group in campaign.groups:
            group_type, ad_type = _GOOGLE_ADS[campaign.kind]
            shared = {"customer": customer, "campaign": {"id": campaign.campaign_id}}
            ad_group = {
                "resourceName": f"{root}/adGroups/{group.group_id}", "id": group.group_id,
                "name": group.name, "status": "ENABLED", "type": group_type,
            }  # fmt: skip
            for line in frame.versions([(life[0][0], {**shared, "adGroup": ad_group})]):
                yield "google/ad_groups", line
            for ad in group.ads:
                ad_group_ad = {
                    "resourceName": f"{root}/adGroupAds/{group.group_id}~{ad.ad_id}",
                    "status": "ENABLED",
                    "ad": {
                        "id": ad.ad_id, "name": ad.name, "type": ad_type,
                        "finalUrls": ["https://www.fernhill.example/demo"],
                    },
                }  # fmt: skip
                record = {**shared, "adGroup": {"id": group.group_id}, "adGroupAd": ad_group_ad}
                for line in frame.versions([(life[0][0], record)]):
                    yield "google/ads", line


def linkedin_lines(frame: Frame, campaigns: list[Campaign]) -> Lines:
    """Accounts, campaign groups, campaigns, creatives."""
    for account in (one for one in ACCOUNTS if one.platform == LINKEDIN):
        yield (
            "linkedin/accounts",
            {
                "id": int(account.account_id),
                "name": account.name,
                "currency": account.currency,
                "status": "ACTIVE",
                "type": "BUSINESS",
                "reference": "urn:li:organization:40512233",
                "test": False,
                "servingStatuses": ["RUNNABLE"],
            },
        )
    for campaign in (one for one in campaigns if one.platform == LINKEDIN):
        owner = {"account": _account_urn(campaign)}
        life = _life(frame, campaign)
        created = life[0][0]
        schedule = {"start": instant(campaign.first_day) * 1000}
        states: list[State] = [
            (
                since,
                {
                    "id": int(campaign.campaign_id), **owner, "name": name, "status": status,
                    "runSchedule": schedule, "objectiveType": campaign.kind,
                    "changeAuditStamps": {
                        "created": {"time": created * 1000},
                        "lastModified": {"time": since * 1000},
                    },
                },
            )
            for since, name, status in life
        ]  # fmt: skip
        for line in frame.versions(states):
            yield "linkedin/campaign_groups", line
        for group in campaign.groups:
            urn = f"urn:li:sponsoredCampaign:{group.group_id}"
            record = {
                "id": int(group.group_id), **owner, "campaignGroup": _group_urn(campaign),
                "name": group.name, "status": "ACTIVE", "type": "SPONSORED_UPDATES",
                "objectiveType": campaign.kind, "costType": "CPM", "runSchedule": schedule,
            }  # fmt: skip
            for line in frame.versions([(created, record)]):
                yield "linkedin/campaigns", line
            for ad in group.ads:
                creative = {
                    "id": f"urn:li:sponsoredCreative:{ad.ad_id}", **owner, "campaign": urn,
                    "name": ad.name, "intendedStatus": "ACTIVE", "isServing": True,
                    "content": {"reference": f"urn:li:share:7{ad.ad_id}0000000000"},
                    "createdAt": created * 1000, "lastModifiedAt": created * 1000,
                }  # fmt: skip
                for line in frame.versions([(created, creative)]):
                    yield "linkedin/creatives", line


def _account_urn(campaign: Campaign) -> str:
    return f"urn:li:sponsoredAccount:{campaign.account.account_id}"


def _group_urn(campaign: Campaign) -> str:
    return f"urn:li:sponsoredCampaignGroup:{campaign.campaign_id}"


def _decimal(micros: int, places: int) -> str:
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{rest // 10 ** (6 - places):0{places}}"


def _meta_insight(row: MetricRow, figures: Figures) -> Record:
    assert row.group is not None
    assert row.ad is not None
    day = day_text(row.day)
    line: Record = {
        "account_id": row.campaign.account.account_id,
        "campaign_id": row.campaign.campaign_id,
        "adset_id": row.group.group_id,
        "ad_id": row.ad.ad_id,
        "date_start": day,
        "date_stop": day,
        "spend": _decimal(figures.spend_micros, 2),
        "impressions": str(figures.impressions),
        "clicks": str(figures.clicks),
        "inline_link_clicks": str(max(figures.conversions, figures.clicks * 4 // 5)),
    }
    if figures.conversions:
        line["actions"] = [{"action_type": "lead", "value": str(figures.conversions)}]
        line["action_values"] = [{"action_type": "lead", "value": money(figures.value_cents)}]
    return line


def _google_metrics(row: MetricRow, figures: Figures) -> Record:
    line: Record = {
        "customer": {"id": row.campaign.account.account_id},
        "campaign": {"id": row.campaign.campaign_id},
    }
    if row.group and row.ad:
        line["adGroup"] = {"id": row.group.group_id}
        line["adGroupAd"] = {"ad": {"id": row.ad.ad_id}}
    line["segments"] = {"date": day_text(row.day)}
    line["metrics"] = {
        "costMicros": str(figures.spend_micros),
        "impressions": str(figures.impressions),
        "clicks": str(figures.clicks),
        "conversions": float(figures.conversions),
        "conversionsValue": figures.value_cents / 100,
    }
    return line


def _linkedin_analytics(row: MetricRow, figures: Figures) -> Record:
    assert row.group is not None
    assert row.ad is not None
    dollars = PER_EURO["USD"] / PER_EURO[row.campaign.account.currency]
    forms = figures.conversions // 2
    return {
        "account": _account_urn(row.campaign),
        "campaignGroup": _group_urn(row.campaign),
        "campaign": f"urn:li:sponsoredCampaign:{row.group.group_id}",
        "creative": f"urn:li:sponsoredCreative:{row.ad.ad_id}",
        "date": day_text(row.day),
        "costInLocalCurrency": _decimal(figures.spend_micros, 4),
        "costInUsd": _decimal(int(figures.spend_micros * dollars), 4),
        "impressions": figures.impressions,
        "clicks": figures.clicks,
        "externalWebsiteConversions": figures.conversions - forms,
        "oneClickLeads": forms,
        "conversionValueInLocalCurrency": money(figures.value_cents),
    }


_GOOGLE_ACTION_NAMES = {
    "6500000001": ("Demo request", "SUBMIT_LEAD_FORM"),
    "6500000002": ("White paper", "DOWNLOAD"),
}
_GOOGLE_ACTIONS = tuple(_GOOGLE_ACTION_NAMES)
_FIGURES = {
    META: ("meta/insights", _meta_insight),
    GOOGLE: ("google/daily_metrics", _google_metrics),
    LINKEDIN: ("linkedin/analytics", _linkedin_analytics),
}


def figure_lines(frame: Frame, row: MetricRow) -> Lines:
    """The versions of one metric row."""
    path, form = _FIGURES[row.campaign.platform]
    states: list[State] = [(since, form(row, figures)) for since, figures in row.told]
    for line in frame.versions(states, row.gone):
        yield path, line
    if row.campaign.platform == GOOGLE:
        for action in _GOOGLE_ACTIONS:
            states = [
                (since, _google_conversions(row, action, number, figures))
                for since, figures in row.told
                if (number := _share(action, figures))
            ]
            for line in frame.versions(states, row.gone):
                yield "google/conversions", line


def _share(action: str, figures: Figures) -> int:
    """How many of the conversions an action has: half of them, odd ones to the first."""
    second = figures.conversions // 2
    return second if action == _GOOGLE_ACTIONS[1] else figures.conversions - second


def _google_conversions(row: MetricRow, action: str, number: int, figures: Figures) -> Record:
    """Campaign, action and day: platforms claim the same figures as in the daily metrics."""
    account = row.campaign.account.account_id
    line: Record = {"customer": {"id": account}, "campaign": {"id": row.campaign.campaign_id}}
    if row.group:
        line["adGroup"] = {"id": row.group.group_id}
    name, category = _GOOGLE_ACTION_NAMES[action]
    line["segments"] = {
        "date": day_text(row.day),
        "conversionAction": f"customers/{account}/conversionActions/{action}",
        "conversionActionName": name,
        "conversionActionCategory": category,
    }
    value = figures.value_cents * number // figures.conversions
    line["metrics"] = {"conversions": float(number), "conversionsValue": value / 100}
    return line
