"""The answers to LinkedIn's lead forms, without what people wrote.

https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync. LinkedIn keeps them for 365
days. Of an answer only the e-mail leaves this module, hashed, and its domain in clear.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from include.sources import Account, Record, Window
from include.sources.linkedin_ads_client import Client, has
from include.sources.linkedin_ads_rows import number_of
from include.sources.personal import EMAIL_HASH, hashed, is_address, without_addresses

_FIELDS = (
    "id,owner,leadType,submittedAt,testLead,versionedLeadGenFormUrn,associatedEntityInfo,"
    "leadMetadataInfo,formResponse,form:(id,name,hiddenFields,content)"
)
log = logging.getLogger(__name__)

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
    answers = unknown = nobody = 0
    forms = set()
    for answer in client.counted("leadFormResponses", query):
        known = campaigns() if known is None else known
        form = answer.get("form") or _form(client, answer)
        lead = _lead(answer, form, key)
        answers += 1
        if not _kinds(form):
            unknown += 1
            nobody += EMAIL_HASH not in lead
            forms.add(str(form.get("id", "unnamed")))
        campaign = known.get(str(number_of(lead["campaign"]))) or {}
        yield {**lead, "campaignGroup": campaign.get("campaignGroup")}
    if unknown:
        log.warning(
            "%d of the %d answers of LinkedIn account %s come without the questions of their form "
            "(%s), which was deleted or is not shown to this log-in: what looks like an e-mail "
            "address was taken for the person's; %d of them hold none",
            unknown, answers, account.account_id, ", ".join(sorted(forms)), nobody,
        )  # fmt: skip


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _lead(answer: Record, form: Record, key: bytes) -> Record:
    """An answer's ids, its form's name and hidden fields, and the hash of its e-mail."""
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
        **_person(answer, form, key),
    }


def _form(client: Client, answer: Record) -> Record:
    """The form where the answer does not bring it along."""
    number = str(answer.get("versionedLeadGenFormUrn")).rpartition(":")[2].partition(",")[0]
    if not number.isdecimal():
        return {}
    return client.maybe(f"leadForms/{number}", has("id", number)) or {"id": int(number)}


def _kinds(form: Record) -> dict[Any, Any]:
    """What each question of a form asks for, by the question's id."""
    questions = (form.get("content") or {}).get("questions") or ()
    return {question.get("questionId"): question.get("predefinedField") for question in questions}


def _person(answer: Record, form: Record, key: bytes) -> dict[str, str]:
    """The hash of the e-mail that the form asks for, else of an answer that looks like one."""
    kinds = _kinds(form)
    given = [
        (
            kinds.get(each.get("questionId")),
            str(
                ((each.get("answerDetails") or {}).get("textQuestionAnswer") or {}).get("answer")
                or ""
            ),
        )
        for each in (answer.get("formResponse") or {}).get("answers") or ()
    ]
    asked = [text for wanted in _EMAILS for kind, text in given if kind == wanted]
    for text in (*asked, *(text for _, text in given if is_address(text))):
        if found := hashed(text, key):
            return found
    return {}
