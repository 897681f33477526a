"""Whether a page fits every screen and can be read by everybody."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "axe" / "axe.min.js"


def fits_and_is_accessible(page: Page) -> None:
    """No width makes it scroll sideways; axe finds nothing grave, in light and in dark."""
    for width in (390, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.evaluate(AXE.read_text())
    for scheme, rules in (("dark", "['color-contrast']"), ("light", "undefined")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = page.evaluate(
            f"axe.run(document, {{runOnly: {rules}, resultTypes: ['violations']}})"
        )
        grave = [
            (rule["id"], [node["html"][:200] for node in rule["nodes"][:3]])
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert not grave, (scheme, grave)
