"""The rules of the house: who imports whom, which names are public, which words are used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import introspect
from introspect import vocabulary

ROOT = Path(__file__).parent.parent
PACKAGE, ADAPTERS = ROOT / "introspect", ROOT / "adapters"
FRAMEWORKS = {"torch", "keras", "tensorflow", "jax", "tf_keras", "flax", "transformers"}
# What may be imported at module level, by file; a file that is not named here may import any of ours but the adapters.
ALLOWED = {
    "errors": set(),
    "vocabulary": set(),
    "values": {"errors"},
    "parameter": {"errors", "values", "vocabulary"},
    "records": {"errors", "parameter", "values", "vocabulary"},
    "explanation": {"errors"},
    "adapter": {"records", "values"},
    "weight_map": {"values"},
    "registry": {"adapter", "errors"},
    "inputs": {"adapter", "errors", "values"},
    "columns": {"errors", "parameter", "records", "values"},
    "selecting": {"errors", "records", "vocabulary"},
    "tables": {"columns", "explanation", "records", "vocabulary"},
    "render/layout": {"columns", "tables"},
    "render/text": {"tables"},
    "render/terminal": {"tables"},
    "render/markdown": {"tables"},
    "render/csv": {"tables"},
    "render/frame": {"errors", "tables"},
    "render/latex": {"tables"},
    "render/html/__init__": set(),
    "drawing/graph": set(),
    "drawing/text": set(),
    "drawing/runs": {"graph"},
    "drawing/folding": {"graph"},
    "drawing/nodes": {"graph", "records", "values", "vocabulary"},
    "drawing/wording": {"columns", "graph", "parameter", "records", "values", "vocabulary"},
    "drawing/sizes": {"graph"},
    "drawing/layers": {"errors", "graph"},
    "drawing/layout": {"graph"},
    "drawing/shapes": set(),
    "drawing/svg": {"graph", "literals"},
    "drawing/drawing": {"errors"},
    "pages/pool": set(),
    "pages/layers": {"columns", "explanation", "formulas", "parameter", "pool", "records", "values"},
    "pages/pairs": {
        "comparison",
        "comparison_folding",
        "comparison_lines",
        "comparison_tables",
        "layers",
        "parameter",
        "pool",
        "records",
    },
    "pages/comparison": {
        "columns",
        "comparison",
        "comparison_lines",
        "comparison_tables",
        "pairs",
        "pool",
        "proof",
        "records",
        "tables",
        "vocabulary",
        "weight_map",
    },
    "pages/report": {"columns", "layers", "pool", "records", "tables", "vocabulary"},
    "render/json": {"comparison", "errors", "parameter", "records", "values", "weight_map"},
    "comparison": {"records", "weight_map"},
    "comparison_lines": {"columns", "comparison", "records", "tables", "vocabulary"},
    "comparison_folding": {"comparison", "records"},
    "comparison_tables": {
        "columns",
        "comparison",
        "comparison_folding",
        "comparison_lines",
        "records",
        "tables",
        "values",
    },
    "proof_tables": {"proof", "tables", "transferring"},
    "literals": set(),
    "progress": {"literals"},
    "startup": {"progress"},
    "printing": {"errors", "tables"},
    "completing": {"columns", "disk"},
    "manual": {"printing"},
    "options": {"completing", "printing"},
    "targets": {"disk", "errors", "registry", "values"},
}
FROM_ADAPTERS = {"parameter", "records", "vocabulary", "errors", "adapter", "values"}


def imports(path: Path, inside_functions: bool = False) -> set[str]:
    """The modules that a file imports, ours without the package's name: `introspect.records` → `records`."""
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree)) if inside_functions else _at_module_level(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level and node.module is None:
                found |= {alias.name for alias in node.names}
            elif node.level:
                found.add(node.module or "")
            else:
                found.add((node.module or "").removeprefix("introspect."))
    return found


def _at_module_level(tree: ast.Module) -> list[ast.AST]:
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return found


def our_modules() -> set[str]:
    return {p.relative_to(PACKAGE).with_suffix("").as_posix() for p in PACKAGE.rglob("*.py")}


@pytest.mark.parametrize("name", sorted(our_modules()))
def test_the_core_imports_no_framework_and_only_what_it_may(name: str) -> None:
    path = PACKAGE / f"{name}.py"
    tops = {module.partition(".")[0] for module in imports(path, inside_functions=True)}
    assert not tops & FRAMEWORKS
    assert "adapters" not in tops
    if name in ALLOWED:
        ours = {m for m in imports(path) if m.partition(".")[0] in {n.partition("/")[0] for n in our_modules()}}
        assert ours <= ALLOWED[name]


@pytest.mark.parametrize("path", sorted(ADAPTERS.rglob("*.py")), ids=lambda p: p.relative_to(ADAPTERS).as_posix())
def test_adapters_import_only_the_records_and_their_own_framework(path: Path) -> None:
    frameworks = {"keras": {"keras"}, "tf_keras": {"tf_keras", "tensorflow"}, "pytorch": {"torch"}}
    frameworks["saved_model"] = {"tensorflow"}
    own = frameworks.get(path.parent.name, set())
    for module in imports(path, inside_functions=True):
        top = module.partition(".")[0]
        if top in FRAMEWORKS:
            assert top in own
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("introspect"):
            assert (node.module or "").removeprefix("introspect.") in FROM_ADAPTERS


@pytest.mark.parametrize(
    ("name", "shown_by"),
    [
        ("records", {"render.json", "render", "selecting", "tables", "pages", "drawing"}),
        ("comparison", {"render", "comparison_tables", "pages", "drawing"}),
    ],
)
def test_only_presentation_methods_import_inside_functions_of_records(name: str, shown_by: set[str]) -> None:
    path = PACKAGE / f"{name}.py"
    assert imports(path, inside_functions=True) - imports(path) == shown_by


def test_the_public_names_are_exactly_these() -> None:
    names = {"inspect", "explain", "compare", "transfer", "prove", "Report", "Comparison", "Transfer", "Proof"}
    names |= {"Checkpoint", "WeightMap", "Inputs", "TensorSpec", "IntrospectError"}
    assert set(introspect.__all__) == names
    assert all(hasattr(introspect, name) for name in introspect.__all__)


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running this code."""
    script = f"{code}\nimport sys\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_importing_introspect_loads_no_framework() -> None:
    assert not loaded_after("import introspect") & (FRAMEWORKS | {"numpy", "tabulate", "typer", "rich", "jinja2"})


def test_the_test_above_can_fail() -> None:
    assert "torch" in loaded_after("import introspect, torch")


def test_inspecting_a_torch_model_loads_no_other_framework() -> None:
    code = "import torch, introspect; print(introspect.inspect(torch.nn.Linear(2, 3)))"
    assert not loaded_after(code) & {"keras", "tensorflow", "jax", "tf_keras"}


def test_inspecting_a_keras_model_loads_only_what_keras_has_loaded() -> None:
    code = "import keras; model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])"
    before = loaded_after(code)
    after = loaded_after(f"{code}; import introspect; print(introspect.inspect(model))")
    assert after & FRAMEWORKS == before & FRAMEWORKS


def test_the_folder_of_adapters_refuses_its_bare_name() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import adapters"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "introspect.adapters" in result.stderr


@pytest.mark.parametrize("words", [vocabulary.KINDS, vocabulary.ROLES, vocabulary.SETTINGS, vocabulary.OPERATIONS])
def test_every_word_has_a_sentence(words: dict[str, str]) -> None:
    assert all(word.isidentifier() and text for word, text in words.items())
    assert len(set(words.values())) > 0.9 * len(words)


@pytest.mark.parametrize("framework", ["keras", "tf_keras", "pytorch"])
def test_the_tables_use_only_words_of_the_vocabulary(framework: str) -> None:
    layers = importlib.import_module(f"introspect.adapters.{framework}.layers")
    for name, row in layers.ROWS.items():
        assert row.kind in vocabulary.KINDS, name
        assert set(row.settings) <= set(vocabulary.SETTINGS), name
        for tensor in row.tensors.values():
            assert tensor.role in vocabulary.ROLES, name
            assert isinstance(tensor.axes, str | None) or callable(tensor.axes)
            axes = tensor.axes.replace("(", "").replace(")", "").split() if isinstance(tensor.axes, str) else []
            assert set(axes) <= {*vocabulary.AXES, "1"}, name
            labels = {word for packed in tensor.labels.values() for word, _ in packed}
            assert labels <= set(vocabulary.LABELS), name


@pytest.mark.parametrize("framework", ["keras", "tf_keras", "pytorch"])
def test_the_words_of_operations_are_those_of_the_vocabulary(framework: str) -> None:
    operations = importlib.import_module(f"introspect.adapters.{framework}.operations")
    assert set(operations._WORD_OF.values()) <= set(vocabulary.OPERATIONS)


def test_files_and_functions_stay_small() -> None:
    """A file is one thing: none of ours is longer than 400 lines, no function than 60."""
    for path in [*PACKAGE.rglob("*.py"), *ADAPTERS.rglob("*.py")]:
        text = path.read_text()
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, (path, node.name)
