"""The README's pictures: the drawing of its two models, and the page of the comparison of two ResNet50, as a browser
shows it. `python tests/support/readme_pictures.py` makes them anew; it needs Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.append(str(Path(__file__).parent.parent))  # for `support`, where this file is run by itself

from support import torchvision_zoo
from support.readme import README, ROOT, examples

FOLDER = ROOT / "notebooks" / "pictures"
THEMES = ("light", "dark")
PICTURES = (("port", ".svg"), ("resnet50", ".png"))
_WINDOW = {"width": 1060, "height": 640}


def drawn(names: dict[str, Any], theme: str) -> str:
    """The picture of the comparison that the README's examples leave behind, in one theme."""
    from introspect.drawing.svg import with_theme

    return with_theme(names["comparison"].draw().svg, theme)


def labels(svg: str) -> list[str]:
    """All that is written in a picture."""
    texts = (element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    return sorted(text for text in texts if text)


def _photographed(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    command = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=command, args=["--no-sandbox"])
        for theme in THEMES:
            context = browser.new_context(viewport=_WINDOW, color_scheme=theme, device_scale_factor=1.5)
            opened = context.new_page()
            opened.goto(page.as_uri())
            opened.get_by_role("heading", name="What differs").wait_for()
            opened.screenshot(path=FOLDER / f"resnet50-{theme}.png")
        browser.close()


def refresh() -> None:
    """Make all pictures anew."""
    torchvision_zoo.prepare()
    from keras.applications import ResNet50
    from torchvision.models import resnet50

    from introspect import compare

    names: dict[str, Any] = {}
    examples(README, names)
    FOLDER.mkdir(exist_ok=True)
    for theme in THEMES:
        (FOLDER / f"port-{theme}.svg").write_text(drawn(names, theme), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "resnet50.html"
        compare(ResNet50(weights=None), resnet50()).to_html(page)
        _photographed(page)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    refresh()
