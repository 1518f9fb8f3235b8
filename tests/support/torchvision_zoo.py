"""torchvision's classification models with random weights, also where torchvision's compiled library can't load."""

from __future__ import annotations

import inspect as python_inspect
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch

# `import torchvision` registers fake kernels for these operators, and fails where nothing has declared them.
SCHEMAS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align": "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor",
}


def available() -> bool:
    return find_spec("torch") is not None and find_spec("torchvision") is not None


@cache
def prepare():
    """Make `import torchvision` work, if it is installed. What this returns has to stay alive: the cache keeps it."""
    if not available():
        return None
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
            if name == "nms":
                declarations.impl(name, _nms, "CPU")
            if name == "roi_align":
                declarations.impl(name, _roi_align, "CPU")
    return declarations


def _nms(boxes, scores, threshold):
    """Non-maximum suppression in plain torch: the best box, without those that overlap it too much, and so on."""
    from torchvision.ops import box_iou

    order, kept = scores.argsort(descending=True), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[box_iou(boxes[best][None], boxes[order])[0] <= threshold]
    return torch.stack(kept) if kept else order


def _roi_align(*arguments):
    """torchvision's own, in Python."""
    from torchvision.ops import roi_align

    return python_inspect.getmodule(roi_align)._roi_align(*arguments)


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
    import torchvision

    # Two models warn unless told whether to draw their weights from their own, much slower, distribution.
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None, **settings).eval()


def input_shape(name: str) -> tuple[int, ...]:
    side = 299 if name == "inception_v3" else 224
    return (1, 3, side, side)


# The models for other tasks: family → the input that is fed, a few of them with one of their own.
OTHERS = {"segmentation": (1, 3, 64, 64), "video": (1, 3, 8, 64, 64), "optical_flow": (1, 3, 128, 128)}
OTHERS |= {"quantization": (1, 3, 96, 96), "detection": (3, 96, 96)}
OWN_INPUT = {"mvit_v1_b": (1, 3, 16, 224, 224), "mvit_v2_s": (1, 3, 16, 224, 224), "s3d": (1, 3, 14, 224, 224)}


def other_models() -> tuple[tuple[str, str], ...]:
    """Family and name of all models that are no classifiers of images."""
    if not available():
        return ()
    prepare()
    import torchvision

    return tuple(
        (family, name)
        for family in OTHERS
        for name in torchvision.models.list_models(module=getattr(torchvision.models, family))
    )


OTHER_MODELS = other_models()


def build_other(family: str, name: str):
    """The model in eval mode, and what it is called with."""
    prepare()
    import torchvision

    settings = {"weights": None}
    if family in ("segmentation", "detection"):
        settings["weights_backbone"] = None
    if "googlenet" in name or "inception" in name:
        settings["init_weights"] = False
    if family == "detection":
        torchvision.extension._has_ops = lambda: True  # those that it needs are above
        settings |= {} if name.startswith("ssd") else {"min_size": 96, "max_size": 128}
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, **settings).eval()
    image = torch.linspace(0, 1, torch.Size(shape := OWN_INPUT.get(name, OTHERS[family])).numel()).reshape(shape)
    return model, ([image],) if family == "detection" else (image, image) if family == "optical_flow" else (image,)
