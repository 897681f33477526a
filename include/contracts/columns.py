"""Every column once: name, type, unit, meaning and the rule its values keep."""

from __future__ import annotations

from include.contracts.shape import Column, Type


def _text(name: str, meaning: str, **rules: object) -> Column:
    return Column(name, Type.TEXT, meaning, **rules)  # type: ignore[arg-type]


def _flag(name: str, meaning: str) -> Column:
    return Column(name, Type.BOOLEAN, meaning)


def _instant(name: str, meaning: str, *, is_stamp: bool = False) -> Column:
    return Column(name, Type.TIMESTAMP, meaning, unit="UTC", is_stamp=is_stamp)


def _day(name: str, meaning: str) -> Column:
    return Column(name, Type.DATE, meaning)


def _count(name: str, meaning: str, unit: str) -> Column:
    return Column(name, Type.INTEGER, meaning, unit=unit, at_least=0)


# Where a row comes from
platform = _text("platform", "The ad network, by the name of its source")
source = _text("source", "The system a load came from, by the name of its source")
stream = _text("stream", "The stream of a source, such as campaign_daily")
batch_id = Column(
    "batch_id", Type.TEXT, "The landed batch that brought the row as it stands", is_stamp=True
)
first_loaded_at = _instant("first_loaded_at", "When this row first reached staging", is_stamp=True)
last_restated_at = _instant(
    "last_restated_at",
    "When the source last changed what it says of this row; NULL if it never did",
    is_stamp=True,
)
loaded_at = _instant("loaded_at", "When the row as it stands was loaded", is_stamp=True)

# The hierarchy of an ad network: account > campaign > ad group > ad
account_id = _text("account_id", "The ad account, as its network writes it")
account_name = _text("account_name", "The account's present name")
account_status = _text("account_status", "The account's state in its network's own word")
time_zone = _text("time_zone", "IANA zone in which the account's days begin and end")
currency_code = _text("currency_code", "ISO 4217 code of the amounts beside it")
campaign_id = _text("campaign_id", "The campaign, as its network writes it")
campaign_name = _text("campaign_name", "The campaign's name")
campaign_status = _text("campaign_status", "The campaign's state in its network's own word")
campaign_type = _text("campaign_type", "What kind of campaign, in its network's own word")
objective = _text("objective", "What the campaign was set to achieve, in its network's own word")
start_date = _day("start_date", "The day it begins")
end_date = _day("end_date", "The day it ends; NULL if none is set")

ad_group_id = _text(
    "ad_group_id", "The ad group (LinkedIn: its campaign), as its network writes it"
)
ad_group_name = _text("ad_group_name", "The ad group's name")
ad_group_status = _text("ad_group_status", "The ad group's state in its network's own word")
ad_group_type = _text("ad_group_type", "What kind of ad group, in its network's own word")
ad_id = _text("ad_id", "The ad, as its network writes it")
ad_name = _text("ad_name", "The ad's name; NULL where its network gives ads none")
ad_status = _text("ad_status", "The ad's state in its network's own word")
ad_type = _text("ad_type", "What kind of ad, in its network's own word")
manager_account_id = _text("manager_account_id", "A manager account above the account")
manager_account_name = _text("manager_account_name", "The manager account's present name")
levels_above = _count("levels_above", "Steps from the account up to the manager", "steps")
url_template = _text(
    "url_template",
    "What the network adds to the landing page, as written: its own, else the nearest above it",
)
valid_from_at = _instant("valid_from_at", "When this state was first seen; it held from then on")
valid_to_at = _instant("valid_to_at", "When another state was first seen; NULL while it holds")

# Daily measures
date_day = _day("date_day", "The day, in the ad account's time zone")
spend = Column(
    "spend",
    Type.AD_MONEY,
    "What the network charged; negative where a credit exceeds the day's cost",
    unit="currency_code",
)
impressions = _count("impressions", "Times an ad was shown", "impressions")
clicks = _count("clicks", "Clicks on ads, in the network's own main definition", "clicks")
reported_conversions = Column(
    "reported_conversions",
    Type.NUMBER,
    "Conversions as the platform claims them; never added across platforms",
    unit="conversions",
)
reported_conversions_value = Column(
    "reported_conversions_value",
    Type.AD_MONEY,
    "Value of those conversions as the platform claims it",
    unit="currency_code",
)

conversion_action_id = _text(
    "conversion_action_id", "What was counted: the network's id or name of the conversion action"
)
conversion_action_name = _text("conversion_action_name", "The conversion action's present name")
click_id = _text("click_id", "The click id the network put into the landing page's URL")
keyword = _text("keyword", "The keyword that brought the click, where there is one")
response_id = _text("response_id", "The filled form, as its network writes it")
form_id = _text("form_id", "The lead form, as its network writes it")
form_name = _text("form_name", "The lead form's present name")
is_test = _flag("is_test", "Whether the network marks it as a test")
submitted_at = _instant("submitted_at", "When the form was sent")

# Visits, as web analytics counts them
visit_key = _text("visit_key", "Digest of the way and the landing page, whose names may be long")
way_key = _text("way_key", "Digest of the way a visit came: source, medium, campaign, its id")
property_id = _text("property_id", "The property whose visits are counted, as its system writes it")
visit_source = _text("visit_source", "Where the visit came from, in its system's own word")
visit_medium = _text("visit_medium", "By what medium it came, in its system's own word")
visit_campaign = _text("visit_campaign", "The campaign's name that its link or its ad bore")
visit_campaign_id = _text("visit_campaign_id", "The campaign's id that its link or its ad bore")
landing_page = _text("landing_page", "Path of the page a visit began on, without its query string")
visit_month = _day("visit_month", "First day of the month, in the property's time zone")
sessions = _count("sessions", "Visits that began", "sessions")
engaged_sessions = _count(
    "engaged_sessions", "Visits of ten seconds, two pages or a key event", "sessions"
)
users = _count(
    "users", "People who came, as far as their browser tells; NULL where withheld", "people"
)
new_users = _count("new_users", "Those of them who came for the first time", "people")
key_events = Column(
    "key_events",
    Type.NUMBER,
    "Events the property counts as key, such as a form sent",
    unit="events",
    at_least=0,
)
is_thresholded = _flag(
    "is_thresholded", "Whether the system withheld users of rows of the answer it stood in"
)
has_other_row = _flag(
    "has_other_row", "Whether the system told rare rows of the answer it stood in as one, (other)"
)
is_sampled = _flag("is_sampled", "Whether the answer was estimated from a sample")

# CRM identities
lead_id = _text("lead_id", "The CRM lead (18 characters)")
contact_id = _text("contact_id", "The CRM contact (18 characters)")
crm_account_id = _text("crm_account_id", "The company in the CRM (18 characters)")
opportunity_id = _text("opportunity_id", "The deal (18 characters)")
crm_campaign_id = _text("crm_campaign_id", "The campaign in the CRM (18 characters)")
campaign_member_id = _text("campaign_member_id", "The membership of a person in a CRM campaign")
contact_role_id = _text("contact_role_id", "The part a contact plays in a deal")
owner_id = _text("owner_id", "The CRM user who owns the record")
user_id = _text("user_id", "The CRM user (18 characters)")
record_type_id = _text("record_type_id", "The CRM record type (18 characters)")
master_record_id = _text("master_record_id", "The record this one was merged into")
converted_contact_id = _text("converted_contact_id", "The contact the lead was converted into")
converted_account_id = _text("converted_account_id", "The company the lead was converted into")
converted_opportunity_id = _text(
    "converted_opportunity_id", "The deal that was opened when the lead was converted"
)

opportunity_history_id = _text("opportunity_history_id", "The line of the deal's history")
field_history_id = _text("field_history_id", "The line of the record's field history")
task_id = _text("task_id", "The CRM task (18 characters)")
event_id = _text("event_id", "The CRM event (18 characters)")
opportunity_stage_id = _text("opportunity_stage_id", "The CRM's entry for a sales stage")
exchange_rate_id = _text("exchange_rate_id", "The CRM's entry for a dated rate")

# CRM texts
email_hash = _text("email_hash", "Keyed hash of the e-mail (trimmed, lower case, plus-tag removed)")
email_domain = _text("email_domain", "The part of the e-mail after @, in lower case")
lead_source = _text("lead_source", "The CRM's own word for where the person came from")
lead_status = _text("lead_status", "The lead's status in the CRM")
company_name = _text("company_name", "The company's name")
industry = _text("industry", "The company's industry in the CRM's own word")
country = _text("country", "The country in the CRM's own word")
job_title = _text("job_title", "What the person is at the company, in the CRM's own word")
stated_product = _text("stated_product", "The product the person asked for, as a form took it down")
stated_problem = _text("stated_problem", "What troubles the person, as a form took it down")
stated_timeframe = _text("stated_timeframe", "When the person wants to buy, as a form took it down")
employee_count = _count("employee_count", "People who work at the company", "people")
crm_account_type = _text("crm_account_type", "The company's type in the CRM")
opportunity_name = _text("opportunity_name", "The deal's name")
opportunity_type = _text("opportunity_type", "The deal's type in the CRM's own word")
stage_name = _text("stage_name", "The deal's stage in the CRM's own word")
contact_role = _text("contact_role", "The part in the CRM's own word, such as Decision Maker")
crm_campaign_name = _text("crm_campaign_name", "The CRM campaign's name")
crm_campaign_type = _text("crm_campaign_type", "The CRM campaign's type, such as Webinar")
crm_campaign_status = _text("crm_campaign_status", "The CRM campaign's status")
parent_crm_campaign_id = _text("parent_crm_campaign_id", "The CRM campaign above this one")
member_status = _text("member_status", "The membership's status, such as Responded")
department = _text("department", "The user's department")
record_type_name = _text("record_type_name", "The record type's label")
record_type_developer_name = _text("record_type_developer_name", "The record type's API name")
object_name = _text("object_name", "The CRM object the record type belongs to")

field_name = _text("field_name", "The field's API name in the CRM")
field_type = _text("field_type", "The field's type in the CRM's own word")
old_value = _text("old_value", "The value before; NULL where empty, or where it is personal")
new_value = _text("new_value", "The value after; NULL where empty, or where it is personal")
activity_type = _text("activity_type", "The kind of activity in the CRM's own word")
activity_status = _text("activity_status", "The activity's status in the CRM's own word")
forecast_category = _text("forecast_category", "The forecast category in the CRM's own word")

# What a form captured of the visit
utm_source = _text("utm_source", "utm_source as captured")
utm_medium = _text("utm_medium", "utm_medium as captured")
utm_campaign = _text("utm_campaign", "utm_campaign as captured")
utm_content = _text("utm_content", "utm_content as captured")
utm_term = _text("utm_term", "utm_term as captured")
utm_id = _text("utm_id", "utm_id as captured")
UTM: tuple[Column, ...] = (
    utm_source,
    utm_medium,
    utm_campaign,
    utm_content,
    utm_term,
    utm_id,
)
gclid = _text("gclid", "Google's click id as captured")
fbclid = _text("fbclid", "Meta's click id as captured; set on unpaid clicks too")
li_fat_id = _text("li_fat_id", "LinkedIn's click id as captured")
landing_page_url = _text("landing_page_url", "The first page of the visit, query string included")
referrer_url = _text("referrer_url", "The page that led to the visit")

# CRM days, amounts, flags and instants
close_date = _day("close_date", "The day the deal closed, or is expected to")
converted_date = _day("converted_date", "The day the lead was converted")
first_responded_date = _day("first_responded_date", "The day of the first response")
amount = Column("amount", Type.CRM_MONEY, "The deal's amount; NULL where unknown", "currency_code")
budgeted_cost = Column(
    "budgeted_cost", Type.CRM_MONEY, "Cost planned in the CRM", unit="currency_code"
)
actual_cost = Column("actual_cost", Type.CRM_MONEY, "Cost noted in the CRM", unit="currency_code")
is_active = _flag("is_active", "Whether it is in use")
is_closed = _flag("is_closed", "Whether the deal is won or lost")
is_converted = _flag("is_converted", "Whether the lead was converted")
is_deleted = _flag("is_deleted", "Whether the CRM no longer has the record")
is_primary = _flag("is_primary", "Whether this is the deal's primary contact")
is_won = _flag("is_won", "Whether the deal was won")
has_responded = _flag("has_responded", "Whether the person responded to the campaign")
created_at = _instant("created_at", "When the record was created in the CRM")
modified_at = _instant("modified_at", "When the record last changed in the CRM (SystemModstamp)")
mql_at = _instant("mql_at", "When marketing qualified the person")
sql_at = _instant("sql_at", "When sales accepted the person")

activity_date = _day("activity_date", "The day of the activity, or the day it is due")
valid_from_date = _day("valid_from_date", "The first day it holds")
valid_to_date = _day("valid_to_date", "The first day it no longer holds")
probability = Column("probability", Type.NUMBER, "The CRM's chance of winning", unit="percent")
conversion_rate = Column(
    "conversion_rate", Type.RATE, "Units of the currency for one unit of the corporate currency"
)
sort_order = _count("sort_order", "The place in the CRM's own order", "place")
decimal_places = _count("decimal_places", "Digits after the point", "digits")
field_length = _count("field_length", "Characters the field can hold", "characters")
is_corporate = _flag("is_corporate", "Whether it is the corporate currency")
is_calculated = _flag("is_calculated", "Whether the CRM computes the field, and never stamps it")
is_custom = _flag("is_custom", "Whether the org made it")

# What the owner decides, in seeds and settings
channel = _text("channel", "How the person came, in the words of the channel rules")
medium = _text("medium", "The kind of medium behind a utm_medium, in our own word")
source_kind = _text("source_kind", "What kind of place a visit came from, such as search or social")
offer_type = _text("offer_type", "What the person came for, such as webinar or white_paper")
type_group = _text("type_group", "New business, expansion or renewal")
stage_group = _text("stage_group", "Where in the sales process the stage lies")
funnel_stage = _text("funnel_stage", "The stage of the funnel that a lead status tells of")
reporting_currency = _text("reporting_currency", "ISO 4217 code of every base amount")
reporting_zone = _text("reporting_zone", "IANA zone of the marts' days and months")
rate_date = _day("rate_date", "The business day the rate was published for")
rate = Column("rate", Type.RATE, "Units of the currency for one euro", unit="currency_code")

# Money in the reporting currency
fx_rate = Column(
    "fx_rate",
    Type.RATE,
    "Units of the reporting currency for one unit of currency_code, to ten places; amounts are "
    "converted by the rates unrounded; NULL where no rate is known",
)
fx_rate_date = _day("fx_rate_date", "The business day whose rate was used")
spend_base = Column("spend_base", Type.AD_MONEY, "Spend at the day's rate", "reporting currency")
amount_base = Column(
    "amount_base", Type.CRM_MONEY, "The amount at the rate of its day", "reporting currency"
)

# People, touches and deals
person_id = _text("person_id", "The person: the id of their earliest-created CRM record")
touchpoint_id = _text("touchpoint_id", "The touch: its kind of evidence and its record's id")
evidence = _text(
    "evidence",
    "What the touch is known from: a form, a network's lead form, a campaign response, an activity "
    "or a line entered by hand",
)
sales_stage = _text("sales_stage", "Where sales stood with the person at the time of the touch")
match_method = _text("match_method", "Which rule told campaign and channel")
match_confidence = Column(
    "match_confidence", Type.CONFIDENCE, "How sure that rule is, from 0 to 1", at_least=0
)
people_rule = _text("people_rule", "Which rule told whose deal it is")
model = _text("model", "The attribution model")
basis = _text("basis", "Whether the amount is revenue won or pipeline still open")
weight = Column("weight", Type.WEIGHT, "The touch's share of the deal", at_least=0)
is_internal = _flag("is_internal", "Whether it is one of our own or a test address")
is_paid = _flag("is_paid", "Whether an advertisement brought the touch")
touched_at = _instant("touched_at", "When the touch took place")
closed_at = _instant("closed_at", "The end of the close day; NULL while open")
lead_at = _instant("lead_at", "When the person was first known to the CRM")
opportunity_at = _instant("opportunity_at", "When the person's first deal was opened")
customer_at = _instant("customer_at", "When the person's first deal was won")

# Metrics of the marts: sums and ratios of sums
cohort_month = _day(
    "cohort_month", "First day of the month of the first touch, in the reporting zone"
)
leads = _count("leads", "People first touched in the cohort", "people")
mqls = _count("mqls", "Those of them whom marketing qualified", "people")
sqls = _count("sqls", "Those of them whom sales accepted", "people")
opportunities = _count("opportunities", "New-business deals first touched in the cohort", "deals")
won_deals = _count("won_deals", "Those deals that were won", "deals")
lost_deals = _count("lost_deals", "Those deals that were lost", "deals")
customers = _count("customers", "Companies that won deals made customers", "companies")
won_revenue_base = Column(
    "won_revenue_base", Type.CRM_MONEY, "Amount of the deals won", unit="reporting currency"
)
open_pipeline_base = Column(
    "open_pipeline_base", Type.CRM_MONEY, "Amount of the deals open", unit="reporting currency"
)
lost_amount_base = Column(
    "lost_amount_base", Type.CRM_MONEY, "Amount of the deals lost", unit="reporting currency"
)
age_days = Column(
    "age_days", Type.INTEGER, "Days from the cohort month's first day to the as-of day", "days"
)
