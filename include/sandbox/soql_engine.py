"""Runs a parsed SOQL query over an organization: names, rows, projection, child queries, groups.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_conditionexpression.htm
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from include.sandbox import soql
from include.sandbox.salesforce_objects import Field
from include.sandbox.salesforce_org import Org, Row, SObject, id_key, wire_datetime
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
from include.sandbox.soql_values import (
    NUMBERS,
    TEXTS,
    Bound,
    Test,
    aggregate,
    comparable,
    compared,
    date_part,
    folded,
    like,
    membership,
    picks,
)

_SEE = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(slots=True)
class Result:
    """What a query gives.

    `rows` are the rows found, in order; `columns` their dotted names; `project` makes the JSON
    object of one row for an API version, `cells` its flat values. A COUNT() has no rows.
    """

    sobject: SObject
    total: int
    rows: list[Row]
    columns: list[str]
    project: Callable[[Row, str], dict[str, Any]]
    cells: Callable[[Row], list[Any]]
    is_aggregate: bool = False
    has_children: bool = False


def run(query: Query, org: Org, deleted: bool = False) -> Result:
    """Run `query`; `deleted` includes tombstones (queryAll). Raises SoqlError."""
    return _Run(query, org, deleted or query.all_rows).result()


def record_url(sobject: str, record_id: str, version: str) -> str:
    """The address of a record, as `attributes` carry it."""
    return f"/services/data/v{version}/sobjects/{sobject}/{record_id}"


class _Run:
    def __init__(
        self, query: Query, org: Org, deleted: bool, sobject: SObject | None = None
    ) -> None:
        self.query, self.org, self.deleted = query, org, deleted
        found = sobject or org.object(query.source)
        if found is None:
            raise soql.located(
                "INVALID_TYPE", query.text, query.source_position,
                f"sObject type '{query.source}' is not supported. If you are attempting to use a "
                "custom object, be sure to append the '__c' after the entity name. " + _SEE,
            )  # fmt: skip
        self.sobject = found
        self.aliases = {found.name.lower(), (query.alias or found.name).lower()}

    def result(self) -> Result:
        query = self.query
        first = query.items[0].what
        if isinstance(first, Call) and first.name == "COUNT" and not first.arguments:
            if len(query.items) > 1 or query.group_by:
                raise SoqlError("MALFORMED_QUERY", "Grouped query cannot use COUNT()")
            count = len(self.window(self.matching()))
            return Result(self.sobject, count, [], [], lambda row, version: {}, lambda row: [])
        if query.group_by or any(_is_aggregate(item.what) for item in query.items):
            return self.grouped()
        return self.plain()

    # -- rows -------------------------------------------------------------------------------

    def matching(self, extra: Test | None = None) -> list[Row]:
        rows: Iterable[Row] = self.org.rows(self.sobject.name)
        if not self.deleted and self.sobject.has("IsDeleted"):
            rows = (row for row in rows if not row["IsDeleted"])
        if self.query.where is not None:
            test = self.test(self.query.where)
            rows = (row for row in rows if test(row))
        return list(rows) if extra is None else [row for row in rows if extra(row)]

    def window(self, rows: list[Row]) -> list[Row]:
        start = self.query.offset
        return rows if not start and self.query.limit is None else rows[start:][: self.query.limit]

    def sorted(self, rows: list[Row], bound: Callable[[Expression], Bound]) -> list[Row]:
        for order in reversed(self.query.order_by):
            found = bound(order.by)
            get, fold = found.get, found.field.type in TEXTS
            nulls = [row for row in rows if get(row) is None]
            rest = [row for row in rows if get(row) is not None]
            rest.sort(key=partial(_sort_key, get, fold), reverse=order.descending)
            rows = rest + nulls if order.nulls_last else nulls + rest
        return rows

    def plain(self) -> Result:
        selected: list[tuple[str, Bound]] = []
        children: list[tuple[str, Callable[[Row, str], Any]]] = []
        seen: set[str] = set()
        for item in self.query.items:
            if isinstance(item.what, Query):
                children.append(self.child(item.what))
                continue
            for bound in self.fields_of(item.what):
                name = ".".join(bound.steps)
                if name in seen and item.alias is None:
                    raise SoqlError("INVALID_FIELD", f"duplicate field selected: {name}")
                if item.alias and isinstance(item.what, FieldPath):
                    raise SoqlError(
                        "MALFORMED_QUERY", "only aggregate expressions use field aliasing"
                    )
                seen.add(name)
                selected.append((item.alias or name, bound))
        rows = self.window(self.sorted(self.matching(), self.bind))
        return Result(
            self.sobject,
            len(rows),
            rows,
            [name for name, _ in selected],
            self.projection(selected, children),
            lambda row: [bound.get(row) for _, bound in selected],
            has_children=bool(children),
        )

    def projection(
        self,
        selected: list[tuple[str, Bound]],
        children: list[tuple[str, Callable[[Row, str], Any]]],
    ) -> Callable[[Row, str], dict[str, Any]]:
        name = self.sobject.name
        flat = [(label, label) for label, bound in selected if label in self.sobject_names]
        if len(flat) == len(selected) and not children:
            keys = [key for key, _ in flat]

            def simple(row: Row, version: str) -> dict[str, Any]:
                record: dict[str, Any] = {
                    "attributes": {"type": name, "url": record_url(name, row["Id"], version)}
                }
                for key in keys:
                    record[key] = row[key]
                return record

            return simple

        def nested(row: Row, version: str) -> dict[str, Any]:
            record: dict[str, Any] = {
                "attributes": {"type": name, "url": record_url(name, row["Id"], version)}
            }
            for label, bound in selected:
                if len(bound.steps) == 1 or label != ".".join(bound.steps):
                    record[label] = bound.get(row)
                else:
                    self.nest(record, row, bound, version)
            for label, child in children:
                record[label] = child(row, version)
            return record

        return nested

    @property
    def sobject_names(self) -> set[str]:
        return {field.name for field in self.sobject.fields.values()}

    def nest(self, record: dict[str, Any], row: Row, bound: Bound, version: str) -> None:
        sobject: SObject | None = self.sobject
        here: Row | None = row
        for step in bound.steps[:-1]:
            assert sobject is not None
            assert here is not None
            sobject, here = self.follow(sobject, here, step)
            if here is None or sobject is None:
                record[step] = None
                return
            record = record.setdefault(
                step,
                {"attributes": {
                    "type": sobject.name,
                    "url": record_url(sobject.name, here["Id"], version),
                }},
            )  # fmt: skip
        record[bound.steps[-1]] = (here or {}).get(bound.steps[-1])

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

    # -- child queries ----------------------------------------------------------------------

    def child(self, query: Query) -> tuple[str, Callable[[Row, str], Any]]:
        plural, sobject, field = self.child_relation(query)
        inner = _Run(query, self.org, self.deleted, sobject)
        template = inner.plain()
        limit, inner.query.limit = query.limit, None
        by_parent: dict[str, list[Row]] = {}
        for row in inner.sorted(inner.matching(), inner.bind):
            if row[field.name]:
                by_parent.setdefault(id_key(row[field.name]), []).append(row)

        def records(row: Row, version: str) -> dict[str, Any] | None:
            found = by_parent.get(id_key(row["Id"]), [])[:limit]
            if not found:
                return None
            return {
                "totalSize": len(found),
                "done": True,
                "records": [template.project(child, version) for child in found],
            }

        return plural, records

    def child_relation(self, query: Query) -> tuple[str, SObject, Field]:
        relation = query.source.split(".")[-1]
        for name, sobject, field in self.org.children(self.sobject.name):
            plural = name or (f"{sobject.name[:-3]}s__r" if sobject.custom else "")
            if plural and plural.lower() == relation.lower():
                return plural, sobject, field
        raise soql.located(
            "INVALID_TYPE", query.text, query.source_position,
            f"Didn't understand relationship '{relation}' in FROM part of query call. If you are "
            "attempting to use a custom relationship, be sure to append the '__r' after the "
            "custom relationship name. " + _SEE,
        )  # fmt: skip

    # -- grouping ---------------------------------------------------------------------------

    def grouped(self) -> Result:
        keys = [self.bind(expression) for expression in self.query.group_by]
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in self.matching():
            groups.setdefault(tuple(folded(key, row) for key in keys), []).append(row)
        if not keys and not groups:
            groups[()] = []
        columns: list[tuple[str, Callable[[list[Row]], Any]]] = []
        for item in self.query.items:
            if isinstance(item.what, Query):
                raise SoqlError("MALFORMED_QUERY", "Grouped query cannot use child relationships")
            name = item.alias
            if name is None and isinstance(item.what, FieldPath):
                name = self.bind(item.what).steps[-1]
            if name is None:
                unnamed = sum(1 for label, _ in columns if label.startswith("expr"))
                name = f"expr{unnamed}"
            columns.append((name, self.value_of_group(item.what)))
        found = [{name: get(rows) for name, get in columns} | {"": rows}
                 for rows in groups.values()]  # fmt: skip
        if self.query.having is not None:
            found = [row for row in found if self.having(self.query.having, row[""])]
        found = self.window(self.sorted(found, self.bind_group(columns)))
        labels = [name for name, _ in columns]
        return Result(
            self.sobject,
            len(found),
            found,
            labels,
            lambda row, version: {
                "attributes": {"type": "AggregateResult"},
                **{label: row[label] for label in labels},
            },
            lambda row: [row[label] for label in labels],
            is_aggregate=True,
        )

    def value_of_group(self, expression: Expression) -> Callable[[list[Row]], Any]:
        if _is_aggregate(expression):
            assert isinstance(expression, Call)
            if not expression.arguments:
                return len
            bound = self.bind(expression.arguments[0])
            return lambda rows: aggregate(expression.name, bound, rows)
        bound = self.bind(expression)
        if all(self.bind(key).steps != bound.steps for key in self.query.group_by):
            raise soql.located(
                "MALFORMED_QUERY", self.query.text, expression.position,
                f"Field must be grouped or aggregated: {bound.steps[-1]}",
            )  # fmt: skip
        return lambda rows: bound.get(rows[0])

    def bind_group(
        self, columns: list[tuple[str, Callable[[list[Row]], Any]]]
    ) -> Callable[[Expression], Bound]:
        def bind(expression: Expression) -> Bound:
            for name, _ in columns:
                if isinstance(expression, FieldPath) and expression.text.lower() == name.lower():
                    return Bound(itemgetter(name), Field(name, "anyType"), (name,))
            get = self.value_of_group(expression)
            kind = "double" if _is_aggregate(expression) else self.bind(expression).field.type
            return Bound(lambda row: get(row[""]), Field("", kind), ())

        return bind

    def having(self, condition: Condition, rows: list[Row]) -> bool:
        if isinstance(condition, Logical):
            found = [self.having(part, rows) for part in condition.parts]
            return _LOGIC[condition.operator](found)
        get = self.value_of_group(condition.left)
        field = Field("expr", "double")
        if not _is_aggregate(condition.left):
            field = self.bind(condition.left).field
        bound = Bound(lambda _: get(rows), field, ("expr",))
        return self.comparison(condition, bound)({})

    # -- names ------------------------------------------------------------------------------

    def fields_of(self, expression: Expression) -> list[Bound]:
        if isinstance(expression, Call) and expression.name == "FIELDS":
            assert isinstance(expression.arguments[0], FieldPath)
            scope = expression.arguments[0].text.upper()
            return [
                Bound(itemgetter(field.name), field, (field.name,))
                for field in self.sobject.fields.values()
                if scope == "ALL" or field.custom == (scope == "CUSTOM")
            ]
        return [self.bind(expression)]

    def bind(self, expression: Expression) -> Bound:
        if isinstance(expression, FieldPath):
            return self.bind_path(expression)
        if not expression.arguments:
            raise SoqlError("MALFORMED_QUERY", f"{expression.name} needs a field")
        inner = self.bind(expression.arguments[0])
        if expression.name in soql.PASSING:
            return inner
        if expression.name in soql.DATE_FUNCTIONS:
            take = date_part(expression.name, self.org.zone)
            kind = "date" if expression.name == "DAY_ONLY" else "int"
            return Bound(lambda row: take(inner.get(row)), Field("", kind), (expression.name,))
        raise soql.located(
            "MALFORMED_QUERY", self.query.text, expression.position,
            f"unexpected token: '{expression.name}'",
        )  # fmt: skip

    def bind_path(self, path: FieldPath) -> Bound:
        names = path.names
        if len(names) > 1 and names[0].lower() in self.aliases:
            names = names[1:]
        sobject: list[SObject] = [self.sobject]
        steps: list[str] = []
        for relation in names[:-1]:
            step, sobject = self.relation(sobject, relation, path)
            steps.append(step)
        for candidate in sobject:
            if candidate.has(names[-1]):
                field = candidate.fields[names[-1].lower()]
                break
        else:
            raise soql.located(
                "INVALID_FIELD", self.query.text, path.position,
                f"No such column '{names[-1]}' on entity '{sobject[0].name}'. If you are "
                "attempting to use a custom field, be sure to append the '__c' after the custom "
                "field name. " + _SEE,
            )  # fmt: skip
        name = field.name
        if not steps:
            return Bound(itemgetter(name), field, (name,))

        def get(row: Row) -> Any:
            here: Row | None = row
            of: SObject | None = self.sobject
            for step in steps:
                assert of is not None
                assert here is not None
                of, here = self.follow(of, here, step)
                if here is None:
                    return None
            return (here or {}).get(name)

        return Bound(get, field, (*steps, name))

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
            "relationship name. " + _SEE,
        )  # fmt: skip

    # -- conditions -------------------------------------------------------------------------

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
        if isinstance(right, Query):
            inner = _Run(right, self.org, self.deleted).result()
            members = {comparable(field, inner.cells(row)[0]) for row in inner.rows} - {None}
            return membership(condition.operator, get, field, members)
        if isinstance(right, tuple):
            if any(literal.kind == "range" for literal in right):
                raise SoqlError("MALFORMED_QUERY", "unexpected token: date literal in a list")
            if condition.operator in ("INCLUDES", "EXCLUDES"):
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
        first, last = span_of(condition.right.text, self.org.now.astimezone(self.org.zone).date())
        low, high = first.isoformat(), last.isoformat()
        if kind == "datetime":
            low, high = instants_of(first, last, self.org.zone)
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
        if literal.kind != wanted:
            raise self.wrong_kind(field, literal)
        if wanted == "number":
            return float(literal.text)
        if wanted == "boolean":
            return literal.text == "true"
        if wanted == "datetime":
            return wire_datetime(datetime.fromisoformat(literal.text))
        if wanted == "date":
            return literal.text
        return comparable(field, literal.text.replace("\\%", "%").replace("\\_", "_"))


def _is_aggregate(what: "Expression | Query") -> bool:
    return isinstance(what, Call) and what.name in soql.AGGREGATES


_LOGIC: dict[str, Callable[[list[bool]], bool]] = {
    "AND": all, "OR": any, "NOT": lambda parts: not parts[0],
}  # fmt: skip


def _sort_key(get: Callable[[Row], Any], fold: bool, row: Row) -> Any:
    return str(get(row)).casefold() if fold else get(row)
