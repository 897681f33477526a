"""Ties the names of a SOQL query to an organization: fields, relationships, conditions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from include.sandbox import soql
from include.sandbox.salesforce_objects import Field
from include.sandbox.salesforce_org import Org, Row, SObject
from include.sandbox.salesforce_values import ID, wire_datetime
from include.sandbox.soql import (
    Call,
    Comparison,
    Condition,
    Expression,
    FieldPath,
    Literal,
    Logical,
    Query,
    SoqlError,
)
from include.sandbox.soql_dates import instants_of, span_of
from include.sandbox.soql_format import FORMATTED, amount_text, text_of
from include.sandbox.soql_values import (
    NUMBERS,
    TEXTS,
    Bound,
    Test,
    comparable,
    compared,
    date_part,
    like,
    membership,
    picks,
)

SEE = "Please reference your WSDL or the describe call for the appropriate names."


class Names:
    """The names of one query. `values_of` gives the values of a semi-join's inner query."""

    def __init__(
        self,
        query: Query,
        org: Org,
        sobject: SObject,
        values_of: Callable[[Query], Iterable[Any]],
    ) -> None:
        self.query, self.org, self.sobject, self.values_of = query, org, sobject, values_of
        self.aliases = {sobject.name.lower(), (query.alias or sobject.name).lower()}

    def fields_of(self, expression: Expression) -> list[Bound]:
        if isinstance(expression, Call) and expression.name == "FIELDS":
            assert isinstance(expression.arguments[0], FieldPath)
            scope = expression.arguments[0].text.upper()
            return [
                Bound(itemgetter(field.name), field, (field.name,))
                for field in self.sobject.fields.values()
                if scope == "ALL" or field.custom == (scope == "CUSTOM")
            ]
        return [self.bind(expression, selected=True)]

    def bind(self, expression: Expression, *, selected: bool = False) -> Bound:
        """`selected`: it stands in SELECT, where alone some functions may."""
        if isinstance(expression, FieldPath):
            return self.bind_path(expression)
        if not expression.arguments:
            raise SoqlError("MALFORMED_QUERY", f"{expression.name} needs a field")
        if expression.name in soql.SELECTED_ALONE and not selected:
            raise self.refusal("MALFORMED_QUERY", expression.position,
                               f"unexpected token: '{expression.name}'")  # fmt: skip
        inner = self.bind(expression.arguments[0], selected=selected)
        if expression.name == "CONVERTCURRENCY":
            return self.converted(expression, inner)
        if expression.name == "FORMAT":
            return self.formatted(expression, inner)
        if expression.name in soql.PASSING:
            return inner
        if expression.name in soql.DATE_FUNCTIONS:
            of_day = expression.name not in ("HOUR_IN_DAY", "DAY_ONLY")
            if inner.field.type != "datetime" and not (of_day and inner.field.type == "date"):
                raise self.refusal(
                    "MALFORMED_QUERY", expression.position,
                    f"field {inner.field.name} does not support function {expression.name}",
                )  # fmt: skip
            take = date_part(expression.name, self.org.zone)
            kind = "date" if expression.name == "DAY_ONLY" else "int"
            return Bound(lambda row: take(inner.get(row)), Field("", kind), (expression.name,))
        raise soql.located(
            "MALFORMED_QUERY", self.query.text, expression.position,
            f"unexpected token: '{expression.name}'",
        )  # fmt: skip

    def refusal(self, code: str, position: int, message: str) -> SoqlError:
        return soql.located(code, self.query.text, position, message)

    def converted(self, call: Call, inner: Bound) -> Bound:
        """convertCurrency(): the amount in the user's currency.

        https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_querying_currency_fields.htm
        """
        if inner.currency is None or inner.is_made:
            raise self.refusal(
                "MALFORMED_QUERY", call.position,
                "convertCurrency takes a currency field of an organization with several currencies",
            )  # fmt: skip
        own = self.in_own_currency(inner)
        return replace(own, currency=lambda row: self.org.currency, is_made=True)

    def in_own_currency(self, bound: Bound) -> Bound:
        """Amounts in several currencies brought into the organization's; others as they are."""
        get, currency, corporate = bound.get, bound.currency, self.org.corporate
        if currency is None:
            return bound

        def converted(row: Row) -> Any:
            amount = get(row)
            return None if amount is None else corporate(amount, currency(row))

        return replace(bound, get=converted)

    def formatted(self, call: Call, inner: Bound) -> Bound:
        """FORMAT(): the value as the user's locale writes it."""
        get, kind, currency, org = inner.get, inner.field.type, inner.currency, self.org
        if kind not in FORMATTED:
            raise self.refusal(
                "MALFORMED_QUERY", call.position,
                f"field {inner.field.name} does not support function FORMAT",
            )  # fmt: skip
        scale = self.sobject.given.get(inner.field.name, {}).get("scale", 2)

        def text(row: Row) -> str | None:
            value = get(row)
            if value is None:
                return None
            if currency is not None:
                return amount_text(value, currency(row), org)
            return text_of(kind, value, org, scale)

        return Bound(text, Field(inner.field.name, "string"), inner.steps, is_made=True)

    def bind_path(self, path: FieldPath) -> Bound:
        names = path.names
        if len(names) > 1 and names[0].lower() in self.aliases:
            names = names[1:]
        sobject: list[SObject] = [self.sobject]
        steps: list[str] = []
        for relation in names[:-1]:
            step, sobject = self.relation(sobject, relation, path)
            steps.append(step)
        if len(sobject) > 1 and names[-1].lower() == "type":
            return self.kind_of(steps)
        for candidate in sobject:
            if candidate.has(names[-1]):
                field = candidate.fields[names[-1].lower()]
                several = field.type == "currency" and candidate.has("CurrencyIsoCode")
                break
        else:
            raise soql.located(
                "INVALID_FIELD", self.query.text, path.position,
                f"No such column '{names[-1]}' on entity '{sobject[0].name}'. If you are "
                "attempting to use a custom field, be sure to append the '__c' after the custom "
                "field name. " + SEE,
            )  # fmt: skip
        name = field.name
        if not steps:
            code = itemgetter("CurrencyIsoCode") if several else None
            return Bound(itemgetter(name), field, (name,), code)

        def get(row: Row) -> Any:
            return (self.reached(row, steps)[1] or {}).get(name)

        def code_of(row: Row) -> str:
            return str((self.reached(row, steps)[1] or {}).get("CurrencyIsoCode"))

        return Bound(get, field, (*steps, name), code_of if several else None)

    def kind_of(self, steps: Sequence[str]) -> Bound:
        """Which object a reference to one of several points at: `Type` of what Salesforce calls
        Name, https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/
        object_reference/sforce_api_objects_name.htm"""

        def get(row: Row) -> str | None:
            of, here = self.reached(row, steps)
            return of.name if of and here else None

        return Bound(get, Field("Type", "picklist"), (*steps, "Type"))

    def reached(self, row: Row, steps: Sequence[str]) -> tuple[SObject | None, Row | None]:
        """Where these relationships lead from a row."""
        of: SObject | None = self.sobject
        here: Row | None = row
        for step in steps:
            if of is None or here is None:
                break
            of, here = self.follow(of, here, step)
        return of, here

    def relation(
        self, sobjects: Sequence[SObject], relation: str, path: FieldPath
    ) -> tuple[str, list[SObject]]:
        for sobject in sobjects:
            for field in sobject.fields.values():
                if field.relation and field.relation.lower() == relation.lower():
                    targets = [self.org.objects[name] for name in field.targets
                               if name in self.org.objects]  # fmt: skip
                    return field.relation, targets
        raise soql.located(
            "INVALID_FIELD", self.query.text, path.position,
            f"Didn't understand relationship '{relation}' in field path. If you are attempting "
            "to use a custom relationship, be sure to append the '__r' after the custom "
            "relationship name. " + SEE,
        )  # fmt: skip

    def test(self, condition: Condition) -> Test:
        if isinstance(condition, Logical):
            tests = [self.test(part) for part in condition.parts]
            if condition.operator == "NOT":
                return lambda row: not tests[0](row)
            if condition.operator == "AND":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        return self.comparison(condition, self.bind(condition.left))

    def comparison(self, condition: Comparison, bound: Bound) -> Test:
        get, field, right = bound.get, bound.field, condition.right
        if not field.can("filterable"):
            raise self.refusal(
                "INVALID_FIELD", condition.left.position,
                f"field '{field.name}' can not be filtered in a query call",
            )  # fmt: skip
        literals = right if isinstance(right, tuple) else (right,)
        amounts = [each for each in literals
                   if isinstance(each, Literal) and each.kind == "currency"]  # fmt: skip
        if amounts:
            if bound.currency is None or len(amounts) < len(literals):
                raise self.wrong_kind(field, amounts[0])
            get = self.in_own_currency(bound).get
        if isinstance(right, Query):
            members = {comparable(field, value) for value in self.values_of(right)} - {None}
            return membership(condition.operator, get, field, members)
        if isinstance(right, tuple):
            if any(literal.kind == "range" for literal in right):
                raise SoqlError("MALFORMED_QUERY", "unexpected token: date literal in a list")
            if condition.operator in ("INCLUDES", "EXCLUDES"):
                for literal in right:
                    if field.type not in TEXTS:
                        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR",
                                        f"invalid operator on {field.type} field")  # fmt: skip
                    self.value(field, literal)  # refuses what is no text
                return picks(condition.operator, get, [literal.text for literal in right])
            return membership(
                condition.operator, get, field, {self.value(field, literal) for literal in right}
            )
        if condition.operator == "LIKE":
            if right.kind != "string" or field.type not in TEXTS:
                raise SoqlError("INVALID_QUERY_FILTER_OPERATOR",
                                f"invalid operator on {field.type} field")  # fmt: skip
            pattern = like(right.text)
            return lambda row: (value := get(row)) is not None and bool(pattern.match(str(value)))
        if right.kind == "range":
            return self.span(condition, bound)
        value = self.value(field, right)
        if field.type == "boolean" and condition.operator not in ("=", "!="):
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field")
        return compared(condition.operator, get, field, value)

    def span(self, condition: Comparison, bound: Bound) -> Test:
        assert isinstance(condition.right, Literal)
        get, kind = bound.get, bound.field.type
        if kind not in ("date", "datetime"):
            raise self.wrong_kind(bound.field, condition.right)
        today = self.org.now.astimezone(self.org.zone).date()
        try:
            first, last = span_of(condition.right.text, today)
            low, high = first.isoformat(), last.isoformat()
            if kind == "datetime":
                low, high = instants_of(first, last, self.org.zone)
        except (OverflowError, ValueError):  # beyond the years that a date can have
            raise self.no_day(condition.right) from None
        inside: dict[str, Callable[[str], bool]] = {
            "=": lambda value: low <= value < high,
            "!=": lambda value: not low <= value < high,
            "<": lambda value: value < low,
            "<=": lambda value: value < high,
            ">": lambda value: value >= high,
            ">=": lambda value: value >= low,
        }
        check, of_null = inside[condition.operator], condition.operator == "!="
        return lambda row: of_null if (value := get(row)) is None else check(value)

    def wrong_kind(self, field: Field, literal: Literal) -> SoqlError:
        kind = {"datetime": "dateTime", "reference": "id"}.get(field.type, field.type)
        quotes = "should be" if field.type in TEXTS else "should not be"
        return soql.located(
            "INVALID_FIELD", self.query.text, literal.position,
            f"value of filter criterion for field '{field.name}' must be of type "
            f"{'string' if field.type in TEXTS else kind} and {quotes} enclosed in quotes",
        )  # fmt: skip

    def value(self, field: Field, literal: Literal) -> Any:
        """The literal as `comparable` gives a row's value. Raises when the kinds do not fit."""
        kinds = {"datetime": "datetime", "date": "date", "boolean": "boolean"}
        wanted = "number" if field.type in NUMBERS else kinds.get(field.type, "string")
        if literal.kind == "null":
            return None
        if literal.kind == "currency" and field.type == "currency":
            return self.amount(literal)
        if literal.kind != wanted:
            raise self.wrong_kind(field, literal)
        if wanted == "number":
            return float(literal.text)
        if wanted == "boolean":
            return literal.text == "true"
        try:
            if wanted == "datetime":
                return wire_datetime(datetime.fromisoformat(literal.text))
            if wanted == "date":
                return date.fromisoformat(literal.text).isoformat()
        except (OverflowError, ValueError):
            raise self.no_day(literal) from None
        if literal.text == "":  # a text is never empty: it is null
            return None
        if field.type in ("id", "reference") and not self.is_id(field, literal.text):
            raise self.refusal(
                "INVALID_QUERY_FILTER_OPERATOR", literal.position,
                f"invalid ID field: {literal.text}",
            )  # fmt: skip
        return comparable(field, literal.text.replace("\\%", "%").replace("\\_", "_"))

    def no_day(self, literal: Literal) -> SoqlError:
        kind = "datetime" if literal.kind == "datetime" else "date"
        return self.refusal("MALFORMED_QUERY", literal.position, f"Invalid {kind}: {literal.text}")

    def is_id(self, field: Field, text: str) -> bool:
        """Whether it has the form of an id, or is one of a data set that writes them otherwise."""
        return bool(ID.match(text)) or any(
            self.org.row(name, text)
            for name in field.targets or self.org.objects
            if name in self.org.objects
        )

    def amount(self, literal: Literal) -> float:
        """USD5000 in the organization's currency."""
        code, number = literal.text[:3], literal.text[3:]
        if code not in self.org.currencies or not self.org.currencies[code]["IsActive"]:
            raise self.refusal(
                "INVALID_QUERY_FILTER_OPERATOR", literal.position, f"invalid currency: {code}"
            )
        return self.org.corporate(float(number), code)

    def follow(
        self, sobject: SObject, row: Row, relation: str
    ) -> tuple[SObject | None, Row | None]:
        """The record that a relationship of `row` points at."""
        for field in sobject.fields.values():
            if field.relation == relation and row.get(field.name):
                for target in field.targets:
                    if target in self.org.objects:
                        found = self.org.row(target, row[field.name])
                        if found is not None:
                            return self.org.objects[target], found
        return None, None
