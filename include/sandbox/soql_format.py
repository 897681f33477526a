"""FORMAT() of SOQL: values as the user interface writes them, in the locale en_US.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_format.htm
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from include.sandbox.salesforce_org import Org

_SYMBOLS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
FORMATTED = ("currency", "double", "percent", "int", "date", "datetime")


def text_of(kind: str, value: Any, org: Org, scale: int = 2) -> str:
    """A number, day or instant as text; instants in the organization's zone."""
    if kind == "currency":
        return f"{_sign(value)}{_SYMBOLS.get(org.currency, f'{org.currency} ')}" + _digits(
            abs(value), org.decimal_places(org.currency)
        )
    if kind in ("date", "datetime"):
        at = datetime.fromisoformat(value)
        day = f"{at.month}/{at.day}/{at.year}"
        if kind == "date":
            return day
        at = at.astimezone(org.zone)
        return f"{at.month}/{at.day}/{at.year}, {at.hour % 12 or 12}:{at:%M} {at:%p}"
    digits = _sign(value) + _digits(abs(value), 0 if kind == "int" else scale)
    return f"{digits}%" if kind == "percent" else digits


def amount_text(amount: float, currency: str, org: Org) -> str:
    """An amount of an organization with several currencies: with the user's in brackets where it
    is another."""
    own = _amount(amount, currency, org)
    if currency == org.currency:
        return own
    return f"{own} ({_amount(org.corporate(amount, currency), org.currency, org)})"


def _amount(amount: float, currency: str, org: Org) -> str:
    return f"{_sign(amount)}{currency} {_digits(abs(amount), org.decimal_places(currency))}"


def _sign(value: float) -> str:
    return "-" if value < 0 else ""


def _digits(value: float, places: int) -> str:
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,f}"
