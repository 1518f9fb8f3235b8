"""The API documentation, made of the docstrings: `python tests/support/docs.py` writes it into `site/`.

A page for each of the modules below, with the names that are said here, in this order; without any, with all of them.
"""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render

import introspect
from introspect import errors

TEMPLATES = Path(__file__).parent / "docs_templates"
SITE = Path(__file__).parent.parent.parent / "site"
# module: (what its page is about, the names on it)
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "introspect": (
        "The public names",
        (
            *("inspect", "explain", "compare", "transfer", "prove"),
            *("Report", "Comparison", "WeightMap", "Transfer", "Proof"),
            *("Inputs", "TensorSpec", "Checkpoint", "IntrospectError"),
        ),
    ),
    "introspect.records": ("What a report is made of", ("Layer", "Call", "Operation", "Setting", "Source")),
    "introspect.parameter": ("Tensors", ("Parameter", "Part")),
    "introspect.values": ("Plain values", ("Opaque", "FrozenDict", "leaves", "tensor_leaves")),
    "introspect.explanation": ("Explanations", ("Explanation", "Explanations", "Term", "Factor")),
    "introspect.vocabulary": (
        "The words of a report",
        ("KINDS", "ROLES", "AXES", "LABELS", "SETTINGS", "OPERATIONS"),
    ),
    "introspect.selecting": ("Layers by their properties", ()),
    "introspect.comparison": (
        "What a comparison is made of",
        ("Match", "Difference", "Account", "Repair", "Mapped", "Held", "EFFECTS", "VERDICTS"),
    ),
    "introspect.weight_map": ("What a weight map is made of", ("Entry", "Step", "STEPS", "WAYS")),
    "introspect.transferring": ("What a transfer says", ("Moved",)),
    "introspect.proof": ("What a proof says", ("Gap",)),
    "introspect.disk": ("Models in files", ("from_disk",)),
    "introspect.checkpoints": ("Weights in files", ("FileWeights",)),
    "introspect.drawing.draw": ("Pictures", ("draw",)),
    "introspect.drawing.drawing": ("What a picture can do", ("Drawing",)),
    "introspect.testing": ("For your own tests", ("assert_same_architecture",)),
    "introspect.pytest_plugin": ("Snapshots with pytest", ("architecture_snapshot",)),
    "introspect.errors": ("Errors", tuple(name for name in vars(errors) if name.endswith("Error"))),
    "introspect.adapter": ("For another framework", ()),
}


def build(folder: Path) -> None:
    """Write the site into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    pdoc.render.configure(
        docformat="google",
        template_directory=TEMPLATES,
        show_source=False,
        footer_text=f"introspect {introspect.__version__}",
    )
    pdoc.render.env.globals["pages"] = {name: title for name, (title, _) in PAGES.items()}
    pdoc.render.env.globals["names"] = {name: names for name, (_, names) in PAGES.items()}
    with warnings.catch_warnings():
        # Inside of a class that has a property `bytes`, pdoc takes the annotation `bytes` to be that one.
        warnings.filterwarnings("ignore", "Error parsing type annotation str . bytes")
        pdoc.pdoc(*PAGES, output_directory=folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SITE
    build(target)
    print(target / "index.html")
