"""``python -m include.contracts``: write sql/DICTIONARY.md anew."""

from __future__ import annotations

from pathlib import Path

from include.contracts import dictionary

if __name__ == "__main__":
    path = Path(__file__).parents[2] / "sql" / "DICTIONARY.md"
    path.write_text(dictionary.render(), encoding="utf-8")
