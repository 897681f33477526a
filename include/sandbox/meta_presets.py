"""The faults of Meta seen in the wild, as rules of a fault plan. Numbers are those of README.md."""

from typing import Any

_PAGE = {"api": "meta", "method": "GET", "path": "/insights$"}
_RUN = {"api": "meta", "method": "GET", "path": r"/v\d+\.\d+/\d+/?$"}
_RUN_PAGE = {"api": "meta", "method": "GET", "path": r"/\d+/insights$"}
_START = {"api": "meta", "method": "POST", "path": "/insights$"}


def _error(status: int, code: int, message: str, **more: Any) -> dict[str, Any]:
    """The Graph API's answer to a call it fails."""
    error = {"message": message, "type": "OAuthException", "code": code, **more}
    return {"kind": "status", "status": status, "body": {"error": error}}


def _run(status: str, percent: int) -> dict[str, Any]:
    """What a look at a report run shows."""
    state = {"async_status": status, "async_percent_completion": percent}
    return {"kind": "status", "status": 200, "body": {"id": "6000000000001", **state}}


PRESETS: dict[str, list[dict[str, Any]]] = {
    # 1 to 4: more than Meta serves at once, said in three ways, and report runs that bring nothing.
    "meta-reduce-data": [
        {
            "match": _RUN_PAGE,
            "nth": 2,
            "do": _error(
                500,
                1,
                "Please reduce the amount of data you're asking for, then retry your request",
            ),
        }
    ],
    "meta-job-too-large": [
        {
            "match": _START,
            "nth": 1,
            "do": _error(400, 100, "(#100) Too much data requested", error_subcode=1487534),
        }
    ],
    "meta-too-large-as-transient": [
        {
            "match": _RUN_PAGE,
            "nth": 2,
            "do": _error(
                500,
                2,
                "Service temporarily unavailable",
                error_subcode=1504044,
                is_transient=True,
            ),
        }
    ],
    "meta-job-stuck": [{"match": _RUN, "do": _run("Job Running", 0)}],
    "meta-job-never-starts": [{"match": _RUN, "do": _run("Job Not Started", 0)}],
    "meta-job-failed": [{"match": _RUN, "nth": 1, "do": _run("Job Failed", 100)}],
    "meta-job-skipped": [{"match": _RUN, "nth": 1, "do": _run("Job Skipped", 0)}],
    # 5: the account has been asked too much and says when it may be asked again.
    "meta-throttled": [{"match": {"api": "meta"}, "do": {"kind": "quota", "minutes": 60}}],
    # 6: data [] and yet a `next`; a page shorter than the limit that is not the last.
    "meta-empty-page": [{"match": _PAGE, "nth": 2, "do": {"kind": "empty_page"}}],
    "meta-short-page": [{"match": _PAGE, "nth": 1, "do": {"kind": "short_page"}}],
    # 9: with more than `fields` fields a row lacks the last of its action types.
    "meta-fewer-actions": [{"match": _PAGE, "do": {"kind": "fewer_actions", "fields": 6}}],
    # 13: the token ends mid-run, for good; a permission is missing.
    "meta-token-expires": [
        {"match": {"api": "meta"}, "nth": 4, "times": 10**9, "do": {"kind": "expire_token"}}
    ],
    "meta-permission-missing": [
        {
            "match": {"api": "meta", "path": "/act_[^/]+/"},
            "do": _error(
                400,
                100,
                "Unsupported get request. Object with ID 'act_1' does not exist, cannot be loaded "
                "due to missing permissions, or does not support this operation",
                error_subcode=33,
            ),
        }
    ],
}
