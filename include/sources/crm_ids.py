"""How ids of CRM records are written."""

from __future__ import annotations

import re

_SHORT_ID = re.compile(r"[0-9A-Za-z]{15}")


def long_form(record_id: str) -> str:
    """An id of 15 characters as the one of 18 that it stands for; any other as it is.

    The last three say, five letters each, which are capital (Salesforce: *How to convert a 15
    character ID*).
    """
    if not _SHORT_ID.fullmatch(record_id):
        return record_id
    capitals = (
        sum(
            1 << place
            for place, letter in enumerate(record_id[first : first + 5])
            if "A" <= letter <= "Z"
        )
        for first in range(0, 15, 5)
    )
    return record_id + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[each] for each in capitals)
