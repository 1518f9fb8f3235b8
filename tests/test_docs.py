"""The API documentation can be built, has every public name with a sentence, and no link in it leads nowhere."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from types import FunctionType
from urllib.parse import unquote

import pytest
from support.docs import PAGES, build

import introspect

TARGET = re.compile(r'\b(?:id|name)="([^"]+)"')
SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
LINK = re.compile(r'\b(?:href|src)="([^"]*)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


def _page(site: Path, module: str) -> Path:
    return site / f"{module.replace('.', '/')}.html"


def _section(text: str, name: str) -> str:
    """The part of a page about one name."""
    return text.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def test_the_public_names_are_on_the_first_page(site: Path) -> None:
    assert set(PAGES["introspect"][1]) == set(introspect.__all__)
    assert "introspect.html" in (site / "index.html").read_text()


@pytest.mark.parametrize("module", PAGES)
def test_every_name_of_a_page_is_there_with_a_sentence(module: str, site: Path) -> None:
    text, found = _page(site, module).read_text(), import_module(module)
    assert found.__doc__
    assert "<p>" in text.partition("</h1>")[2][:500]
    for name in PAGES[module][1]:
        assert f'<section id="{name}">' in text
        assert '<div class="docstring">' in _section(text, name)
        assert isinstance(getattr(found, name), dict) or getdoc(getattr(found, name))


@pytest.mark.parametrize("function", ["inspect", "explain", "compare", "transfer", "prove"])
def test_arguments_and_errors_are_lists(function: str, site: Path) -> None:
    section = (
        _page(site, "introspect").read_text().partition(f'<section id="{function}">')[2].partition("</section>")[0]
    )
    assert re.search(r"Arguments:.*<li>.*Raises:.*<li>", section, re.DOTALL)


def _members(module: str) -> list[tuple[str, object]]:
    """The methods and properties of the classes on a page."""
    found = import_module(module)
    classes = [getattr(found, name) for name in PAGES[module][1] if isinstance(getattr(found, name), type)]
    kinds = (FunctionType, property, classmethod)
    return [
        (f"{cls.__name__}.{name}", getattr(member, "__func__", member))
        for cls in classes
        for name, member in vars(cls).items()
        if isinstance(member, kinds) and not name.startswith("_") and getattr(member, "__name__", name) == name
    ]


def test_methods_have_a_sentence_too(site: Path) -> None:
    checked = 0
    for module in PAGES:
        text = _page(site, module).read_text()
        for name, member in _members(module):
            assert getdoc(member), f"{module}.{name} has no docstring"
            assert f'<div id="{name}" class="classattr">' in text
            checked += 1
    assert checked > 60


def test_links_lead_somewhere_and_nothing_is_asked_from_elsewhere(site: Path) -> None:
    pages = {path: SCRIPT.sub("", path.read_text()) for path in site.rglob("*.html")}
    targets = {path: set(TARGET.findall(text)) for path, text in pages.items()}
    checked = 0
    for path, text in pages.items():
        for link in LINK.findall(text):
            if link.startswith(("data:", "https://pdoc.dev")):
                continue
            file, _, anchor = unquote(link).partition("#")
            to = (path.parent / file).resolve() if file else path
            assert to.exists(), f"{path.name}: {link}"
            assert not anchor or anchor in targets[to], f"{path.name}: {link}"
            checked += 1
    assert checked > 500
    assert not any(re.search(r'<(?:script|link|img)[^>]+(?:src|href)="http', text) for text in pages.values())
