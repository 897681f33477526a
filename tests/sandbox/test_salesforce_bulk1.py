"""Bulk API 1.0 as a client of old speaks it: log in by SOAP's session, one job, one batch."""

from collections.abc import Callable

import pytest
import requests

from tests.sandbox.running import Sandbox

LEADS = [
    {"Id": "00Q5g0000000001EAA", "LastName": "Bauer", "CreatedDate": "2026-01-02T03:04:05Z"},
    {"Id": "00Q5g0000000002EAA", "LastName": "Okafor", "CreatedDate": "2026-01-03T00:00:00Z"},
    {"Id": "00Q5g0000000003EAA", "LastName": "Gone", "IsDeleted": True},
]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data({"salesforce/Lead": LEADS})


@pytest.fixture
def web(sandbox: Sandbox) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = sandbox.ca_file
    granted = session.post(
        f"{sandbox.https}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "sandbox-salesforce-client",
            "client_secret": "sandbox-salesforce-secret",
        },
    )
    session.headers["X-SFDC-Session"] = granted.json()["access_token"]
    return session


def test_a_job_gives_its_records_with_datetimes_in_milliseconds(
    sandbox: Sandbox, web: requests.Session
) -> None:
    base = f"{sandbox.https}/services/async/59.0/job"
    asked = {"operation": "query", "object": "Lead", "contentType": "JSON"}
    job = web.post(base, json=asked).json()
    assert (job["state"], job["apiVersion"]) == ("Open", 59.0)
    query = "SELECT Id, LastName, CreatedDate FROM Lead ORDER BY Id"
    batch = web.post(f"{base}/{job['id']}/batch", data=query).json()
    assert web.post(f"{base}/{job['id']}", json={"state": "Closed"}).json()["state"] == "Closed"
    here = f"{base}/{job['id']}/batch/{batch['id']}"
    assert web.get(f"{here}/result").json()["exceptionCode"] == "InvalidBatch"
    states = [web.get(here).json()["state"] for _ in range(3)]
    assert states == ["InProgress", "Completed", "Completed"]
    (part,) = web.get(f"{here}/result").json()
    records = web.get(f"{here}/result/{part}").json()
    assert [(each["LastName"], each["CreatedDate"]) for each in records] == [
        ("Bauer", 1_767_323_045_000),
        ("Okafor", 1_767_398_400_000),
    ]
    assert records[0]["attributes"]["type"] == "Lead"


@pytest.mark.parametrize(
    ("session", "path", "code"),
    [("wrong", "59.0", "InvalidSessionId"), (None, "12.0", "InvalidVersion")],
)
def test_what_is_refused(
    sandbox: Sandbox, web: requests.Session, session: str | None, path: str, code: str
) -> None:
    if session:
        web.headers["X-SFDC-Session"] = session
    answer = web.post(f"{sandbox.https}/services/async/{path}/job", json={})
    assert (answer.status_code, answer.json()["exceptionCode"]) == (400, code)


def test_a_query_it_cannot_take_names_the_fault(sandbox: Sandbox, web: requests.Session) -> None:
    base = f"{sandbox.https}/services/async/59.0/job"
    asked = {"operation": "query", "object": "Lead", "contentType": "JSON"}
    job = web.post(base, json=asked).json()
    refused = web.post(f"{base}/{job['id']}/batch", data="SELECT Nope FROM Lead")
    assert refused.json()["exceptionCode"] == "InvalidBatch"
    assert "Nope" in refused.json()["exceptionMessage"]


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b"\xff", b"{"])
def test_bodies_that_cannot_be_read(sandbox: Sandbox, web: requests.Session, body: bytes) -> None:
    base = f"{sandbox.https}/services/async/59.0/job"
    refused = web.post(base, data=body)
    assert (refused.status_code, refused.json()["exceptionCode"]) == (400, "InvalidJob")
    asked = {"operation": "query", "object": "Lead", "contentType": "JSON"}
    job = web.post(base, json=asked).json()["id"]
    refused = web.post(f"{base}/{job}/batch", data=body)
    assert (refused.status_code, refused.json()["exceptionCode"]) == (400, "InvalidBatch")
    assert web.get(f"{sandbox.https}/services/async/59.0/x").json()["exceptionCode"] == "InvalidUrl"
