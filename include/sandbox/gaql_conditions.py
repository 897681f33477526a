"""Google Ads Query Language: holding a value against a condition of a query.

Operators: https://developers.google.com/google-ads/api/docs/query/grammar; days named by words:
https://developers.google.com/google-ads/api/docs/query/date-ranges. What does not suit a field is
refused with the API's own `queryError` code.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from include.sandbox.gaql import Condition, Word, is_date, refuse

# Instants that DURING takes: https://developers.google.com/google-ads/api/docs/change-status
_CHANGE_TIMES = ("change_status.last_change_date_time", "change_event.change_date_time")


def _week_start(day: date, first: int) -> date:
    return day - timedelta(days=(day.weekday() - first) % 7)


def date_range(literal: str, today: date) -> tuple[date, date]:
    """First and last day of a DURING literal, seen from the customer's `today`.

    Raises GoogleAdsRefusal: INVALID_VALUE_WITH_DURING_OPERATOR.
    """
    one = timedelta(days=1)
    yesterday, month = today - one, today.replace(day=1)
    monday, sunday = _week_start(today, 0), _week_start(today, 6)
    friday = _week_start(today - timedelta(days=today.weekday() + 1), 4)
    ranges = {
        "TODAY": (today, today),
        "YESTERDAY": (yesterday, yesterday),
        "LAST_7_DAYS": (today - 7 * one, yesterday),
        "LAST_14_DAYS": (today - 14 * one, yesterday),
        "LAST_30_DAYS": (today - 30 * one, yesterday),
        "LAST_BUSINESS_WEEK": (friday - 4 * one, friday),
        "THIS_MONTH": (month, today),
        "LAST_MONTH": ((month - one).replace(day=1), month - one),
        "THIS_WEEK_SUN_TODAY": (sunday, today),
        "THIS_WEEK_MON_TODAY": (monday, today),
        "LAST_WEEK_SUN_SAT": (sunday - 7 * one, sunday - one),
        "LAST_WEEK_MON_SUN": (monday - 7 * one, monday - one),
    }
    if literal.upper() not in ranges:
        raise refuse(
            "INVALID_VALUE_WITH_DURING_OPERATOR", f"Invalid date range literal: '{literal}'."
        )
    return ranges[literal.upper()]


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


def _like(pattern: str) -> re.Pattern[str]:
    """LIKE: % any run, _ one character, [x] the character itself; case does not matter."""
    parts = re.findall(r"\[[\[\]%_]\]|.", pattern, re.DOTALL)
    turned = {"%": ".*", "_": "."}
    return re.compile(
        "".join(
            turned.get(part) or re.escape(part[1] if len(part) > 1 else part) for part in parts
        ),
        re.DOTALL | re.IGNORECASE,
    )


def _operand(condition: Condition, value: Any, last: Any) -> Any:
    """A value as the field's type: date text, enum name, number, bool or text."""
    name = condition.name
    if is_date(name):
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise refuse(
                "INVALID_DATE_FORMAT", f"Invalid date format '{value}'. Expected 'YYYY-MM-DD'."
            ) from None
    if last.enum_type is not None:
        if str(value) not in last.enum_type.values_by_name:
            raise refuse(
                "BAD_ENUM_CONSTANT",
                f"Invalid enum value cannot be included in WHERE clause: '{value}'.",
            )
        return str(value)
    if last.type == last.TYPE_BOOL:
        if str(value).lower() not in ("true", "false"):
            raise refuse("BAD_VALUE", f"Error in WHERE clause: invalid value {value}.")
        return str(value).lower() == "true"
    if last.cpp_type == last.CPPTYPE_STRING:
        if isinstance(value, Word | Decimal):
            raise refuse(
                "INVALID_STRING_VALUE", f"Value of '{name}' must be a quoted string: {value}."
            )
        return value
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise refuse("BAD_NUMBER", f"Error in WHERE clause: invalid number {value}.")
    return number


def test_of(condition: Condition, last: Any, today: date) -> Callable[[Any], bool]:
    """A function that tells whether a value meets the condition; `last` describes its field.

    Values come as text (days as YYYY-MM-DD, enums by name), int, Decimal, bool, list or None for
    unset. Raises GoogleAdsRefusal for operators and values that do not suit the field.
    """
    operator = condition.operator
    mismatch = refuse(
        "OPERATOR_FIELD_MISMATCH",
        f"The operator '{operator}' is not applicable to '{condition.name}'.",
    )
    if operator == "IS NULL":
        return lambda value: value is None
    if operator == "IS NOT NULL":
        return lambda value: value is not None
    if operator.startswith("CONTAINS"):
        if not last.is_repeated:
            raise mismatch
        wanted = {str(value) for value in condition.value}
        rule = {
            "ANY": lambda held: bool(held & wanted),
            "ALL": lambda held: wanted <= held,
            "NONE": lambda held: not held & wanted,
        }[operator.split()[1]]
        return lambda value: rule({str(item) for item in value or ()})
    if last.is_repeated:
        raise mismatch
    if operator == "DURING":
        if condition.name not in ("segments.date", *_CHANGE_TIMES):
            raise mismatch
        first, final = (day.isoformat() for day in date_range(str(condition.value), today))
        return lambda value: value is not None and first <= value[:10] <= final
    is_text = last.cpp_type == last.CPPTYPE_STRING and not is_date(condition.name)
    if operator.endswith(("LIKE", "REGEXP_MATCH")):
        if not is_text:
            raise mismatch
        if isinstance(condition.value, Word | Decimal):
            is_like = operator.endswith("LIKE")
            raise refuse(
                "INVALID_VALUE_WITH_LIKE_OPERATOR" if is_like else "INVALID_STRING_VALUE",
                f"Value of '{condition.name}' must be a quoted string: {condition.value}.",
            )
        try:
            pattern = (
                _like(condition.value) if operator.endswith("LIKE") else re.compile(condition.value)
            )
        except re.error:
            raise refuse("BAD_VALUE", "Error in WHERE clause: invalid pattern.") from None
        wanted_match = not operator.startswith("NOT")
        return lambda value: bool(value is not None and pattern.fullmatch(value)) is wanted_match
    if operator.endswith("IN"):
        if len(condition.value) > 20_000:
            raise refuse(
                "FILTER_HAS_TOO_MANY_VALUES",
                f"The filter on '{condition.name}' has too many values.",
            )
        options = {_operand(condition, value, last) for value in condition.value}
        wanted_in = operator == "IN"
        return lambda value: (value in options) is wanted_in
    ordered = is_date(condition.name) or (
        not is_text and last.enum_type is None and last.type != last.TYPE_BOOL
    )
    if operator not in ("=", "!=") and not (ordered or (is_text and operator != "BETWEEN")):
        raise mismatch
    if operator == "BETWEEN":
        low, high = (_operand(condition, value, last) for value in condition.value)
        return lambda value: value is not None and low <= value <= high
    compare, operand = _COMPARE[operator], _operand(condition, condition.value, last)
    if operator == "!=":
        return lambda value: value != operand
    return lambda value: value is not None and compare(value, operand)
