"""What was advised when: ``ops.advice_log`` keeps each advice as it was given."""

from __future__ import annotations

from include.contracts.ops import ADVICE_LOG
from include.run import Run
from include.warehouse.engine import Session, Sql, compose

_ADVISED = "(select as_of_date from build.int_as_of)"
_PLACE = ("level", "platform", "account_id", "campaign_id", "channel")


def record(session: Session, run: Run) -> None:
    """Keep the advice about to be published, where it is other than the last one given.

    What was kept for the same as-of day goes first, so publishing again changes nothing.
    """
    session.execute(
        compose("delete from ops.advice_log where advised_on = {day}", day=Sql(_ADVISED))
    )
    told = [name for name in ADVICE_LOG.column_names if name not in ("run_id", "advised_on")]
    session.execute(
        compose(
            "insert into ops.advice_log (run_id, advised_on, {told}) "
            "select :run_id, {day}, {advised} from build.int_advice as advised "
            "left join (select {place}, verdict, row_number() over (partition by {place} "
            "order by advised_on desc) as age from ops.advice_log where advised_on < {day}) "
            "as earlier on {same} and earlier.age = 1 "
            "where advised.is_running and advised.verdict is distinct from earlier.verdict",
            told=told,
            day=Sql(_ADVISED),
            advised=[compose("advised.{c}", c=name) for name in told],
            place=_PLACE,
            same=Sql(" and ".join(compose("advised.{c} = earlier.{c}", c=name) for name in _PLACE)),
        ),
        {"run_id": run.run_id},
    )
