"""GA4's own faults: what may befall a report, and the presets. Kinds are those of README.md."""

from collections.abc import Mapping
from typing import Any

Fault = Mapping[str, Any]

_REPORT = {"api": "ga4", "path": "[rR]unReports?$"}

PRESETS: dict[str, list[dict[str, Any]]] = {
    # The token quota of the hour, of the day, and more than ten requests at once.
    "ga4-quota-hour": [{"match": _REPORT, "do": {"kind": "quota"}}],
    "ga4-quota-day": [{"match": _REPORT, "do": {"kind": "quota", "quota": "tokensPerDay"}}],
    "ga4-quota-concurrent": [
        {"match": _REPORT, "nth": 1, "do": {"kind": "quota", "quota": "concurrentRequests"}}
    ],
    # Signals on: rows of few users are withheld. Too many combinations: the rarest are one row.
    "ga4-thresholded": [{"match": _REPORT, "do": {"kind": "threshold", "users": 50}}],
    "ga4-other-row": [{"match": _REPORT, "do": {"kind": "other_row", "rows": 10}}],
    # The access token dies between two reports; the role on the property is taken away.
    "ga4-token-expires": [{"match": _REPORT, "nth": 2, "do": {"kind": "expire_token"}}],
    "ga4-permission-lost": [
        {
            "match": _REPORT,
            "do": {
                "kind": "refuse",
                "status": "PERMISSION_DENIED",
                "message": "User does not have sufficient permissions for this property. To learn "
                "more about Property ID, see "
                "https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
            },
        }
    ],
    "ga4-unavailable": [
        {
            "match": _REPORT,
            "nth": 1,
            "do": {
                "kind": "refuse",
                "status": "UNAVAILABLE",
                "message": "The service is currently unavailable.",
            },
        }
    ],
}


def spoil(response: Any, fault: Fault | None) -> Any:
    """A RunReportResponse as a fault leaves it; the given one may be changed.

    `lose_rows` and `empty_page` take the rows and leave their number, `short_page` half of them;
    `duplicate_page` tells every row twice;
    `alter_number` adds 1 to figure `which` (1: the first) of rows and totals; `sample` says that a
    tenth of the events was read.
    """
    kind = fault["kind"] if fault else None
    if kind in ("lose_rows", "empty_page"):
        del response.rows[:]
    elif kind == "short_page":
        del response.rows[len(response.rows) // 2 :]
    elif kind == "duplicate_page":
        response.rows.extend(list(response.rows))
    elif kind == "sample":
        response.metadata.sampling_metadatas.add(
            samples_read_count=1_000_000, sampling_space_size=10_000_000
        )
    elif fault and kind == "alter_number":
        figures = [
            figure for row in (*response.rows, *response.totals) for figure in row.metric_values
        ]
        which = int(fault.get("which", 1))
        if which <= len(figures):
            figures[which - 1].value = str(float(figures[which - 1].value) + 1).removesuffix(".0")
    return response
