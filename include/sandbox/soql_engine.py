"""Runs a parsed SOQL query over an organization: rows, order, projection, child queries, groups."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from include.sandbox import soql
from include.sandbox.salesforce_objects import Field
from include.sandbox.salesforce_org import Org, Row, SObject
from include.sandbox.salesforce_values import id_key
from include.sandbox.soql import (
    Call,
    Condition,
    Expression,
    FieldPath,
    Logical,
    Query,
    SoqlError,
)
from include.sandbox.soql_names import SEE, Names
from include.sandbox.soql_values import NUMBERS, Bound, Test, aggregate, folded


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
                "custom object, be sure to append the '__c' after the entity name. " + SEE,
            )  # fmt: skip
        self.sobject = found
        self.names = Names(query, org, found, self.values_of)

    def result(self) -> Result:
        query = self.query
        first = query.items[0].what
        if isinstance(first, Call) and first.name == "COUNT" and not first.arguments:
            if len(query.items) > 1 or query.group_by:
                raise SoqlError("MALFORMED_QUERY", "Grouped query cannot use COUNT()")
            count = len(self.window(self.matching()))
            return Result(self.sobject, count, [], [], lambda row, version: {}, lambda row: [])
        if query.group_by or any(_holds_aggregate(item.what) for item in query.items):
            return self.grouped()
        return self.plain()

    def values_of(self, query: Query) -> list[Any]:
        inner = _Run(query, self.org, self.deleted).result()
        return [inner.cells(row)[0] for row in inner.rows]

    # -- rows -------------------------------------------------------------------------------

    def matching(self, extra: Test | None = None) -> list[Row]:
        rows: Iterable[Row] = self.org.rows(self.sobject.name)
        if not self.deleted and self.sobject.has("IsDeleted"):
            rows = (row for row in rows if not row["IsDeleted"])
        if self.query.where is not None:
            test = self.names.test(self.query.where)
            rows = (row for row in rows if test(row))
        return list(rows) if extra is None else [row for row in rows if extra(row)]

    def window(self, rows: list[Row]) -> list[Row]:
        start = self.query.offset
        return rows if not start and self.query.limit is None else rows[start:][: self.query.limit]

    def sorted(self, rows: list[Row], bound: Callable[[Expression], Bound]) -> list[Row]:
        for order in reversed(self.query.order_by):
            found = bound(order.by)
            if not found.field.can("sortable"):
                raise soql.located(
                    "MALFORMED_QUERY", self.query.text, order.by.position,
                    f"field '{found.field.name}' can not be sorted in a query call",
                )  # fmt: skip
            get = found.get
            nulls = [row for row in rows if get(row) is None]
            rest = [row for row in rows if get(row) is not None]
            rest.sort(key=partial(_sort_key, get), reverse=order.descending)
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
            for bound in self.names.fields_of(item.what):
                name = ".".join(bound.steps)
                if name in seen and item.alias is None:
                    raise SoqlError("INVALID_FIELD", f"duplicate field selected: {name}")
                if item.alias and isinstance(item.what, FieldPath):
                    raise SoqlError(
                        "MALFORMED_QUERY", "only aggregate expressions use field aliasing"
                    )
                seen.add(name)
                selected.append((item.alias or name, bound))
        rows = self.window(self.sorted(self.matching(), self.names.bind))
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
        keys = [label for label, bound in selected if bound.steps == (label,) and not bound.is_made]
        if len(keys) == len(selected) and self.sobject_names.issuperset(keys) and not children:

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
            sobject, here = self.names.follow(sobject, here, step)
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
        record[bound.steps[-1]] = bound.get(row)

    # -- child queries ----------------------------------------------------------------------

    def child(self, query: Query) -> tuple[str, Callable[[Row, str], Any]]:
        plural, sobject, field = self.child_relation(query)
        inner = _Run(query, self.org, self.deleted, sobject)
        template = inner.plain()
        limit, inner.query.limit = query.limit, None
        by_parent: dict[str, list[Row]] = {}
        for row in inner.sorted(inner.matching(), inner.names.bind):
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
            "custom relationship name. " + SEE,
        )  # fmt: skip

    # -- grouping ---------------------------------------------------------------------------

    def grouped(self) -> Result:
        keys = [self.key(expression) for expression in self.query.group_by]
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
                name = self.names.bind(item.what).steps[-1]
            if name is None:
                unnamed = sum(1 for label, _ in columns if label.startswith("expr"))
                name = f"expr{unnamed}"
            columns.append((name, self.selected_of_group(item.what)))
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

    def key(self, expression: Expression) -> Bound:
        bound = self.names.bind(expression)
        if not bound.field.can("groupable"):
            raise soql.located(
                "MALFORMED_QUERY", self.query.text, expression.position,
                f"field '{bound.field.name}' can not be grouped in a query call",
            )  # fmt: skip
        return bound

    def selected_of_group(self, expression: Expression) -> Callable[[list[Row]], Any]:
        """A value of SELECT: FORMAT may stand around an aggregate."""
        if _is_aggregate(expression) or not _holds_aggregate(expression):
            return self.value_of_group(expression)
        assert isinstance(expression, Call)
        inner = expression.arguments[0]
        if expression.name != "FORMAT" or not isinstance(inner, Call):
            self.names.bind(expression, selected=True)  # refuses it
        assert isinstance(inner, Call)
        get = self.value_of_group(inner)
        bound = Bound(itemgetter(""), Field("", "int"), ())
        if not inner.name.startswith("COUNT"):
            of = self.names.bind(inner.arguments[0])
            own = None if of.currency is None else lambda row: self.org.currency
            bound = replace(of, get=itemgetter(""), currency=own)
        text = self.names.formatted(expression, bound).get
        return lambda rows: text({"": get(rows)})

    def value_of_group(self, expression: Expression) -> Callable[[list[Row]], Any]:
        if _is_aggregate(expression):
            assert isinstance(expression, Call)
            if not expression.arguments:
                return len
            bound = self.names.in_own_currency(self.names.bind(expression.arguments[0]))
            of = bound.field
            if not of.can("aggregatable") or (
                expression.name in ("SUM", "AVG") and of.type not in NUMBERS
            ):
                raise soql.located(
                    "MALFORMED_QUERY", self.query.text, expression.position,
                    f"field {of.name} does not support aggregate operator {expression.name}",
                )  # fmt: skip
            return lambda rows: aggregate(expression.name, bound, rows)
        bound = self.names.bind(expression)
        if all(self.names.bind(key).steps != bound.steps for key in self.query.group_by):
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
                    return Bound(itemgetter(name), Field(name), (name,))
            get = self.value_of_group(expression)
            kind = "double" if _is_aggregate(expression) else self.names.bind(expression).field.type
            return Bound(lambda row: get(row[""]), Field("", kind), ())

        return bind

    def having(self, condition: Condition, rows: list[Row]) -> bool:
        if isinstance(condition, Logical):
            found = [self.having(part, rows) for part in condition.parts]
            return _LOGIC[condition.operator](found)
        get = self.value_of_group(condition.left)
        field = Field("expr", "double")
        left = condition.left
        if isinstance(left, Call) and left.name in ("MIN", "MAX"):
            field = self.names.bind(left.arguments[0]).field
        elif not _is_aggregate(left):
            field = self.names.bind(left).field
        bound = Bound(lambda _: get(rows), field, ("expr",))
        return self.names.comparison(condition, bound)({})


def _is_aggregate(what: "Expression | Query") -> bool:
    return isinstance(what, Call) and what.name in soql.AGGREGATES


def _holds_aggregate(what: "Expression | Query") -> bool:
    return _is_aggregate(what) or (
        isinstance(what, Call) and any(_holds_aggregate(each) for each in what.arguments)
    )


_LOGIC: dict[str, Callable[[list[bool]], bool]] = {
    "AND": all, "OR": any, "NOT": lambda parts: not parts[0],
}  # fmt: skip


def _sort_key(get: Callable[[Row], Any], row: Row) -> Any:
    value = get(row)
    return value.casefold() if isinstance(value, str) else value
