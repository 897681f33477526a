"""Tables that SQL cannot compute: plain Python makes their rows from what SQL selects.

``sql/estimates/<table>.sql`` selects what an estimate learns from; here stand the contract of its
table and the pure function from the rows selected to the table's rows. The warehouse builds it in
its turn among the models, as ``build.<table>``, and holds it to its contract; one whose contract is
that of a mart is published as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from include.contracts.shape import Table
from include.estimates.advice import ADVICE, advice
from include.estimates.budget import (
    MART_BUDGET_PLAN,
    MART_BUDGET_RESPONSE,
    budget_plan,
    budget_response,
)
from include.estimates.channel_values import CHANNEL_VALUES, channel_values
from include.estimates.cohort_outlook import MART_COHORT_OUTLOOK, cohort_outlook
from include.estimates.forecast import (
    MART_FORECAST_ACCURACY,
    MART_FORECAST_MONTHLY,
    forecast_accuracy,
    forecast_monthly,
)
from include.estimates.goal_plan import GOAL_PLAN, goal_plan
from include.estimates.stage_delays import MART_STAGE_DELAYS, stage_delays

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One table and the function that makes its rows; equal input gives equal rows, in any order.

    Fractions become whole numbers before they leave the function: both engines and every rerun
    then go on from the same.
    """

    table: Table
    rows_from: Callable[[Rows], list[dict[str, Any]]]


ESTIMATES: dict[str, Estimate] = {
    estimate.table.name: estimate
    for estimate in (
        Estimate(CHANNEL_VALUES, channel_values),
        Estimate(GOAL_PLAN, goal_plan),
        Estimate(MART_STAGE_DELAYS, stage_delays),
        Estimate(MART_COHORT_OUTLOOK, cohort_outlook),
        Estimate(ADVICE, advice),
        Estimate(MART_BUDGET_RESPONSE, budget_response),
        Estimate(MART_BUDGET_PLAN, budget_plan),
        Estimate(MART_FORECAST_MONTHLY, forecast_monthly),
        Estimate(MART_FORECAST_ACCURACY, forecast_accuracy),
    )
}
