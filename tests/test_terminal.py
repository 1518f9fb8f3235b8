"""A table in a terminal: complete at any width, numbers aligned, colours by what a difference does."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from itertools import pairwise

import pytest
import rich
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from torch import nn
from wcwidth import wcswidth

from introspect import Report, compare, explain, inspect
from introspect.comparison import EFFECTS
from introspect.comparison_tables import comparison_table
from introspect.proof import Gap, Proof
from introspect.proof_tables import proof_table
from introspect.render import text
from introspect.render.layout import printable
from introspect.render.terminal import STYLES as RICH_STYLES
from introspect.render.terminal import Shown
from introspect.tables import STYLES, Code, Line, Table, report_table

WIDTHS = (20, 40, 60, 80, 100, 120, 200)


class Block(nn.Module):
    def __init__(self, units: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.expanding_linear = nn.Linear(units, 4 * units)
        self.normalization = nn.BatchNorm1d(4 * units, eps=eps)
        self.narrowing_linear = nn.Linear(4 * units, units)

    def forward(self, x):
        return self.narrowing_linear(self.normalization(self.expanding_linear(x)))


def net(*eps: float, classes: int = 3) -> Report:
    return inspect(nn.Sequential(*(Block(128, e) for e in eps), nn.Linear(128, classes)), (2, 128))


REPORT = net(1e-5, 1e-5)
COMPARISON = compare(net(1e-5, 1e-5, 1e-5), net(1e-5, 1e-3, 1e-5, classes=4))
PROOF = Proof(False, (Gap("0", 0.1, 0.2),), (Gap("0", 1e-12, 1e-12),), ("a", "b"), ("softmax",), ("a note",))
TABLES = {
    "report": report_table(REPORT),
    "every column": report_table(REPORT, ["name", "kind", "axes", "settings", "parameters", "bytes"]),
    "explanations": explain(REPORT).__rich__()._table,
    "comparison": comparison_table(COMPARISON),
    "proof": proof_table(PROOF),
}


def in_colours(table: object, width: int = 120) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor", legacy_windows=False,
        _environ={},
    )  # fmt: skip
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def without_colours(shown: str) -> list[str]:
    return ESCAPE.sub("", shown).splitlines()


def squeezed(shown: str) -> str:
    """All but blanks and the lines of a tree."""
    return re.sub(r"[\s│├└─]+", "", shown)


# --- complete at any width -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_cut_and_no_line_is_too_long(name: str, width: int) -> None:
    table = TABLES[name]
    for lines in (without_colours(in_colours(Shown(table), width)), text.render(table, width).splitlines()):
        said = squeezed("".join(lines))
        code = {squeezed(line) for line in table.footer if isinstance(line, Code)}
        assert all(wcswidth(line) <= width or squeezed(line) in code for line in lines)
        for words in (table.title, *table.footer):
            assert squeezed(words) in said
        assert not re.search("…", "".join(lines)) or any("…" in line for line in table.footer)


def told_apart(table: Table) -> tuple[Table, dict[str, tuple[int, int, int]]]:
    """The same table, the letters of each cell all replaced by one that stands nowhere else: where, and how many."""
    places, rows = {}, []
    for i, row in enumerate(table.rows):
        cells = []
        for j, cell in enumerate(row):
            letter = chr(0x1401 + len(places))  # Canadian syllabics: letters, and no wider than others
            cells.append(re.sub(r"\w", letter, cell))
            places[letter] = i, j, cells[-1].count(letter)
        rows.append(tuple(cells))
    return replace(table, rows=tuple(rows)), places


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "every column", "explanations", "comparison"])
def test_every_letter_of_every_cell_is_there_in_its_column(name: str, width: int) -> None:
    table, places = told_apart(TABLES[name])
    for lines in (without_colours(in_colours(Shown(table), width)), text.render(table, width).splitlines()):
        shown = "".join(lines)
        spans: dict[int, list[int]] = {}
        for letter, (_, column, times) in places.items():
            assert shown.count(letter) == times
            spans.setdefault(column, []).extend(line.index(letter) for line in lines if letter in line)
            spans[column] += [line.rindex(letter) for line in lines if letter in line]
        if re.search("──|--", lines[2] + lines[3]):  # side by side
            columns = [spans[n] for n in sorted(spans) if spans[n]]
            assert all(max(one) < min(other) for one, other in pairwise(columns))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "every column", "explanations", "comparison"])
def test_every_cell_reads_as_it_is(name: str, width: int) -> None:
    table = TABLES[name]
    for cell in {cell for row in table.rows for cell in row}:
        one = Table(("c",), ((cell,),), (False,))
        for shown in (in_colours(Shown(one), width), text.render(one, width)):
            assert squeezed("".join(without_colours(shown)[2:])) == squeezed(cell)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_numbers_are_aligned(width: int) -> None:
    lines = without_colours(in_colours(Shown(TABLES["report"]), width))
    end = lines[1].index("parameters") + len("parameters")
    units = lines[1].index("units") + len("units")
    first = [line for line in lines[3 : lines.index("", 3) if "" in lines else None] if line[end - 1 : end].isdigit()]
    assert len(first) >= len(REPORT)
    assert all(len(line.rstrip()) == end for line in first)
    assert {line[units - 1] for line in first} <= set("0123456789-")


def test_numbers_below_one_another_are_aligned_too() -> None:
    lines = [line.rstrip() for line in without_colours(in_colours(Shown(TABLES["report"]), 40))]
    assert len({len(line) for line in lines if line.startswith("parameters  ") and "(" not in line} - {0}) <= 2
    plain = text.render(TABLES["report"], 40).splitlines()
    numbers = [line for line in plain if line.startswith("parameters") and line != plain[-7]]
    assert len({len(line) for line in numbers[: len(REPORT)]}) == 1


def test_a_tree_has_guides_and_a_terminal_without_them_has_blanks() -> None:
    lines = without_colours(in_colours(Shown(TABLES["report"]), 120))
    assert [line.split("  ")[0] for line in lines[3:12]] == [
        "(root)", "├─0", "│ ├─0.expanding_linear", "│ ├─0.normalization", "│ └─0.narrowing_linear",
        "├─1", "│ ├─1.expanding_linear", "│ ├─1.normalization", "│ └─1.narrowing_linear",
    ]  # fmt: skip
    console = Console(file=io.TextIOWrapper(io.BytesIO(), "ascii"), width=120)
    lines = console.render_lines(Shown(TABLES["report"]), console.options)
    assert "    0.expanding_linear" in "".join(part.text for line in lines for part in line)


def test_the_first_lines() -> None:
    lines = [line.rstrip() for line in without_colours(in_colours(Shown(TABLES["report"]), 120))]
    assert lines[0].startswith("Sequential (torch ")
    assert lines[1].split() == ["path", "type", "units", "kernel", "bias", "output", "parameters"]
    assert lines[6].split() == ["│", "├─0.normalization", "BatchNorm1d", *["-", "-", "-", "(2,", "512)", "1,024"]]
    narrow = [line.rstrip() for line in without_colours(in_colours(Shown(TABLES["report"]), 40))]
    assert narrow[1:5] == ["path        (root)", "type        Sequential", "output      (2, 3)", "parameters  265,859"]


# --- colours ----------------------------------------------------------------------------------------------------------


def coloured(shown: str, words: str) -> str:
    """The escape code in front of these words."""
    found = re.search(rf"\x1b\[([0-9;]*)m[^\x1b]*{re.escape(words)}", shown)
    return found[1] if found else ""


CODES = {"none": "2", "training": "94", "values": "33", "shape": "31", "count": "31", "unknown": "35"}


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_difference_has_the_colour_of_its_effect(effect: str) -> None:
    table = Table(("a", "differs"), (("x", "it differs"),), (False, False), styles=(("", effect),), footer=(
        Line(f"  eps: 1 → 2 ({effect})", effect),), marks=(Line("~", effect),))  # fmt: skip
    shown = in_colours(Shown(table))
    assert coloured(shown, "it differs") == coloured(shown, "eps: 1") == coloured(shown, "~") == CODES[effect]
    assert f"({effect})" in shown


def test_a_comparison_in_colours() -> None:
    shown = in_colours(COMPARISON, 200)
    assert coloured(shown, "eps 1e-05 → 0.001 (values)") == CODES["values"]
    assert coloured(shown, "units 3 → 4 (count)") == CODES["count"]
    assert coloured(shown, "verdict: different") == "1;31"
    lines = without_colours(shown)
    assert sum(line.startswith("~") for line in lines) == 2
    assert not any(line.startswith(("+", "-")) for line in lines)


def test_what_has_no_partner_is_marked() -> None:
    made = compare(net(1e-5), inspect(nn.Sequential(Block(128), nn.Dropout(), nn.Linear(128, 3)), (2, 128)))
    alone = next(line for line in without_colours(in_colours(made)) if line.startswith("+"))
    assert alone.split()[1:3] == ["1", "dropout"]


def test_verdicts_and_proofs_have_colours_and_words() -> None:
    equal = compare(net(1e-5), net(1e-5))
    assert coloured(in_colours(equal), "verdict: equal") == "1;32"
    assert coloured(in_colours(PROOF), "The proof does not hold") == "1;31"
    assert coloured(in_colours(replace(PROOF, holds=True)), "The proof holds") == "1;32"
    assert str(PROOF).startswith(
        "The proof does not hold (float64, 3 seeds, bar 1e-09).\n  as carried: output 0: 2.0e-01"
    )


def test_code_is_highlighted_and_whole() -> None:
    code = 'model.get_submodule("' + "block." * 30 + '").eps = 1e-05'
    table = Table(("x",), (), (False,), footer=(Code(f"    {code}"),))
    shown = in_colours(Shown(table), 60)
    assert "\x1b[" in shown
    assert squeezed(code) in squeezed("".join(without_colours(shown)))


def test_every_style_has_a_colour() -> None:
    assert set(RICH_STYLES) == set(STYLES)
    assert set(EFFECTS) <= set(STYLES)


def test_no_colour_means_no_escape_codes() -> None:
    out = io.StringIO()
    Console(file=out, width=100, no_color=True, force_terminal=False).print(COMPARISON)
    assert "\x1b" not in out.getvalue()


def test_rich_prints_what_print_prints_and_print_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    for shown in (REPORT, explain(REPORT), COMPARISON, PROOF):
        rich.print(shown)
        assert capsys.readouterr().out.strip()
        assert "\x1b" not in str(shown)


# --- at a depth -------------------------------------------------------------------------------------------------------


def test_blocks_in_which_nothing_differs_are_one_row() -> None:
    table = comparison_table(COMPARISON, depth=1)
    assert [(row[0], row[1], row[-1]) for row in table.rows] == [
        ("0", "0", "3 layers, equal"),
        ("1.expanding_linear", "1.expanding_linear", ""),
        ("1.normalization", "1.normalization", "eps 1e-05 → 0.001 (values)"),
        ("1.narrowing_linear", "1.narrowing_linear", ""),
        ("2", "2", "3 layers, equal"),
        ("3", "3", "units 3 → 4 (count)"),
    ]
    assert table.rows[0][2:6] == ("Block", "(2, 128)", "132,736", "132,736")
    assert table.footer == comparison_table(COMPARISON).footer
    assert len(comparison_table(COMPARISON, depth=9).rows) == len(comparison_table(COMPARISON).rows)
    assert [row[0] for row in comparison_table(COMPARISON, True, 1).rows] == ["1.normalization", "3"]


def test_equal_models_are_one_row_at_depth_0() -> None:
    same = compare(net(1e-5, 1e-5), net(1e-5, 1e-5))
    assert [row[:2] + row[-1:] for row in comparison_table(same, depth=0).rows] == [
        ("(root)", "(root)", "7 layers, equal")
    ]
    assert "7 layers, equal" in same.to_text(depth=0)
    assert "3 layers, equal" in same.to_markdown(depth=1)


def test_a_block_of_one_side_stands_against_a_run_of_the_other() -> None:
    flat = nn.Sequential(nn.Linear(128, 512), nn.BatchNorm1d(512), nn.Linear(512, 128), nn.Linear(128, 3))
    for a, b, names in (
        (inspect(flat, (2, 128)), net(1e-5), ("0 … 2", "0")),
        (net(1e-5), inspect(flat, (2, 128)), ("0", "0 … 2")),
    ):
        rows = comparison_table(compare(a, b), depth=1).rows
        assert [row[:2] for row in rows] == [names, ("1", "3") if names[0] == "0" else ("3", "1")]
        assert rows[0][4:] == ("132,736", "132,736", "3 layers, equal")


# --- names that are no plain text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("日本語", "日本語"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("bell\a\b\r", "bell\\x07\\x08\\r"),
        ("a\tb", "a\\tb"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
    ],
)
def test_names_steer_no_terminal(name: str, shown: str) -> None:
    assert printable(name) == shown
    table = Table((name,), ((name,),), (False,), name, (name, Code(name)))
    for printed in (text.render(table), text.render(table, 40), "\n".join(without_colours(in_colours(Shown(table))))):
        assert printed.count(shown) == 5
        assert not set(printed) & set("\x1b\a\b\r\t\u202e\x9b\u2028\ud800")


CELLS = st.text(st.characters(codec=None, exclude_categories=["Cn", "Co"]), max_size=30) | st.text(
    st.sampled_from("日本語🎉👨\u200d👩é\u0301ab ._\x1b[31m\n\t\x00"), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, st.integers(0, 10**10)), max_size=4), st.sampled_from(WIDTHS), CELLS)
def test_any_cells_are_complete_and_in_their_place(rows: list[tuple[str, str, int]], width: int, title: str) -> None:
    table = Table(("path", "what", "number"), tuple((a, b, f"{n:,}") for a, b, n in rows), (False, False, True), title)
    for measure, printed in ((cell_len, in_colours(Shown(table), width)), (wcswidth, text.render(table, width))):
        bare = ESCAPE.sub("", printed)
        lines = bare.split("\n")
        assert all(measure(line) <= width for line in lines), printed
        assert not [c for c in bare if c != "\n" and c not in "\u200c\u200d" and printable(c) != c]
        for letter in {c for row in table.rows for cell in row for c in printable(cell) if not c.isspace()} - {"-"}:
            assert bare.count(letter) >= sum(printable(cell).count(letter) for row in table.rows for cell in row[:2])
        assert all(f"{n:,}" in bare for *_, n in rows)


def test_wide_characters_stay_in_their_columns() -> None:
    table = Table(("name", "n"), (("日本語", "1"), ("ab", "22"), ("🎉", "333")), (False, True))
    for lines in (text.render(table).splitlines()[2:], without_colours(in_colours(Shown(table)))[2:]):
        assert len({wcswidth(line.rstrip()) for line in lines}) == 1


def test_a_thousand_rows_take_no_time() -> None:
    rows = tuple(
        (f"{'  ' * (n % 5)}block.{n}.attention.projection", f"Linear{n}", f"{n * 1000:,}") for n in range(1500)
    )
    table = Table(("path", "type", "parameters"), rows, (False, False, True))
    console = Console(file=io.StringIO(), width=50)
    shown = list(Segment.split_lines(console.render(Shown(table))))
    assert len(shown) >= 1500
