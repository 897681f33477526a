"""A contract's rules as a suite of Great Expectations, held against typed rows.

Imported where rows are checked only: importing the library takes seconds. Nothing is sent or
written anywhere, and what the library tells of itself stays out of the task's log.
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.contracts.shape import Table


class NotHeld(Exception):
    """A rule could not be held against the rows at all; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """How one rule fared: its name, its column and how many rows broke it."""

    expectation: str
    column: str
    unexpected: int


Verdict = tuple[dict[int, list[str]], list[Expectation]]
"""Of rows: reasons by position of what broke a rule, and how every rule fared."""


def hold(table: Table, parts: Sequence[pa.Table]) -> list[Verdict]:
    """Run the table's suite over all rows of ``parts`` at once; a verdict on each part.

    Decimals are judged as floats: their rules are bounds far coarser than a float's error. Raises
    NotHeld.
    """
    rows = pa.concat_tables(parts)
    frame = pa.table(
        {
            column.name: pc.cast(rows[column.name], pa.float64())
            if pa.types.is_decimal(rows[column.name].type)
            else rows[column.name]
            for column in table.columns
            if column.is_required or column.at_least is not None or column.one_of is not None
        }
    ).to_pandas(integer_object_nulls=True)
    batch, suite = _frames().get_batch({"dataframe": frame}), _suite(table)
    validation = batch.validate(suite, result_format={"result_format": "BOOLEAN_ONLY"})
    if not validation.success:  # which rows is asked only then, for the answer takes twice as long
        validation = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    begins = list(accumulate((len(part) for part in parts), initial=0))[:-1]
    verdicts: list[Verdict] = [(defaultdict(list), []) for _ in parts]
    for result in validation.results:
        rule: Any = result.expectation_config
        if result.exception_info.get("raised_exception"):
            raise NotHeld(
                f"{rule.type} could not be held against {table.name}: "
                f"{result.exception_info['exception_message']}"
            )
        broken = Counter[int]()
        for position in result.result.get("unexpected_index_list") or []:
            part = bisect_right(begins, position) - 1
            broken[part] += 1
            verdicts[part][0][position - begins[part]].append(rule.notes)
        for part, (_, told) in enumerate(verdicts):
            told.append(Expectation(rule.type, rule.kwargs["column"], broken[part]))
    return verdicts


@lru_cache
def _frames() -> Any:
    """Where a frame is handed in to be held against a suite."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    return (
        context.data_sources.add_pandas("batch")
        .add_dataframe_asset("rows")
        .add_batch_definition_whole_dataframe("all rows")
    )


@lru_cache
def _suite(table: Table) -> Any:
    """The table's contract as a suite; ``_frames`` is asked first, for it makes the context."""
    import great_expectations as gx

    return gx.ExpectationSuite(table.name, expectations=list(_rules(table)))


def _rules(table: Table) -> Iterator[Any]:
    """The contract as expectations; an expectation's note is the reason given for its rows."""
    import great_expectations.expectations as gxe

    for column in table.columns:
        name = column.name
        if column.is_required:
            yield gxe.ExpectColumnValuesToNotBeNull(column=name, notes=f"{name} is missing")
        if column.at_least is not None:
            yield gxe.ExpectColumnValuesToBeBetween(
                column=name, min_value=column.at_least, notes=f"{name} is below {column.at_least}"
            )
        if column.one_of is not None:
            yield gxe.ExpectColumnValuesToBeInSet(
                column=name,
                value_set=list(column.one_of),
                notes=f"{name} is none of {', '.join(column.one_of)}",
            )
