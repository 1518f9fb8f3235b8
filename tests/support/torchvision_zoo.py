"""torchvision's classification models with random weights, also where torchvision's compiled library can't load."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

# `import torchvision` registers fake kernels for these operators, and fails where nothing has declared them.
SCHEMAS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def available() -> bool:
    return find_spec("torch") is not None and find_spec("torchvision") is not None


@cache
def prepare():
    """Make `import torchvision` work, if it is installed. What this returns has to stay alive: the cache keeps it."""
    if not available():
        return None
    import torch

    # A torchvision built for CUDA can't load its library beside a torch built for the CPU. Classifiers call no
    # operator of that library, so declaring the operators is enough; those of a library that loads are left alone.
    for library in Path(find_spec("torchvision").origin).parent.glob("_C.*"):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
    declarations = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            declarations.define(name + schema)
    return declarations


def classifiers() -> tuple[str, ...]:
    """The names of torchvision's classification models; none where it isn't installed."""
    if not available():
        return ()
    prepare()
    import torchvision

    return tuple(torchvision.models.list_models(module=torchvision.models))


CLASSIFIERS = classifiers()


def build(name: str):
    """The model in eval mode; its random weights are the same each time."""
    prepare()
    import torch
    import torchvision

    # Two models warn unless told whether to draw their weights from their own, much slower, distribution.
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None, **settings).eval()


def input_shape(name: str) -> tuple[int, ...]:
    side = 299 if name == "inception_v3" else 224
    return (1, 3, side, side)
