"""Lead forms and the leads that filled them, in each network's own wire form.

Meta: https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving
LinkedIn: https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from include.sandbox.generator.campaigns import LINKEDIN, META, Campaign
from include.sandbox.generator.capture import FormFill
from include.sandbox.generator.forms import FORM_KINDS, form_id
from include.sandbox.generator.frame import HOUR, Frame, Record, day_of, instant, offset_time
from include.sandbox.generator.names import TITLES, ascii_slug, firm_name, person_name
from include.sandbox.generator.people import Person

Lines = Iterator[tuple[str, Record]]

# Of so many forms filled one never reaches the CRM.
_LOST_OF = 12
_QUESTIONS = ("FIRST_NAME", "LAST_NAME", "WORK_EMAIL", "COMPANY_NAME", "JOB_TITLE")


class _Answers(NamedTuple):
    """Who filled a form, as it asks."""

    first_name: str
    last_name: str
    email: str
    company: str
    title: str


def form_lines(frame: Frame, campaigns: Iterable[Campaign], people: Iterable[Person]) -> Lines:
    """The forms, each filled once to try it, every one that brought a lead, and some that were lost
    on the way to the CRM."""
    forms = [one for one in campaigns if one.kind in FORM_KINDS]
    for campaign in forms:
        path, form = _form(campaign)
        made = instant(campaign.first_day - 1, 15 * HOUR)
        for line in frame.versions([(made, form)]):
            yield path, line
        yield from _filled(frame, _tried(campaign, made + HOUR), _Answers(*_TESTER), is_test=True)
    rng = frame.chance("lead forms that never arrive")
    for person in people:
        for lead in person.leads:
            if (form_fill := lead.capture.form) is None:
                continue
            own = _Answers(
                person.first_name, person.last_name, person.email, person.org.name, person.title
            )
            yield from _filled(frame, form_fill, own)
            if rng.random() < 1 / _LOST_OF:
                yield from _filled(frame, _another(form_fill), _stranger(rng, form_fill))


_TESTER = ("Tess", "Tester", "tess.tester@forms.example", "Test GmbH", "Tester")


def _tried(campaign: Campaign, at: int) -> FormFill:
    """The test that somebody sends through a new form."""
    group = campaign.groups[-1]
    number = f"5{campaign.account.account_id[-6:]}{campaign.campaign_id[-8:]}"
    return FormFill(campaign, group, group.ads[0], number, at, False)


def _another(fill: FormFill) -> FormFill:
    """Another person at the same ad in the same minute."""
    number = f"6{fill.response_id[1:]}"
    return FormFill(fill.campaign, fill.group, fill.ad, number, fill.at + 20, fill.is_kept)


def _stranger(rng: Random, fill: FormFill) -> _Answers:
    first, last = person_name(rng)
    firm = firm_name(rng, "Germany")
    email = f"{ascii_slug(first)}.{ascii_slug(last)}@lost-{fill.response_id[-8:]}.example"
    return _Answers(first, last, email, firm, rng.choice(TITLES))


def _form(campaign: Campaign) -> tuple[str, Record]:
    name = f"{campaign.names[0][1]} - Form"
    if campaign.platform == META:
        return "meta/lead_forms", {
            "id": form_id(campaign), "name": name, "status": "ACTIVE", "locale": "en_US",
        }  # fmt: skip
    questions = [
        {"questionId": number, "name": kind.lower(), "predefinedField": kind}
        for number, kind in enumerate(_QUESTIONS, 1)
    ]
    return "linkedin/lead_forms", {
        "id": int(form_id(campaign)), "name": name, "state": "PUBLISHED", "versionId": 1,
        "owner": {"sponsoredAccount": _account(campaign)}, "content": {"questions": questions},
        "hiddenFields": [{"name": "utm_source", "value": "linkedin"}],
    }  # fmt: skip


def _account(campaign: Campaign) -> str:
    return f"urn:li:sponsoredAccount:{campaign.account.account_id}"


def _filled(frame: Frame, fill: FormFill, answers: _Answers, *, is_test: bool = False) -> Lines:
    path, form = {
        META: ("meta/leads", _meta_lead),
        LINKEDIN: ("linkedin/lead_form_responses", _linkedin_response),
    }[fill.campaign.platform]
    for line in frame.versions([(fill.at, form(fill, answers, is_test))]):
        yield path, line


def _meta_lead(fill: FormFill, answers: _Answers, is_test: bool) -> Record:
    names = ("first_name", "last_name", "email", "company_name", "job_title")
    values = answers
    if is_test:
        # What Meta's Lead Ads Testing Tool fills in.
        values = _Answers(*(f"<test lead: dummy data for {name}>" for name in names))
        values = values._replace(email="test@meta.com")
    return {
        "id": fill.response_id,
        "account_id": fill.campaign.account.account_id,
        "created_time": offset_time(fill.at),
        "ad_id": fill.ad.ad_id,
        "adset_id": fill.group.group_id,
        "campaign_id": fill.campaign.campaign_id,
        "form_id": form_id(fill.campaign),
        "is_organic": False,
        "platform": "ig" if day_of(fill.at) % 3 == 0 else "fb",
        "field_data": [
            {"name": name, "values": [value]} for name, value in zip(names, values, strict=True)
        ],
    }


def _linkedin_response(fill: FormFill, answers: _Answers, is_test: bool) -> Record:
    form = form_id(fill.campaign)
    return {
        "id": f"{fill.response_id}-1",
        "owner": {"sponsoredAccount": _account(fill.campaign)},
        "leadType": "SPONSORED",
        "submittedAt": fill.at * 1000,
        "testLead": is_test,
        "versionedLeadGenFormUrn": f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{form},1)",
        "associatedEntityInfo": {
            "associatedCreative": {"id": f"urn:li:sponsoredCreative:{fill.ad.ad_id}"}
        },
        "leadMetadataInfo": {
            "sponsoredLeadMetadataInfo": {
                "campaign": {
                    "id": f"urn:li:sponsoredCampaign:{fill.group.group_id}",
                }
            }
        },
        "formResponse": {
            "answers": [
                {"questionId": number, "answerDetails": {"textQuestionAnswer": {"answer": value}}}
                for number, value in enumerate(answers, 1)
            ]
        },
    }
