"""GoogleAdsFieldService: what can be selected, filtered and sorted, for the resources served.

https://developers.google.com/google-ads/api/docs/concepts/field-service
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

from include.sandbox.gaql import GoogleAdsRefusal, parse, row_message
from include.sandbox.gaql_conditions import test_of
from include.sandbox.google_checks import SERVED

_CATEGORIES = {"RESOURCE": 2, "ATTRIBUTE": 3, "SEGMENT": 5, "METRIC": 6}
_TYPES = {
    "BOOLEAN": 2,
    "DATE": 3,
    "DOUBLE": 4,
    "ENUM": 5,
    "FLOAT": 6,
    "INT32": 7,
    "INT64": 8,
    "MESSAGE": 9,
    "RESOURCE_NAME": 10,
    "STRING": 11,
    "UINT64": 12,
}


def _leaves(message: Any, prefix: str, depth: int = 0) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field in message.fields:
        name = f"{prefix}.{field.name.rstrip('_')}"
        if field.message_type is not None and not field.is_repeated:
            if depth < 3:
                found.extend(_leaves(field.message_type, name, depth + 1))
        else:
            found.append((name, field))
    return found


def _type(name: str, field: Any) -> str:
    if field.enum_type is not None:
        return "ENUM"
    if name.endswith(".resource_name"):
        return "RESOURCE_NAME"
    if name == "segments.date":
        return "DATE"
    return {
        field.CPPTYPE_BOOL: "BOOLEAN",
        field.CPPTYPE_DOUBLE: "DOUBLE",
        field.CPPTYPE_FLOAT: "FLOAT",
        field.CPPTYPE_INT32: "INT32",
        field.CPPTYPE_INT64: "INT64",
        field.CPPTYPE_UINT64: "UINT64",
        field.CPPTYPE_MESSAGE: "MESSAGE",
    }.get(field.cpp_type, "STRING")


@lru_cache(maxsize=4)
def _catalogue(version: str) -> dict[str, Any]:
    """Every field of the resources served, by name."""
    field_class = import_module(
        f"google.ads.googleads.{version}.resources.types.google_ads_field"
    ).GoogleAdsField.pb()
    row = row_message(version).DESCRIPTOR
    parts = {
        name: _leaves(row.fields_by_name[name].message_type, name)
        for name in (*SERVED, "metrics", "segments")
    }
    found: dict[str, Any] = {}
    for top, leaves in parts.items():
        category = {"metrics": "METRIC", "segments": "SEGMENT"}.get(top, "ATTRIBUTE")
        if top in SERVED:
            has_metrics = top != "customer_client"
            found[top] = field_class(
                resource_name=f"googleAdsFields/{top}",
                name=top,
                category=_CATEGORIES["RESOURCE"],
                attribute_resources=[other for other in SERVED[top] if other != top],
                metrics=[name for name, _ in parts["metrics"]] if has_metrics else [],
                segments=[name for name, _ in parts["segments"]] if has_metrics else [],
                selectable_with=[name for other in SERVED[top] for name, _ in parts.get(other, ())],
            )
        for name, field in leaves:
            values = [value.name for value in field.enum_type.values] if field.enum_type else []
            found[name] = field_class(
                resource_name=f"googleAdsFields/{name}",
                name=name,
                category=_CATEGORIES[category],
                selectable=True,
                filterable=True,
                sortable=not field.is_repeated,
                is_repeated=field.is_repeated,
                enum_values=values,
                data_type=_TYPES[_type(name, field)],
            )
    return found


def get(version: str, resource_name: str) -> Any:
    """One GoogleAdsField. Raises GoogleAdsRefusal: RESOURCE_NOT_FOUND."""
    found = _catalogue(version).get(resource_name.removeprefix("googleAdsFields/"))
    if found is None:
        raise GoogleAdsRefusal(
            "request_error",
            "RESOURCE_NOT_FOUND",
            f"Resource was not found: '{resource_name}'.",
            "NOT_FOUND",
        )
    return found


def search(version: str, text: str) -> Any:
    """SearchGoogleAdsFieldsResponse of a query that has no FROM clause."""
    from datetime import UTC, datetime

    query = parse(text, False)
    types = import_module(f"google.ads.googleads.{version}.services.types.google_ads_field_service")
    response = types.SearchGoogleAdsFieldsResponse.pb()()
    sample = next(iter(_catalogue(version).values())).DESCRIPTOR.fields_by_name
    for name in (*query.select, *(condition.name for condition in query.where)):
        if name not in sample:
            raise GoogleAdsRefusal(
                "query_error", "UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'."
            )
    tests = [
        (condition.name, test_of(condition, sample[condition.name], datetime.now(UTC).date()))
        for condition in query.where
    ]
    for name, held in _catalogue(version).items():
        if all(test(_plain(held, sample[field])) for field, test in tests):
            result = response.results.add(resource_name=f"googleAdsFields/{name}")
            for field in query.select:
                if sample[field].is_repeated:
                    getattr(result, field).extend(getattr(held, field))
                else:
                    setattr(result, field, getattr(held, field))
    response.results.sort(key=lambda result: str(result.resource_name))
    if query.limit:
        del response.results[query.limit :]
    response.total_results_count = len(response.results)
    return response


def _plain(message: Any, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return list(value)
    return field.enum_type.values_by_number[value].name if field.enum_type is not None else value
