"""`filtering` of the Graph API: conditions on objects and on the rows of Insights.

https://developers.facebook.com/docs/marketing-api/insights/parameters
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from include.sandbox.meta_graph import GraphError, bad_parameter, decoded, one_of

STATUSES = ("ACTIVE", "ARCHIVED", "DELETED", "PAUSED")


@lru_cache
def statuses() -> tuple[str, ...]:
    """The effective statuses of campaigns, ad sets and ads together."""
    from facebook_business.adobjects.ad import Ad
    from facebook_business.adobjects.adset import AdSet
    from facebook_business.adobjects.campaign import Campaign

    found = {
        value
        for kind in (Ad, AdSet, Campaign)
        for key, value in vars(kind.EffectiveStatus).items()
        if not key.startswith("_")
    }
    return tuple(sorted(found))


_OPERATORS: dict[str, Any] = {
    "EQUAL": lambda have, want: have == want,
    "NOT_EQUAL": lambda have, want: have != want,
    "GREATER_THAN": lambda have, want: have > want,
    "GREATER_THAN_OR_EQUAL": lambda have, want: have >= want,
    "LESS_THAN": lambda have, want: have < want,
    "LESS_THAN_OR_EQUAL": lambda have, want: have <= want,
    "IN_RANGE": lambda have, want: want[0] <= have <= want[1],
    "NOT_IN_RANGE": lambda have, want: not want[0] <= have <= want[1],
    "IN": lambda have, want: have in want,
    "NOT_IN": lambda have, want: have not in want,
    "CONTAIN": lambda have, want: str(want).lower() in str(have).lower(),
    "NOT_CONTAIN": lambda have, want: str(want).lower() not in str(have).lower(),
    "STARTS_WITH": lambda have, want: str(have).startswith(str(want)),
}


@dataclass(frozen=True)
class Filter:
    """One entry of `filtering`; `target` is the level its field speaks of, None: the row itself."""

    target: str | None
    name: str
    operator: str
    value: Any
    place: int = 0

    def unsupported(self) -> GraphError:
        """The API's answer to a field that cannot be filtered by."""
        field = f"{self.target}.{self.name}" if self.target else self.name
        return bad_parameter(
            f"Filtering field {field} with operation {self.operator.lower()} is not supported"
        )

    def check_values(self) -> None:
        """Refuses statuses that are none."""
        if not self.name.endswith("status"):
            return
        known = statuses() if self.name == "effective_status" else STATUSES
        for number, value in enumerate(self.value if isinstance(self.value, list) else ()):
            one_of(f"filtering[{self.place}][value][{number}]", value, known)

    def accepts(self, have: Any) -> bool:
        """Whether a value passes; numbers compare as numbers, whatever type they came in."""
        want = self.value
        if have is None:
            return self.operator.startswith("NOT_")
        if isinstance(want, list) and "RANGE" not in self.operator:
            want, have = [str(item) for item in want], str(have)
        elif self.operator in ("EQUAL", "NOT_EQUAL"):
            have, want = str(have), str(want)
        elif "CONTAIN" not in self.operator and self.operator != "STARTS_WITH":
            try:
                have = float(have)
                want = [float(item) for item in want] if isinstance(want, list) else float(want)
            except (TypeError, ValueError) as error:
                raise bad_parameter("Filtering value is not a number") from error
        return bool(_OPERATORS[self.operator](have, want))


def filters(params: Mapping[str, str]) -> tuple[Filter, ...]:
    """The `filtering` parameter: [{"field": "campaign.id", "operator": "IN", "value": […]}].

    Whether there is such a field is for the asker to say.
    """
    entries = decoded(params, "filtering") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise bad_parameter("Param filtering must be an array.")
    found = []
    for number, entry in enumerate(entries):
        here = f"filtering[{number}]"
        for key in ("field", "operator", "value"):
            if entry.get(key) is None:
                raise bad_parameter(f"The parameter {here}[{key}] is required.")
        target, _, name = str(entry["field"]).rpartition(".")
        operator = one_of(f"{here}[operator]", entry["operator"], tuple(_OPERATORS))
        value = entry["value"]
        if operator in ("IN", "NOT_IN") and not isinstance(value, list):
            raise bad_parameter(f"{here}[value] must be an array.")
        if operator in ("IN_RANGE", "NOT_IN_RANGE") and not (
            isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
        ):
            raise bad_parameter(f"{here}[value] must be an array of two numbers.")
        if "THAN" in operator and not _is_number(value):
            raise bad_parameter(f"{here}[value] must be a number.")
        found.append(Filter(target or None, name, operator, value, number))
    return tuple(found)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
