"""Google Ads Query Language: reading a query, and the fields its names stand for.

Grammar: https://developers.google.com/google-ads/api/docs/query/grammar. Field names and types are
those of the protobuf messages of the version asked for. What the API refuses is refused here with
the same `queryError` code; the wording of the messages follows it where it is known.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from importlib import import_module
from typing import Any

VERSIONS = ("v23", "v24", "v25", "v26")
CORE_DATES = (
    "segments.date",
    "segments.week",
    "segments.month",
    "segments.quarter",
    "segments.year",
)


class GoogleAdsRefusal(Exception):
    """A request the API refuses: gRPC status name, error group and code, message.

    `group` is the field of ErrorCode ("query_error"), `code` the name of its enum value,
    `retry_after` the seconds a quota error tells the caller to wait.
    """

    def __init__(
        self,
        group: str,
        code: str,
        message: str,
        status: str = "INVALID_ARGUMENT",
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.group, self.code, self.message = group, code, message
        self.status, self.retry_after = status, retry_after


def refuse(code: str, message: str) -> GoogleAdsRefusal:
    """What a query is refused with: a code of queryError."""
    return GoogleAdsRefusal("query_error", code, message)


@dataclass(frozen=True)
class Condition:
    """`field operator value`; value is a text, Decimal, `Word` or a list of them."""

    name: str
    operator: str
    value: Any = None


@dataclass(frozen=True)
class Query:
    select: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...] = ()
    order_by: tuple[tuple[str, bool], ...] = ()  # (field, descending)
    limit: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)


class Word(str):
    """An unquoted literal, such as ENABLED or LAST_7_DAYS."""


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    | (?P<open_string>['"])
    | (?P<number>-?\d+(?:\.\d+)?(?![A-Za-z_0-9-]))
    | (?P<word>[A-Za-z_0-9][A-Za-z_0-9.\-]*)
    | (?P<symbol>!=|<=|>=|[=<>(),])
    | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_FIELD = re.compile(r"[a-z][a-zA-Z0-9._]*")
_OPERATORS = (
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "IN",
    "NOT IN",
    "LIKE",
    "NOT LIKE",
    "CONTAINS ANY",
    "CONTAINS ALL",
    "CONTAINS NONE",
    "IS NULL",
    "IS NOT NULL",
    "DURING",
    "BETWEEN",
    "REGEXP_MATCH",
    "NOT REGEXP_MATCH",
)
_PARAMETERS = ("include_drafts", "omit_unselected_resource_names")


class _Reader:
    def __init__(self, query: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        text = query.rstrip().rstrip(";")
        position = 0
        while match := _TOKEN.match(text, position):
            kind, token = str(match.lastgroup), str(match.group(str(match.lastgroup)))
            if kind == "open_string":
                raise refuse("STRING_NOT_TERMINATED", "Error in query: string not terminated.")
            if kind == "string" and "\n" in token:
                raise refuse(
                    "PROHIBITED_NEWLINE_IN_STRING", "Error in query: string contains a newline."
                )
            if kind == "other":
                code = "BAD_SYMBOL" if not token.isascii() else "UNEXPECTED_INPUT"
                raise refuse(code, f"Error in query: unexpected input {token}.")
            self.tokens.append((kind, token))
            position = match.end()
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        """The coming word or symbol in upper case, "" at the end; a string gives its quote."""
        if self.at + ahead >= len(self.tokens):
            return ""
        kind, token = self.tokens[self.at + ahead]
        return "'" if kind == "string" else token.upper()

    def take(self, *expected: str) -> bool:
        if all(self.peek(index) == word for index, word in enumerate(expected)):
            self.at += len(expected)
            return True
        return False

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise refuse("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query.")
        self.at += 1
        return self.tokens[self.at - 1]

    def field(self, clause: str) -> str:
        kind, token = self.next()
        if kind != "word" or not _FIELD.fullmatch(token):
            raise refuse(
                "BAD_FIELD_NAME", f"Error in {clause} clause: invalid field name '{token}'."
            )
        return token

    def fields(self, clause: str) -> tuple[str, ...]:
        names = [self.field(clause)]
        while self.take(","):
            names.append(self.field(clause))
        return tuple(names)

    def value(self) -> Any:
        kind, token = self.next()
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if kind == "number":
            return Decimal(token)
        if kind == "word":
            return Word(token)
        raise refuse("BAD_VALUE", f"Error in WHERE clause: invalid value {token}.")

    def values(self) -> list[Any]:
        if not self.take("("):
            raise refuse("EXPECTED_LIST", "Error in WHERE clause: expected a list.")
        if self.take(")"):
            raise refuse(
                "PROHIBITED_EMPTY_LIST_IN_CONDITION",
                "Error in WHERE clause: list must not be empty.",
            )
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        if not self.take(")"):
            raise refuse("UNEXPECTED_INPUT", "Error in WHERE clause: expected ')'.")
        if len({type(value) for value in values}) > 1:
            raise refuse(
                "PROHIBITED_VALUE_COMBINATION_IN_LIST",
                "Error in WHERE clause: list values are of different types.",
            )
        return values

    def condition(self) -> Condition:
        name = self.field("WHERE")
        for operator in sorted(_OPERATORS, key=len, reverse=True):
            if self.take(*operator.split()):
                break
        else:
            _, token = self.next()
            raise refuse("BAD_OPERATOR", f"Error in WHERE clause: invalid operator '{token}'.")
        if operator.endswith("NULL"):
            return Condition(name, operator)
        if operator.endswith("IN") or operator.startswith("CONTAINS"):
            return Condition(name, operator, self.values())
        if self.peek() == "(":
            raise refuse(
                "EXPECTED_SINGLE_VALUE",
                f"Error in WHERE clause: {operator} expects a single value.",
            )
        value = self.value()
        if operator == "BETWEEN":
            if not self.take("AND"):
                raise refuse("EXPECTED_AND", "Error in WHERE clause: expected AND in BETWEEN.")
            value = [value, self.value()]
        return Condition(name, operator, value)


@lru_cache(maxsize=512)
def parse(text: str, has_from: bool = True) -> Query:
    """Read a query. GoogleAdsFieldService takes one without FROM.

    Raises GoogleAdsRefusal with a queryError for what the grammar refuses.
    """
    reader = _Reader(text)
    if not reader.take("SELECT"):
        raise refuse("EXPECTED_SELECT", "Error in query: query must start with SELECT.")
    select = reader.fields("SELECT")
    resource = ""
    if reader.take("FROM"):
        if not has_from:
            raise refuse("UNEXPECTED_FROM_CLAUSE", "Error in query: unexpected FROM clause.")
        _, resource = reader.next()
    elif has_from and reader.peek() in ("", "WHERE", "ORDER", "LIMIT", "PARAMETERS"):
        raise refuse("EXPECTED_FROM", "Error in query: missing FROM clause.")
    where: list[Condition] = []
    order_by: list[tuple[str, bool]] = []
    limit, parameters = None, {}
    if reader.take("WHERE"):
        where.append(reader.condition())
        while reader.take("AND"):
            where.append(reader.condition())
    if reader.take("ORDER"):
        if not reader.take("BY"):
            raise refuse("EXPECTED_BY", "Error in ORDER BY clause: expected BY.")
        while True:
            name = reader.field("ORDER BY")
            order_by.append((name, reader.take("DESC") or (reader.take("ASC") and False)))
            if not reader.take(","):
                break
    if reader.take("LIMIT"):
        _, number = reader.next()
        if not number.isdecimal():
            raise refuse("BAD_LIMIT_VALUE", f"Error in LIMIT clause: invalid value {number}.")
        limit = int(number)
        if limit < 1:
            raise refuse("LIMIT_VALUE_TOO_LOW", "Error in LIMIT clause: limit must be positive.")
    if reader.take("PARAMETERS"):
        while True:
            _, name = reader.next()
            if name not in _PARAMETERS:
                raise refuse(
                    "BAD_PARAMETER_NAME", f"Error in PARAMETERS clause: unknown parameter '{name}'."
                )
            if not reader.take("="):
                raise refuse("UNEXPECTED_INPUT", "Error in PARAMETERS clause: expected '='.")
            parameters[name] = str(reader.value()).lower()
            if parameters[name] not in ("true", "false"):
                raise refuse(
                    "BAD_PARAMETER_VALUE", f"Error in PARAMETERS clause: invalid value of '{name}'."
                )
            if not reader.take(","):
                break
    if reader.peek():
        raise refuse("UNEXPECTED_INPUT", f"Error in query: unexpected input {reader.peek()}.")
    return Query(select, resource, tuple(where), tuple(order_by), limit, parameters)


# --- fields -----------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def row_message(version: str) -> Any:
    """The protobuf class GoogleAdsRow of a version; the import takes a second, so on first use."""
    module = import_module(f"google.ads.googleads.{version}.services.types.google_ads_service")
    return module.GoogleAdsRow.pb()


@lru_cache(maxsize=4096)
def field_of(name: str, version: str) -> tuple[Any, ...]:
    """The chain of protobuf field descriptors a dotted name stands for.

    Raises GoogleAdsRefusal: UNRECOGNIZED_FIELD, or PROHIBITED_FIELD_IN_SELECT_CLAUSE when the name
    stands for a message that is not itself a value.
    """
    message = row_message(version).DESCRIPTOR
    chain: list[Any] = []
    for part in name.split("."):
        named = message.fields_by_name if message is not None else {}
        found = named.get(part) or named.get(f"{part}_")  # Python's messages write `type` as type_
        if found is None or part.endswith("_"):
            raise refuse("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.")
        chain.append(found)
        message = found.message_type
    if (message is not None and not chain[-1].is_repeated) or len(chain) < 2:
        raise refuse(
            "PROHIBITED_FIELD_IN_SELECT_CLAUSE", f"The following field is not selectable: '{name}'."
        )
    return tuple(chain)


def is_date(name: str) -> bool:
    """Whether a field holds a day."""
    return name in CORE_DATES[:4]
