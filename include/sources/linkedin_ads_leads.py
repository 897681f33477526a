"""The answers to LinkedIn's lead forms, without what people wrote.

https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync. LinkedIn keeps them for 365
days. Of an answer only the e-mail leaves this module, hashed, and its domain in clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from include.sources import Account, Record, Window
from include.sources.linkedin_ads_client import Client
from include.sources.linkedin_ads_rows import number_of
from include.sources.personal import hashed, without_addresses

_FIELDS = (
    "id,owner,leadType,submittedAt,testLead,versionedLeadGenFormUrn,associatedEntityInfo,"
    "leadMetadataInfo,formResponse,form:(id,name,hiddenFields,content)"
)
_EMAILS = ("EMAIL", "WORK_EMAIL")  # the person's own address first: it stays when the job does not


def leads(
    client: Client,
    account: Account,
    window: Window,
    campaigns: Callable[[], dict[str, Record]],
) -> Iterator[Record]:
    """Every answer submitted on the window's days (UTC), as many as LinkedIn counts.

    ``campaigns`` gives LinkedIn's campaigns by number; it is asked where there are answers at all.
    Yields nothing where the connection says ``lead_forms: no``; raises SourceRefused where LinkedIn
    has not admitted the application to lead forms.
    """
    if not client.reads_lead_forms:
        return
    owner = quote(f"urn:li:sponsoredAccount:{account.account_id}", safe="")
    start, end = _milliseconds(window.first), _milliseconds(window.last + timedelta(1))
    query = (
        f"q=owner&owner=(sponsoredAccount:{owner})&leadType=(leadType:SPONSORED)"
        f"&limitedToTestLeads=false&submittedAtTimeRange=(start:{start},end:{end})"
        f"&fields={_FIELDS}"
    )
    key = client.settings.hash_key()
    known: dict[str, Record] | None = None
    for answer in client.counted("leadFormResponses", query):
        known = campaigns() if known is None else known
        lead = _lead(client, answer, key)
        campaign = known.get(str(number_of(lead["campaign"]))) or {}
        yield {**lead, "campaignGroup": campaign.get("campaignGroup")}


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _lead(client: Client, answer: Record, key: bytes) -> Record:
    """An answer's ids, its form's name and hidden fields, and the hash of its e-mail."""
    form = answer.get("form") or _form(client, answer)
    metadata = (answer.get("leadMetadataInfo") or {}).get("sponsoredLeadMetadataInfo") or {}
    creative = (answer.get("associatedEntityInfo") or {}).get("associatedCreative") or {}
    return {
        "id": answer["id"],
        "submittedAt": answer.get("submittedAt"),
        "testLead": answer.get("testLead"),
        "campaign": (metadata.get("campaign") or {}).get("id"),
        "creative": creative.get("id"),
        "form": {
            "id": form.get("id"),
            "name": form.get("name"),
            "hiddenFields": [
                {
                    "name": str(field.get("name")),
                    "value": without_addresses(str(field.get("value") or "")),
                }
                for field in form.get("hiddenFields") or ()
            ],
        },
        **hashed(_email(answer, form), key),
    }


def _form(client: Client, answer: Record) -> Record:
    """The form where the answer does not bring it along."""
    number = str(answer.get("versionedLeadGenFormUrn")).rpartition(":")[2].partition(",")[0]
    if not number.isdecimal():
        return {}
    return client.maybe(f"leadForms/{number}") or {"id": int(number)}


def _email(answer: Record, form: Record) -> Any:
    questions = (form.get("content") or {}).get("questions") or ()
    kinds = {question.get("questionId"): question.get("predefinedField") for question in questions}
    given = {
        kinds.get(each.get("questionId")): (
            (each.get("answerDetails") or {}).get("textQuestionAnswer") or {}
        ).get("answer")
        for each in (answer.get("formResponse") or {}).get("answers") or ()
    }
    return next((given[kind] for kind in _EMAILS if given.get(kind)), "")
