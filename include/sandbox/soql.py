"""SOQL as text: tokens, grammar, and errors in the words and form of the real API.

Grammar: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/
`soql_engine.py` binds a parsed query to an organization and runs it.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

AGGREGATES = ("COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG")
DATE_FUNCTIONS = (
    "CALENDAR_YEAR", "CALENDAR_QUARTER", "CALENDAR_MONTH", "DAY_ONLY", "DAY_IN_MONTH",
    "DAY_IN_WEEK", "DAY_IN_YEAR", "HOUR_IN_DAY", "FISCAL_YEAR", "FISCAL_QUARTER", "FISCAL_MONTH",
)  # fmt: skip
PASSING = ("TOLABEL", "CONVERTTIMEZONE")
SELECTED_ALONE = ("FORMAT", "CONVERTCURRENCY")  # and nowhere else in a query
DATE_LITERAL = re.compile(
    r"(YESTERDAY|TODAY|TOMORROW"
    r"|(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)"
    r"|(LAST|NEXT)_90_DAYS"
    r"|(LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)"
    r"|N_(DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)_AGO)\Z",
    re.IGNORECASE,
)
MAX_OFFSET = 2_000
MAX_FIELDS_ALL = 200

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    |(?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<operator><=|>=|!=|<>|=|<|>)
    |(?P<mark>[(),:])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CURRENCY = re.compile(r"[A-Z]{3}\d+\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_CLAUSES = frozenset({
    "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "ALL", "FOR", "USING", "WITH",
    "AND", "OR", "NOT", "ASC", "DESC", "NULLS", "LIKE", "IN", "INCLUDES", "EXCLUDES", "BY",
})  # fmt: skip


class SoqlError(Exception):
    """A refused query: `code` as in the API's errorCode, the message in the API's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field, perhaps through relationships: ("Owner", "Name")."""

    names: tuple[str, ...]
    position: int

    @property
    def text(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function; COUNT() has no argument."""

    name: str
    arguments: tuple["FieldPath | Call", ...]
    position: int


Expression = FieldPath | Call


@dataclass(frozen=True, slots=True)
class Literal:
    """kind: string, number, boolean, null, date, datetime, range (a named span of days) or
    currency (USD5000)."""

    kind: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Expression
    operator: str  # = != < <= > >= LIKE IN NOT IN INCLUDES EXCLUDES
    right: "Literal | tuple[Literal, ...] | Query"
    position: int


@dataclass(frozen=True, slots=True)
class Logical:
    operator: str  # AND OR NOT
    parts: tuple["Condition", ...]


Condition = Comparison | Logical


@dataclass(frozen=True, slots=True)
class Item:
    """One thing selected: an expression, a child query, or FIELDS(scope)."""

    what: "Expression | Query"
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    by: Expression
    descending: bool
    nulls_last: bool


@dataclass(slots=True)
class Query:
    text: str
    items: list[Item]
    source: str
    source_position: int
    alias: str | None = None
    where: Condition | None = None
    group_by: list[Expression] = field(default_factory=list)
    having: Condition | None = None
    order_by: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False


def located(code: str, text: str, position: int, message: str) -> SoqlError:
    """An error with the excerpt, the caret and the row and column that the API sends."""
    row = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    line = text.split("\n")[row - 1]
    start = 0 if column <= 46 else line.find(" ", column - 46) + 1 or column - 46
    end = min(len(line), column + 35)
    excerpt = line[start:end]
    caret = " " * (column - 1 - start) + "^"
    return SoqlError(code, f"\n{excerpt}\n{caret}\nERROR at Row:{row}:Column:{column}\n{message}")


def parse(text: str) -> Query:
    """The query in `text`. Raises SoqlError (MALFORMED_QUERY) as the API words it."""
    if not text.strip():
        raise SoqlError("MALFORMED_QUERY", "A query string has to be specified")
    parser = _Parser(text)
    query = parser.query()
    if parser.token.kind != "end":
        parser.unexpected()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens(text)
        self.index = 0

    @staticmethod
    def _tokens(text: str) -> list[Token]:
        tokens = [
            Token(match.lastgroup or "other", match.group(), match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "space"
        ]
        for token in tokens:
            if token.text == "'":
                raise SoqlError(
                    "MALFORMED_QUERY",
                    f"line 1:{len(text)} mismatched character '<EOF>' expecting '''",
                )
        return [*tokens, Token("end", "<EOF>", len(text))]

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def unexpected(self) -> NoReturn:
        raise located(
            "MALFORMED_QUERY",
            self.text,
            self.token.position,
            f"unexpected token: '{self.token.text}'",
        )

    def next(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the keyword if it comes next."""
        if self.token.kind == "name" and self.token.text.upper() in words:
            self.index += 1
            return True
        return False

    def mark(self, text: str) -> bool:
        if self.token.kind == "mark" and self.token.text == text:
            self.index += 1
            return True
        return False

    def need(self, taken: bool) -> None:
        if not taken:
            self.unexpected()

    def name(self) -> Token:
        if self.token.kind != "name" or self.token.text.upper() in _CLAUSES:
            self.unexpected()
        return self.next()

    def alias(self) -> str | None:
        token = self.token
        if token.kind == "name" and "." not in token.text and token.text.upper() not in _CLAUSES:
            return self.next().text
        return None

    def query(self) -> Query:
        self.need(self.word("SELECT"))
        items = [self.item()]
        while self.mark(","):
            items.append(self.item())
        self.need(self.word("FROM"))
        source = self.name()
        query = Query(self.text, items, source.text, source.position, self.alias())
        if self.word("USING"):
            self.need(self.word("SCOPE"))
            self.name()
        if self.word("WHERE"):
            query.where = self.condition()
        if self.word("WITH"):
            self.need(self.word("SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"))
        if self.word("GROUP"):
            self.need(self.word("BY"))
            query.group_by = [self.expression()]
            while self.mark(","):
                query.group_by.append(self.expression())
            if self.word("HAVING"):
                query.having = self.condition()
        if self.word("ORDER"):
            self.need(self.word("BY"))
            query.order_by = [self.order()]
            while self.mark(","):
                query.order_by.append(self.order())
        if self.word("LIMIT"):
            query.limit = self.whole_number()
        if self.word("OFFSET"):
            query.offset = self.whole_number()
            if query.offset > MAX_OFFSET:
                raise SoqlError(
                    "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}"
                )
        while self.word("FOR"):
            self.need(self.word("VIEW", "REFERENCE", "UPDATE"))
        if self.word("ALL"):
            self.need(self.word("ROWS"))
            query.all_rows = True
        self._check_fields_function(query)
        return query

    @staticmethod
    def _check_fields_function(query: Query) -> None:
        for item in query.items:
            if isinstance(item.what, Call) and item.what.name == "FIELDS":
                scope = item.what.arguments[0]
                unbounded = isinstance(scope, FieldPath) and scope.text.upper() in ("ALL", "CUSTOM")
                if unbounded and (query.limit is None or query.limit > MAX_FIELDS_ALL):
                    raise SoqlError(
                        "MALFORMED_QUERY",
                        f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_ALL}",
                    )

    def item(self) -> Item:
        if self.mark("("):
            query = self.query()
            self.need(self.mark(")"))
            return Item(query, self.alias())
        return Item(self.expression(), self.alias())

    def expression(self) -> Expression:
        token = self.name()
        if not self.mark("("):
            return FieldPath(tuple(token.text.split(".")), token.position)
        name = token.text.upper()
        if name not in (*AGGREGATES, *DATE_FUNCTIONS, *PASSING, *SELECTED_ALONE, "FIELDS"):
            raise located(
                "MALFORMED_QUERY",
                self.text,
                token.position,
                f"unexpected token: '{token.text}'",
            )
        arguments: list[Expression] = []
        if name == "FIELDS":
            scope = self.next()
            if scope.text.upper() not in ("ALL", "STANDARD", "CUSTOM"):
                self.index -= 1
                self.unexpected()
            arguments.append(FieldPath((scope.text,), scope.position))
        elif self.token.text != ")":
            arguments.append(self.expression())
        elif name != "COUNT":
            self.unexpected()
        self.need(self.mark(")"))
        return Call(name, tuple(arguments), token.position)

    def order(self) -> Order:
        by = self.expression()
        descending = False
        if self.token.kind == "name" and self.token.text.upper() in ("ASC", "DESC"):
            descending = self.next().text.upper() == "DESC"
        nulls_last = False
        if self.word("NULLS"):
            nulls_last = self.token.text.upper() == "LAST"
            self.need(self.word("FIRST", "LAST"))
        return Order(by, descending, nulls_last)

    def whole_number(self) -> int:
        if self.token.kind != "number" or not self.token.text.isdecimal():
            self.unexpected()
        return int(self.next().text)

    def condition(self) -> Condition:
        """AND and OR may not stand beside each other without parentheses."""
        parts = [self.term()]
        operator = ""
        while self.token.kind == "name" and self.token.text.upper() in ("AND", "OR"):
            word = self.token.text.upper()
            if operator and word != operator:
                self.unexpected()
            operator = word
            self.index += 1
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Logical(operator, tuple(parts))

    def term(self) -> Condition:
        if self.word("NOT"):
            return Logical("NOT", (self.term(),))
        if self.mark("("):
            condition = self.condition()
            self.need(self.mark(")"))
            return condition
        left = self.expression()
        position = self.token.position
        if self.token.kind == "operator":
            operator = self.next().text.replace("<>", "!=")
            return Comparison(left, operator, self.literal(), position)
        if self.word("LIKE"):
            return Comparison(left, "LIKE", self.literal(), position)
        for words in (("IN",), ("NOT", "IN"), ("INCLUDES",), ("EXCLUDES",)):
            if [t.text.upper() for t in self.tokens[self.index : self.index + len(words)]] == list(
                words
            ):
                self.index += len(words)
                return Comparison(left, " ".join(words), self.members(), position)
        return self.unexpected()

    def members(self) -> "tuple[Literal, ...] | Query":
        self.need(self.mark("("))
        right: tuple[Literal, ...] | Query
        if self.token.text.upper() == "SELECT":
            right = self.query()
        else:
            literals = [self.literal()]
            while self.mark(","):
                literals.append(self.literal())
            right = tuple(literals)
        self.need(self.mark(")"))
        return right

    def literal(self) -> Literal:
        token = self.token
        kind, text = token.kind, token.text
        if kind == "string":
            text = _ESCAPE.sub(_unescape, text[1:-1])
        elif kind == "name" and text.upper() in ("TRUE", "FALSE"):
            kind, text = "boolean", text.lower()
        elif kind == "name" and text.upper() == "NULL":
            kind = "null"
        elif kind == "name" and DATE_LITERAL.match(text):
            kind, text = "range", text.upper()
        elif kind == "name" and _CURRENCY.match(text):
            kind = "currency"
        elif kind not in ("datetime", "date", "number"):
            self.unexpected()
        self.index += 1
        end = token.position + len(token.text)
        if kind == "currency" and self.token.position == end and self.token.kind == "number":
            text += self.next().text  # the fraction of USD0.50
        if kind == "range" and ("_N_" in text or text.startswith("N_")):
            self.need(self.mark(":"))
            text = f"{text}:{self.whole_number()}"
        return Literal(kind, text, token.position)


def _unescape(match: "re.Match[str]") -> str:
    # \% and \_ keep their backslash: LIKE must tell them from the wildcards.
    character = match.group(1)
    return f"\\{character}" if character in "%_" else _ESCAPES.get(character, character)
