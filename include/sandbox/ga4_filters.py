"""Filter trees of GA4 reports as functions: of dimensions' texts, and of metrics' numbers.

https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/FilterExpression
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from include.sandbox.ga4_access import Ga4Refusal
from include.sandbox.ga4_schema import NOT_SET

Test = Callable[[Mapping[str, Any]], bool]
_OPERATIONS = {
    1: operator.eq,
    2: operator.lt,
    3: operator.le,
    4: operator.gt,
    5: operator.ge,
}


def fields_of(expression: Any) -> list[str]:
    """The field names of a tree, in reading order."""
    kind = expression.WhichOneof("expr")
    if kind == "filter":
        return [expression.filter.field_name]
    if kind == "not_expression":
        return fields_of(expression.not_expression)
    if kind is None:
        return []
    return [name for one in getattr(expression, kind).expressions for name in fields_of(one)]


def compiled(expression: Any) -> Test:
    """A function of the fields' values; an empty tree lets everything through.

    Raises Ga4Refusal for filters that cannot be followed.
    """
    kind = expression.WhichOneof("expr")
    if kind is None:
        return lambda values: True
    if kind == "not_expression":
        inner = compiled(expression.not_expression)
        return lambda values: not inner(values)
    if kind == "filter":
        return _leaf(expression.filter)
    tests = [compiled(one) for one in getattr(expression, kind).expressions]
    if not tests:
        raise Ga4Refusal("A FilterExpressionList must contain at least one expression.")
    every = all if kind == "and_group" else any
    return lambda values: every(test(values) for test in tests)


def _leaf(leaf: Any) -> Test:
    name, kind = leaf.field_name, leaf.WhichOneof("one_filter")
    if kind is None:
        raise Ga4Refusal(f"The filter of the field {name} has no filter type.")
    test = _TESTS[kind](getattr(leaf, kind))
    return lambda values: test(values[name])


def _string(text: Any) -> Callable[[Any], bool]:
    folded: Callable[[str], str] = str if text.case_sensitive else str.lower
    wanted = folded(text.value)
    if text.match_type in (5, 6):
        try:
            pattern = re.compile(text.value, 0 if text.case_sensitive else re.IGNORECASE)
        except re.error as error:
            raise Ga4Refusal(f"Invalid regular expression: {text.value}") from error
        found = pattern.fullmatch if text.match_type == 5 else pattern.search
        return lambda value: found(_text(value)) is not None
    tests: dict[int, Callable[[str], bool]] = {
        2: lambda value: value.startswith(wanted),
        3: lambda value: value.endswith(wanted),
        4: lambda value: wanted in value,
    }
    matches = tests.get(text.match_type, lambda value: value == wanted)
    return lambda value: matches(folded(_text(value)))


def _in_list(choice: Any) -> Callable[[Any], bool]:
    if not choice.values:
        raise Ga4Refusal("The values of an inListFilter must be non-empty.")
    folded: Callable[[str], str] = str if choice.case_sensitive else str.lower
    wanted = {folded(value) for value in choice.values}
    return lambda value: folded(_text(value)) in wanted


def _numeric(comparison: Any) -> Callable[[Any], bool]:
    if comparison.operation not in _OPERATIONS:
        raise Ga4Refusal("The operation of a numericFilter must be specified.")
    holds, bound = _OPERATIONS[comparison.operation], _number(comparison.value)
    return lambda value: (number := _as_number(value)) is not None and holds(number, bound)


def _between(span: Any) -> Callable[[Any], bool]:
    low, high = _number(span.from_value), _number(span.to_value)
    return lambda value: (number := _as_number(value)) is not None and low <= number <= high


def _empty(_: Any) -> Callable[[Any], bool]:
    return lambda value: value in ("", NOT_SET)


_TESTS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "string_filter": _string,
    "in_list_filter": _in_list,
    "numeric_filter": _numeric,
    "between_filter": _between,
    "empty_filter": _empty,
}


def _number(value: Any) -> float:
    kind = value.WhichOneof("one_value")
    if kind is None:
        raise Ga4Refusal("A numeric filter needs a value.")
    number: float = getattr(value, kind)
    return number


def _as_number(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else number_text(value)


def number_text(value: float) -> str:
    """A metric's value as the API writes it: the shortest of 15 or 17 digits that reads back as
    the same number, whole numbers without a point."""
    if float(value).is_integer():
        return str(int(value))
    short = f"{value:.15g}"
    return short if float(short) == value else f"{value:.17g}"
