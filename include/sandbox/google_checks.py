"""What Google Ads refuses of a query that is spelled well: fields that do not go together, days.

https://developers.google.com/google-ads/api/docs/query/overview; errors carry the API's own
`queryError` codes.
"""

from datetime import date, timedelta

from include.sandbox.gaql import CORE_DATES, Condition, Query, field_of, refuse, row_message
from include.sandbox.gaql_conditions import date_range, test_of

# Resources that can stand in FROM, and those whose fields may be selected along with them.
SERVED: dict[str, tuple[str, ...]] = {
    "customer": ("customer",),
    "campaign": ("customer", "campaign", "campaign_budget", "bidding_strategy"),
    "ad_group": ("customer", "campaign", "ad_group"),
    "ad_group_ad": ("customer", "campaign", "ad_group", "ad_group_ad"),
    "click_view": ("customer", "campaign", "ad_group", "click_view"),
    "customer_client": ("customer", "customer_client"),
}
# Segments by which conversions alone can be told apart, and the metrics that go with them:
# https://developers.google.com/google-ads/api/docs/conversions/reporting
_ACTIONS = {
    "segments.conversion_action",
    "segments.conversion_action_category",
    "segments.conversion_action_name",
    "segments.external_conversion_source",
}
_BY_ACTION = {
    "metrics.all_conversions",
    "metrics.all_conversions_value",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.value_per_conversion",
}


def group_of(name: str) -> str:
    """What a field is: of metrics, of segments, or "" of a resource."""
    top = name.split(".", 1)[0]
    return top if top in ("metrics", "segments") else ""


def is_by_action(query: Query) -> bool:
    """Whether a query tells conversion actions apart."""
    return any(name in _ACTIONS for name in (*query.select, *(c.name for c in query.where)))


def check(query: Query, version: str, is_manager: bool) -> None:
    """Hold a query against what its resource, its fields and its customer allow.

    Raises GoogleAdsRefusal with a queryError for what the API refuses.
    """
    resource = query.resource
    known = row_message(version).DESCRIPTOR.fields_by_name
    if resource not in known or resource in ("metrics", "segments"):
        raise refuse(
            "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE",
            f"Invalid resource type in FROM clause: '{resource}'.",
        )
    for clause, names in (
        ("SELECT", query.select),
        ("WHERE", [condition.name for condition in query.where]),
        ("SELECT", [name for name, _ in query.order_by]),
    ):
        for name in names:
            field_of(name, version)
            top = name.split(".")[0]
            if top in ("metrics", "segments"):
                if resource == "customer_client" or (
                    resource == "click_view" and top == "metrics" and name != "metrics.clicks"
                ):
                    kind = top.upper().removesuffix("S")
                    raise refuse(
                        f"PROHIBITED_{kind}_IN_SELECT_OR_WHERE_CLAUSE",
                        f"The following {top} cannot be selected or filtered on: '{name}', "
                        "since it is incompatible with the resource in the FROM clause.",
                    )
            elif resource in SERVED and top not in SERVED[resource]:
                raise refuse(
                    f"PROHIBITED_RESOURCE_TYPE_IN_{clause}_CLAUSE",
                    f"Cannot use fields from the following resource in the {clause} clause: "
                    f"'{top.upper()}', since the resource is incompatible with the resource "
                    "in FROM clause.",
                )
    _check_order(query, version)
    unselected = [
        condition.name
        for condition in query.where
        if group_of(condition.name) == "segments"
        and condition.name not in (*query.select, *CORE_DATES)
    ]
    if unselected:
        raise refuse(
            "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
            f"The following field must be present in SELECT clause: '{unselected[0]}'.",
        )
    asked = (*query.select, *(condition.name for condition in query.where))
    costly = [name for name in asked if group_of(name) == "metrics" and name not in _BY_ACTION]
    if is_by_action(query) and costly:
        raise refuse(
            "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
            "Cannot select or filter on the following segments: 'segments.conversion_action' "
            f"(unsupported metrics: '{costly[0]}'), since the segments are incompatible with "
            "the metrics in the SELECT or WHERE clause.",
        )
    if is_manager and any(group_of(name) == "metrics" for name in asked):
        raise refuse(
            "REQUESTED_METRICS_FOR_MANAGER",
            "Metrics cannot be requested for a manager account. To retrieve metrics, "
            "issue separate requests against each client account under the manager "
            "account.",
        )


def _check_order(query: Query, version: str) -> None:
    """https://developers.google.com/google-ads/api/docs/query/ordering-limiting"""
    selected = {query.resource, *(name.split(".")[0] for name in query.select)}
    for name, _ in query.order_by:
        if any(field.is_repeated for field in field_of(name, version)):
            raise refuse(
                "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE",
                f"Cannot sort by the following field: '{name}'.",
            )
        named = name in query.select if group_of(name) else name.split(".")[0] in selected
        if not named:
            raise refuse(
                "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
                f"The following field must be present in SELECT clause: '{name}'.",
            )


def day_range(query: Query, version: str, today: date) -> tuple[str, str]:
    """First and last day the conditions on core dates leave, as texts.

    Raises GoogleAdsRefusal with a queryError for days the API does not answer for.
    """
    core = [condition for condition in query.where if condition.name in CORE_DATES]
    used = core or any(name in CORE_DATES for name in query.select)
    closed = {
        "=": "<>",
        "IN": "<>",
        "BETWEEN": "<>",
        "DURING": "<>",
        ">": ">",
        ">=": ">",
        "<": "<",
        "<=": "<",
    }
    sides = {side for condition in core for side in closed.get(condition.operator, "")}
    if (used and len(sides) < 2) or (query.resource == "click_view" and not core):
        raise refuse(
            "EXPECTED_FILTERS_ON_DATE_RANGE",
            "Expects filters on the following field to limit a finite date range: 'segments.date'.",
        )
    first, last = date.min, date.max
    for condition in core:
        low, high = _bounds(condition, version, today)
        first, last = max(first, low), min(last, high)
    if core and first > last:
        raise refuse(
            "DATE_RANGE_TOO_NARROW", "Filters on date have a start date after the end date."
        )
    if query.resource == "click_view":
        if first != last:
            raise refuse(
                "DATE_RANGE_TOO_WIDE",
                "Queries on click_view must have a filter limiting the results to one day.",
            )
        if first < today - timedelta(days=90):
            raise refuse(
                "BAD_VALUE",
                "click_view can be requested for dates back to 90 days "
                "before the time of the request.",
            )
    return first.isoformat(), last.isoformat()


def _bounds(condition: Condition, version: str, today: date) -> tuple[date, date]:
    if condition.name != "segments.date":
        return date.min, date.max  # held against each line instead
    operator, value = condition.operator, condition.value
    test_of(condition, field_of(condition.name, version)[-1], today)  # refuses what is no day
    if operator == "DURING":
        return date_range(str(value), today)
    days = [
        date.fromisoformat(str(item)) for item in (value if isinstance(value, list) else [value])
    ]
    one = timedelta(days=1)
    # No day is beyond the last or before the first; what is asked for there is checked by line.
    return {
        "=": (days[0], days[0]),
        "IN": (min(days), max(days)),
        "BETWEEN": (days[0], days[-1]),
        ">=": (days[0], date.max),
        ">": (min(days[0], date.max - one) + one, date.max),
        "<=": (date.min, days[0]),
        "<": (date.min, max(days[0], date.min + one) - one),
    }.get(operator, (date.min, date.max))
