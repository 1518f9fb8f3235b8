"""How a comparison is shown and kept: tables, text, markdown, JSON, the command line."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command_line import Run, in_a_process

from introspect import Inputs, Report, TensorSpec
from introspect.comparing import compare
from introspect.comparison import VERDICTS, Account, Comparison, Difference, Mapped, Match, Repair
from introspect.comparison_lines import value_text
from introspect.comparison_tables import comparison_table
from introspect.errors import SchemaError
from introspect.parameter import Parameter
from introspect.records import Call, Layer
from introspect.render import markdown, text
from introspect.tables import Code, Table
from introspect.values import FrozenDict

# A model of either framework, made by hand: path, kind, shape of the output, parameters.
KERAS = [
    ("pad", "zero_pad2d", (1, 10, 10, 3), 0),
    ("conv", "conv2d", (1, 8, 8, 4), 112),
    *((f"norm{n}", "batch_norm", (1, 8, 8, 4), 8) for n in range(1, 6)),
    ("first_relu_of_the_model", "activation", (1, 8, 8, 4), 0),
    ("second_relu_of_the_model", "activation", (1, 8, 8, 4), 0),
    ("add", "add", (1, 8, 8, 4), 0),
    ("pool", "global_average_pool2d", (1, 4), 0),
    ("fused", "dense", (1, 5), 25),
    ("last", "dense", (1, 2), 12),
]
TORCH = [
    ("conv", "conv2d", (1, 4, 8, 8), 108),
    *((f"bn{n}", "batch_norm", (1, 4, 8, 8), 8) for n in range(1, 6)),
    ("relu", "activation", (1, 4, 8, 8), 0),
    ("avgpool", "adaptive_average_pool2d", (1, 4, 1, 1), 0),
    ("drop", "dropout", (1, 4), 0),
    ("fc", "dense", (1, 7), 35),
    ("gelu", "activation", (1, 7), 0),
    ("head", "dense", (1, 2), 16),
]
PAIRS = [
    (("pad", "conv"), ("conv",)),
    *(((f"norm{n}",), (f"bn{n}",)) for n in range(1, 6)),
    (("first_relu_of_the_model", "second_relu_of_the_model"), ("relu",)),
    (("add",), ("",)),
    (("pool",), ("avgpool",)),
    ((), ("drop",)),
    (("fused",), ("fc",)),
    (("fused",), ("gelu",)),
    (("last",), ("head",)),
]


def report(framework: str, rows: list[Any]) -> Report:
    total = sum(parameters for *_, parameters in rows)
    root = Layer("", "Net", "container", children=tuple(row[0] for row in rows), parameter_count=total)
    spec = TensorSpec((1, 8, 8, 3))
    layers = [
        Layer(path, kind, kind, calls=(Call(n, Inputs(spec), TensorSpec(out)),), depth=1, parameter_count=parameters,
              opened=False)
        for n, (path, kind, out, parameters) in enumerate(rows, 2)
    ]  # fmt: skip
    called = replace(root, calls=(Call(1, Inputs(spec), TensorSpec(rows[-1][2])),))
    return Report(
        framework, "3.0", framework, "Net", Inputs(spec), None, (called, *layers), method="abstract", native_count=total
    )


def differences() -> tuple[Difference, ...]:
    def at(field: str, a: Any, b: Any, effect: str, *paths: str | None, **more: Any) -> Difference:
        return Difference(field, a, b, effect, paths=paths, **more)  # type: ignore[arg-type]

    units = at("units", 5, 7, "count", "fused", "fc", text="fused / fc: units 5 and 7")
    norms = [at("eps", 1e-3, 1e-5, "values", f"norm{n}", f"bn{n}") for n in range(1, 6)]
    said = "conv: use bias True and False (absorbed in the running mean behind)"
    return (
        at("use_bias", True, False, "none", "conv", "conv", text=said, reason="absorbed in the running mean behind"),
        *norms,
        at("strides", (1, 1), (2, 2), "shape", "norm3", "bn3"),
        at("dropout", None, "dropout(rate=0.5)", "training", "fused", "drop"),
        units,
        at("activation", "relu", "gelu", "values", "fused", "gelu"),
        at("in_features", 5, 7, "count", "last", "head", because_of=units.key),
    )


def comparison(**changes: Any) -> Comparison:
    """A pair in which everything is that a table can show."""
    a, b = report("keras", KERAS), report("torch", TORCH)
    found = differences()
    of = {"conv": found[:1], "norm3": (found[3], found[6]), "fused": found[8:9], "last": found[10:]}
    of |= {f"norm{n}": (found[n],) for n in (1, 2, 4, 5)}
    matches = []
    for left, right in PAIRS:
        mine = of.get((left or right)[-1], ()) if right != ("gelu",) else found[9:10]
        mine = found[7:8] if right == ("drop",) else mine
        matches.append(Match(tuple(a[p] for p in left), tuple(b[p] for p in right), tuple(mine)))
    names = [f"bn{n}" for n in range(1, 6)]
    repairs = (
        *(Repair("b", name, "set", "eps", 1e-3, f"{name}: eps 0.001", f"model.{name}.eps = 0.001") for name in names),
        Repair("a", "fused", "set", "activation", "gelu", "fused: gelu instead of relu", ""),
    )
    made = Comparison(
        a, b, tuple(matches), found,
        (Account("biases", -4, ("conv.bias",)), Account("units", 14, ())),
        repairs, "different",
        (Mapped("x", "0", "b h w c -> b c h w"),), (Mapped("0", "0"),), ("a is a sketch.",),
    )  # fmt: skip
    return replace(made, **changes)


def rows(table: Table, column: str) -> list[str]:
    return [row[table.columns.index(column)] for row in table.rows]


# --- tables ---------------------------------------------------------------------------------------------------------


def test_a_row_per_match_with_the_paths_of_both_sides() -> None:
    table = comparison_table(comparison())
    assert table.columns[:2] == ("a: keras", "b: torch")
    assert list(zip(rows(table, "a: keras"), rows(table, "b: torch"), strict=True)) == [
        ("pad + conv", "conv"),
        *((f"norm{n}", f"bn{n}") for n in range(1, 6)),
        ("first_relu_of_the_model +\nsecond_relu_of_the_model", "relu"),
        ("add", "in (root)"),
        ("pool", "avgpool"),
        ("", "drop"),
        ("fused", "fc"),
        ("in fused", "gelu"),
        ("last", "head"),
    ]


def test_what_is_the_same_on_both_sides_is_told_once() -> None:
    table = comparison_table(comparison())
    assert rows(table, "kind") == [
        "conv2d", *["batch_norm"] * 5, "activation", "add", "global_average_pool2d", "dropout", "dense", "activation",
        "dense",
    ]  # fmt: skip
    assert rows(table, "output")[-6:] == ["(1, 8, 8, 4)", "(1, 4)", "(1, 4)", "(1, 5) | (1, 7)", "(1, 7)", "(1, 2)"]


def test_parameters_are_counted_once_where_a_layer_stands_as_itself() -> None:
    table = comparison_table(comparison())
    assert rows(table, "parameters\na: keras") == ["112", *["8"] * 5, "0", "0", "0", "", "25", "", "12"]
    assert rows(table, "parameters\nb: torch") == ["108", *["8"] * 5, "0", "", "0", "0", "35", "0", "16"]


def test_code_has_the_parameters_that_it_holds_by_itself() -> None:
    a, b = report("keras", [("scale", "layer_scale", (1, 4), 4)]), report("torch", TORCH)
    own = Parameter("gamma", "gamma", "scale", (4,))
    b = replace(b, layers=(replace(b.root, parameters=(own,)), *b.layers[1:]))
    made = comparison(a=a, b=b, matches=(Match((a["scale"],), (b.root,)),))
    assert comparison_table(made).rows[0][4:6] == ("4", "4")


def test_what_differs_in_few_places_has_its_values_and_in_many_only_its_name() -> None:
    table = comparison_table(comparison())
    assert rows(table, "differs") == [
        "use_bias True → False (none)",
        "eps",
        "eps",
        "strides (1,1) → (2,2) (shape);\neps",
        "eps",
        "eps",
        "",
        "",
        "",
        "only in torch (training)",
        "units 5 → 7 (count)",
        "activation relu → gelu (values)",
        "follows from units of fused",
    ]


def test_only_differences_leaves_out_what_does_nothing() -> None:
    table = comparison_table(comparison(), only_differences=True)
    assert rows(table, "a: keras") == [*(f"norm{n}" for n in range(1, 6)), "", "fused", "in fused", "last"]
    assert table.footer == comparison_table(comparison()).footer


def test_the_lines_below_the_table() -> None:
    assert comparison_table(comparison()).footer == (
        "",
        "differences:",
        "  units: 5 → 7 (count) in fused = fc",
        "  strides: (1,1) → (2,2) (shape) in norm3 = bn3",
        "  eps: 0.001 → 1e-05 (values) in 5 layers: norm1, norm2, norm3, …",
        "  activation: relu → gelu (values) in fused = gelu",
        "  dropout(rate=0.5) only in torch (training) in drop",
        "  use_bias: True → False (none: absorbed in the running mean behind) in conv",
        "",
        "ledger:",
        "    189  keras Net (model.count_params())",
        "     −4  biases",
        "    +14  units",
        "  = 199  torch Net (sum of p.numel())",
        "",
        "repairs:",
        "  torch: eps 0.001 in 5 layers: bn1, bn2, bn3, …",
        "      model.bn1.eps = 0.001",
        "      # … and 4 more such lines",
        "  keras: fused: gelu instead of relu",
        "",
        "inputs:",
        "  keras x = torch #0  'b h w c -> b c h w'",
        "",
        "note: a is a sketch.",
        "",
        "12 matched, 1 only in torch",
        f"verdict: different: {VERDICTS['different']}",
    )


def test_two_models_of_one_framework_are_a_and_b() -> None:
    a = report("torch", TORCH)
    made = comparison(a=a, b=a, matches=(Match((a["fc"],), ()),), differences=(), repairs=(), input_map=())
    table = comparison_table(made)
    assert table.columns[:2] == ("a", "b")
    assert table.rows == (("fc", "", "dense", "(1, 7)", "35", "", "only in a"),)
    assert "  = 199  b Net (sum of p.numel())" in table.footer


def test_what_is_unknown_is_shown_as_unknown() -> None:
    a = report("torch", TORCH)
    bare = replace(a["fc"], calls=(), parameter_count=None)
    a = replace(a, layers=(a.root, bare), native_count=None, method="none")
    table = comparison_table(comparison(a=a, b=a, matches=(Match((bare,), (bare,)),), accounts=()))
    assert table.rows[0][3:6] == ("?", "?", "?")
    assert "    ?  a Net (sum of p.numel())" in table.footer


def test_a_chain_of_consequences_is_followed_to_its_cause_and_a_circle_ends() -> None:
    one = Difference("units", 1, 2, "count", paths=("fused", "fc"))
    two = Difference("in_features", 1, 2, "count", one.key, paths=("pool", "avgpool"))
    three = Difference("in_features", 1, 2, "count", two.key, paths=("last", "head"))
    made = comparison(differences=(one, two, three))
    last = replace(made.matches[-1], differences=(three,))
    assert comparison_table(replace(made, matches=(last,))).rows[0][-1] == "follows from units of fused"
    circle = replace(two, because_of=three.key)
    shown = replace(made, differences=(one, circle, three), matches=(last,))
    assert "follows from" in comparison_table(shown).rows[0][-1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "none"), (True, "True"), (0.1 + 0.2, "0.3"), (1.001e-05, "1.001e-05"), ((2, 2), "(2,2)"), ((3,), "(3,)"),
        (((0, 1), (0, 1)), "((0,1),(0,1))"), (tuple(range(9)), "(0,1,2,3,4,5,…)"), ("-inf", "-inf"),
        (FrozenDict(gate=(1, None)), "{gate: (1,none)}"),
    ],
)  # fmt: skip
def test_values_are_short(value: Any, shown: str) -> None:
    assert value_text(value) == shown


# --- text and markdown ------------------------------------------------------------------------------------------------


def test_as_text() -> None:
    lines = str(comparison()).splitlines()
    assert lines[0] == "a: Net (keras 3.0), b: Net (torch 3.0)"
    assert lines[4].split("  ")[0] == "pad + conv"
    assert lines[-1] == f"verdict: different: {VERDICTS['different']}"
    assert str(comparison()) == comparison().to_text()
    assert comparison().to_text(only_differences=True).count("batch_norm") == 5
    assert "pad + conv" not in comparison().to_text(only_differences=True)


def test_text_is_folded_to_a_width_and_code_is_not() -> None:
    shown = comparison().to_text(width=80)
    assert all(len(line) <= 80 for line in shown.splitlines())
    long = Table(("x",), (), (False,), footer=("  " + "word " * 20, Code("    " + "x = " * 30)))
    folded = text.render(long, 40).splitlines()[2:]
    assert [len(line) - len(line.lstrip()) for line in folded] == [2, 4, 4, 4]
    assert folded[-1] == ("    " + "x = " * 30).rstrip()


def test_as_markdown() -> None:
    lines = comparison().to_markdown().splitlines()
    assert lines[0] == "**a: Net (keras 3.0), b: Net (torch 3.0)**"
    assert [cell.strip() for cell in lines[2].split("|")[5:7]] == ["parameters<br>a: keras", "parameters<br>b: torch"]
    assert all(line.count("|") - line.count("\\|") == 8 for line in lines if line.startswith("|"))
    assert "- ledger:" in lines
    assert "  - −4  biases" in lines
    assert "    - `model.bn1.eps = 0.001`" in lines
    assert lines[-1] == f"- verdict: different: {VERDICTS['different']}"
    assert "| pad + conv" not in comparison().to_markdown(only_differences=True)
    assert markdown.render(Table(("x",), (), (False,))) == "| x   |\n|-----|"


# --- JSON -------------------------------------------------------------------------------------------------------------


def test_the_way_to_json_and_back() -> None:
    made = comparison()
    back = Comparison.from_json(made.to_json())
    assert back == made
    assert back.a == made.a
    assert Comparison.from_json(made.to_json(indent=1).encode()) == made
    assert Comparison.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    assert str(back) == str(made)


def test_layers_and_differences_are_those_of_the_reports_again() -> None:
    back = Comparison.from_json(comparison().to_json())
    assert back.matches[0].a[1] is back.a["conv"]
    assert back.matches[0].differences[0] is back.differences[0]


def test_a_match_names_layers_and_differences_instead_of_repeating_them() -> None:
    data = comparison().to_dict()
    assert data["matches"][3] == {"a": ["norm3"], "b": ["bn3"], "differences": [3, 6]}
    assert data["schema"] == 1
    assert Report.from_dict(data["a"]) == comparison().a


def test_what_is_not_in_the_reports_is_kept_in_full() -> None:
    stray = Layer("elsewhere", "Dense", "dense")
    made = comparison(matches=(Match((stray,), (), (Difference("x", 1, None, "values"),)),))
    assert Comparison.from_json(made.to_json()) == made


PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN | st.builds(TensorSpec, st.just((None, 2))),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=2).map(FrozenDict)
    ),
    max_leaves=5,
)
PATHS = st.none() | st.sampled_from(["", "conv", "norm1"])


@given(VALUES, VALUES, PATHS, PATHS, PATHS)
def test_every_value_survives(a: Any, b: Any, one: str | None, other: str | None, because: str | None) -> None:
    found = Difference("x", a, b, "unknown", because, "a sentence", (one, other))
    repair = Repair("a", "conv", "set", None, a, "text", "code")
    made = comparison(differences=(found,), matches=(), repairs=(repair,))
    back = Comparison.from_json(made.to_json())
    assert back == made
    assert type(back.differences[0].a) is type(a)
    str(back)


def damaged(**changes: Any) -> str:
    return json.dumps({**comparison().to_dict(), **changes})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("[]", "This is no saved comparison"),
        ("{}", "This is no saved comparison"),
        ("not json", "This is no JSON text"),
        (b"\xff", "This is no JSON text"),
        ('{"schema": 1}', "it has no verdict"),
        (damaged(schema=999), "has schema 999 and this version reads 1: compare the models again"),
        (damaged(a=None), "This is no saved report"),
        (damaged(a={"schema": 7}), "This report has schema 7"),
        (damaged(verdict="fine"), "is damaged"),
        (damaged(verdict=["equal"]), "is damaged"),
        (damaged(matches=None), "is damaged"),
        (damaged(matches=[{"a": ["nowhere"], "b": [], "differences": []}]), "No layer has the path 'nowhere'"),
        (damaged(matches=[{"a": [], "b": [], "differences": [99]}]), "is damaged"),
        (damaged(matches=[{"a": [], "b": [], "differences": [-1]}]), "is damaged"),
        (damaged(matches=[{"a": [], "b": []}]), "is damaged"),
        (damaged(differences=[{"field": "x"}]), "is damaged"),
        (damaged(differences=[{"field": "x", "a": 1, "b": 2, "effect": "odd"}]), "is damaged"),
        (damaged(accounts=3), "is damaged"),
        (damaged(more=1), "is damaged"),
    ],
)
def test_what_is_no_comparison_is_refused_in_a_sentence(data: str | bytes, sentence: str) -> None:
    with pytest.raises(SchemaError) as raised:
        Comparison.from_json(data)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_report_is_no_comparison_and_a_comparison_no_report() -> None:
    with pytest.raises(SchemaError, match=r"saved report, no comparison: read it with Report\.from_json"):
        Comparison.from_json(comparison().a.to_json())
    with pytest.raises(SchemaError, match=r"saved comparison, no report: read it with Comparison\.from_json"):
        Report.from_json(comparison().to_json())


# --- real models ------------------------------------------------------------------------------------------------------


@cache
def twins() -> Comparison:
    """The two models of `introspect demo`."""
    from introspect import demo, inspect

    return compare(inspect(demo.keras_model(), (1, 28, 28, 1)), inspect(demo.torch_model(), (1, 1, 28, 28)))


def test_the_rows_of_real_models() -> None:
    table = comparison_table(twins())
    names = ["conv1", "norm1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "dense", "relu3", "classes"]
    assert rows(table, "a: keras") == rows(table, "b: torch") == names
    assert table.rows[0] == ("conv1", "conv1", "conv2d", "(1, 28, 28, 16)", "160", "160", "")
    assert table.rows[1][-1].split(";\n") == ["eps 0.001 → 1e-05 (values)", "momentum 0.99 → 0.9 (training)"]
    assert rows(comparison_table(twins(), only_differences=True), "a: keras") == ["norm1"]


def test_the_text_of_real_models() -> None:
    shown = str(twins()).splitlines()
    assert "  eps: 0.001 → 1e-05 (values) in norm1" in shown
    assert "    105,930  keras Sequential (model.count_params())" in shown
    assert "  = 105,898  torch Sequential (sum of p.numel())" in shown
    assert "  keras #0 = torch #0  'b h w c -> b c h w'" in shown
    assert shown[-1] == f"verdict: equal after repairs: {VERDICTS['equal after repairs']}"


def test_real_models_survive_json() -> None:
    assert Comparison.from_json(twins().to_json()) == twins()


# --- the command line -------------------------------------------------------------------------------------------------

MODELS = """
import keras, torch

def dense(units=3, epsilon=1e-5):
    layers = keras.layers
    return keras.Sequential([keras.Input((4,)), layers.Dense(units, name="dense"),
                             layers.LayerNormalization(epsilon=epsilon, name="norm")])

def linear(units=3):
    return torch.nn.Sequential(torch.nn.Linear(4, units), torch.nn.LayerNorm(units))

class Faulty(torch.nn.Module):
    def forward(self, x):
        return x + torch.zeros(3, 5)
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "comparable.py").write_text(MODELS)
    return tmp_path


def test_equal_models_are_status_0(run: Run, here: Path) -> None:
    result = run("compare", "comparable:dense", "comparable:linear", "--input-b", "1,4", cwd=here)
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.rstrip().endswith(f"verdict: equal: {VERDICTS['equal']}")


def test_other_models_are_status_1(run: Run, here: Path) -> None:
    arguments = ("compare", "comparable:dense", "comparable:linear", "--input-a", "1,4", "--input-b", "1,4")
    repairable = run(*arguments, "--with-a", "epsilon=0.001", cwd=here)
    assert repairable.returncode == 1
    assert "verdict: equal after repairs" in repairable.stdout
    different = run(*arguments, "--with-b", "units=5", cwd=here)
    assert different.returncode == 1
    assert "units: 3 → 5 (count) in dense = 0" in different.stdout


def test_only_differences_and_a_width(run: Run, here: Path) -> None:
    arguments = ("compare", "comparable:dense", "comparable:linear", "--input-b", "1,4", "--with-a", "epsilon=0.001")
    shown = run(*arguments, "--only", "differences", "--width", "80", cwd=here).stdout
    assert not any(line.startswith("dense") for line in shown.splitlines())
    assert any(line.startswith("norm") for line in shown.splitlines())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_json_and_markdown(run: Run, here: Path) -> None:
    arguments = ("compare", "comparable:linear", "comparable:linear", "--input-a", "1,4", "--input-b", "1,4")
    found = Comparison.from_json(run(*arguments, "--format", "json", cwd=here).stdout)
    assert found.equal
    assert found.a.inputs == Inputs(TensorSpec((1, 4)))
    shown = run(*arguments, "--format", "markdown", cwd=here).stdout
    assert shown.startswith("**a: Sequential (torch")
    assert "| 0   | 0   | dense" in shown


def test_saved_reports_are_targets(run: Run, here: Path) -> None:
    saved = run("report", "comparable:dense", "--format", "json", cwd=here).stdout
    (here / "saved.json").write_text(saved)
    both = run("compare", "saved.json", "saved.json", cwd=here)
    assert both.returncode == 0
    one = run("compare", "comparable:linear", str(here / "saved.json"), "--input-a", "1,4", cwd=here)
    assert one.returncode == 0
    assert "verdict: equal" in one.stdout
    assert "parameters  21" in run("report", "saved.json", cwd=here).stdout


def test_a_model_that_raises_is_not_equal_to_itself(run: Run, here: Path) -> None:
    result = run("compare", "comparable:Faulty", "comparable:Faulty", "--input-a", "2,4", "--input-b", "2,4", cwd=here)
    assert result.returncode == 1
    assert "verdict: undecided" in result.stdout


BAD = [
    (["one:x"], "Missing argument"),
    (["no_such_module:x", "no_such_module:x"], "'no_such_module' can't be imported"),
    (["nothing", "nothing"], "'nothing' is no target"),
    (["absent.json", "absent.json"], "'absent.json' is no file"),
    (["broken.json", "broken.json"], "broken.json: This is no JSON text"),
    (["comparison.json", "report.json"], "comparison.json: This is a saved comparison, no report"),
    (["report.json", "report.json", "--with-b", "x=1"], "report.json is a file: --with is for"),
    (["report.json", "report.json", "--input-a", "1,3"], "report.json is a saved report, whose inputs are decided"),
    (["report.json", "report.json", "--only", "everything"], "everything"),
    (["report.json", "report.json", "--format", "xml"], "xml"),
    (["report.json", "os:getcwd"], "a live Keras model or layer, or a torch.nn.Module, is expected"),
    (["report.json", "torch.nn:Linear", "--input-b", "a,b"], "could not be called"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(arguments)[:40] for arguments, _ in BAD])
def test_trouble_is_one_sentence_and_status_2(run: Run, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "report.json").write_text(comparison().a.to_json())
    (tmp_path / "comparison.json").write_text(comparison().to_json())
    result = run("compare", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_fault_of_ours_is_not_taken_for_a_difference(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.json").write_text(comparison().a.to_json())
    monkeypatch.setattr("introspect.cli.compare_models", lambda *_, **__: 1 / 0)
    result = run("compare", "report.json", "report.json", cwd=tmp_path)
    assert result.returncode == 2
    assert "ZeroDivisionError" in result.stderr


def test_help_names_every_option(run: Run) -> None:
    shown = run("compare", "--help").stdout
    for option in ("--input-a", "--input-b", "--with-a", "--with-b", "--format", "--only", "--width"):
        assert option in shown


def test_the_demo_ends_in_the_comparison() -> None:
    result = in_a_process("demo")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.rstrip().endswith(str(twins()))
