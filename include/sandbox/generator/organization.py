"""What the CRM's administrator has set up: sales stages, currencies and their dated rates."""

from collections.abc import Iterator

from include.sandbox.generator.deals import STAGES
from include.sandbox.generator.frame import (
    AS_OF,
    CURRENCY,
    HOUR,
    PER_EURO,
    Frame,
    Record,
    day_text,
    instant,
    month_of,
    salesforce_time,
)
from include.sandbox.generator.histories import forecast_category
from include.sandbox.generator.journeys import Crm

Lines = Iterator[tuple[str, Record]]

# How Salesforce writes that a rate holds until further notice.
_OPEN_END = "9999-12-31"


def organization_lines(crm: Crm) -> Lines:
    """Stages, currencies, rates."""
    frame = crm.frame
    made = instant(frame.first_day - 1_500, 9 * HOUR)
    stages = [*((name, share, False, False) for name, share in STAGES),
              ("Closed Won", 100, True, True), ("Closed Lost", 0, True, False)]  # fmt: skip
    for order, (stage, probability, is_closed, is_won) in enumerate(stages, 1):
        record: Record = {
            "Id": crm.ids.new("OpportunityStage"), "MasterLabel": stage, "ApiName": stage,
            "IsActive": True, "SortOrder": order, "IsClosed": is_closed, "IsWon": is_won,
            "ForecastCategory": forecast_category(stage), "DefaultProbability": float(probability),
        }  # fmt: skip
        yield from _lines(frame, "OpportunityStage", [(made, record)])
    months = _months(frame)
    rates = {currency: _rates(frame, currency, len(months)) for currency in PER_EURO}
    for currency, monthly in rates.items():
        record = {
            "Id": crm.ids.new("CurrencyType"), "IsoCode": currency, "DecimalPlaces": 2,
            "ConversionRate": monthly[-1], "IsActive": True, "IsCorporate": currency == CURRENCY,
        }  # fmt: skip
        yield from _lines(frame, "CurrencyType", [(made, record)])
    for currency, monthly in rates.items():
        if currency == CURRENCY:
            continue
        for place, (first, rate) in enumerate(zip(months, monthly, strict=True)):
            known = made if place == 0 else instant(first, HOUR)
            record = {
                "Id": crm.ids.new("DatedConversionRate"), "IsoCode": currency,
                "StartDate": day_text(first), "NextStartDate": _OPEN_END, "ConversionRate": rate,
            }  # fmt: skip
            states = [(known, record)]
            if place + 1 < len(months):
                following = months[place + 1]
                ended = {**record, "NextStartDate": day_text(following)}
                states.append((instant(following, HOUR), ended))
            yield from _lines(frame, "DatedConversionRate", states)


def _lines(frame: Frame, sobject: str, states: list[tuple[int, Record]]) -> Lines:
    created = salesforce_time(states[0][0])
    stamped = [
        (at, {**record, "CreatedDate": created, "LastModifiedDate": salesforce_time(at),
              "SystemModstamp": salesforce_time(at)})
        for at, record in states
    ]  # fmt: skip
    for line in frame.versions(stamped):
        yield f"salesforce/{sobject}", line


def _months(frame: Frame) -> list[int]:
    """The first of every month of the world."""
    days = range(frame.first_day, AS_OF.toordinal() + 1)
    return [day for day in days if month_of(day) != month_of(day - 1)]


def _rates(frame: Frame, currency: str, months: int) -> list[float]:
    """Units of a currency for one of the org's own, month by month."""
    if currency == CURRENCY:
        return [1.0] * months
    rng = frame.chance(f"rates/{currency}")
    return [round(PER_EURO[currency] * (0.97 + 0.06 * rng.random()), 4) for _ in range(months)]
