"""Runs the notebooks, each in a clean kernel of this very interpreter.

`python tests/support/notebooks.py` runs all of them and saves what they print.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
# What a saved notebook says about its kernel: nothing that differs from one machine to the next.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# A page in the output of a cell: the frame that holds it, and what hides the plain table behind it.
_FRAME = re.compile(r' id="introspect-\w+"|<style>#introspect-.*?</style>\n|<iframe .*?</iframe>\n', re.DOTALL)
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


class Kernel(AsyncKernelManager):
    """A kernel of this interpreter, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def execute(path: Path) -> NotebookNode:
    """The notebook with fresh outputs, without what went to stderr. Raises `CellExecutionError` where a cell raises."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
    with tempfile.TemporaryDirectory() as folder:  # where no checkout lies: the installed package is what is imported
        environment = {
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "CUDA_VISIBLE_DEVICES": "-1",
            "IPYTHONDIR": folder,
        }
        client = NotebookClient(
            notebook,
            kernel_manager_class=Kernel,
            resources={"metadata": {"path": folder}},
            timeout=300,
            coalesce_streams=True,
            record_timing=False,
        )
        client.execute(env=environment)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [lightened(output) for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def lightened(output: NotebookNode) -> NotebookNode:
    """What is saved of an output. Of a page the plain table, which viewers show that strip frames (GitHub does), and of
    a picture the picture alone: a page is a hundred times as large, and made anew where the notebook is run."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        output.data = NotebookNode({"image/svg+xml": data["image/svg+xml"], "text/plain": "a picture"})
    elif "<iframe " in data.get("text/html", ""):
        output.data = NotebookNode({"text/html": _FRAME.sub("", data["text/html"]), "text/plain": "a page"})
    return output


def printed(cell: NotebookNode) -> str:
    """The text below a cell: what it printed, and its last value."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append(output.text)
        elif "image/svg+xml" in output.get("data", {}):
            texts += [f"{text}\n" for text in sorted(_TEXT.findall(output.data["image/svg+xml"]))]
        elif output.get("data", {}).get("text/plain") == "a page":
            texts.append(output.data["text/html"])
        elif "data" in output:
            texts.append(output.data.get("text/plain", "") + "\n")
    return "".join(texts)


def refresh(path: Path) -> None:
    """Run a notebook and save it with what it prints now."""
    nbformat.write(execute(path), path)


if __name__ == "__main__":
    for notebook_path in sorted(FOLDER.glob("*.ipynb")):
        refresh(notebook_path)
        print(notebook_path.name)
