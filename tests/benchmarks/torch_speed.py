"""`inspect` of torch models against torchinfo and against the models' own forward passes."""

from __future__ import annotations

import copy
import gc
import statistics
from collections.abc import Callable
from functools import partial
from math import isnan
from typing import Any

import torch
import torchinfo
from support import torchvision_zoo
from timing import Target, say, show, side_by_side

import introspect

QUICK = (
    *("alexnet", "convnext_base", "densenet121", "efficientnet_b0", "mobilenet_v3_small", "regnet_y_400mf"),
    *("resnet18", "resnet50", "shufflenet_v2_x1_0", "swin_t", "vgg16", "vit_b_16"),
)
NAMED = ("resnet50", "vit_b_16", "convnext_base")
TOKENS = 128
LLAMA_70B = {
    "num_hidden_layers": 80, "hidden_size": 8192, "intermediate_size": 28672, "num_attention_heads": 64,
    "num_key_value_heads": 8, "vocab_size": 128256,
}  # fmt: skip


def run(quick: bool) -> list[Target]:
    """Print the tables and return the targets."""
    torch.set_num_threads(1)
    times = {}
    for number, name in enumerate(names := QUICK if quick else torchvision_zoo.CLASSIFIERS):
        say(f"torch: {name} ({number + 1} of {len(names)})")
        times[name] = _torchvision(name)
    show(f"torchvision, batch 1 ({len(times)} models): times in ms, then ratios to inspect", _rows(times))
    llama = _llama()
    show(f"Llama 70B on meta, {TOKENS} tokens: times in ms, then the ratio to inspect", [_row("Llama 70B", llama)])
    return _targets(times, llama)


def _torchvision(name: str) -> dict[str, float]:
    shape = torchvision_zoo.input_shape(name)
    model = torchvision_zoo.build(name)
    # torchinfo's device="meta" throws away the weights of the model it is given. (Not every model can be built there.)
    twin = copy.deepcopy(model).to("meta")
    contestants = {
        "inspect": ours(model, shape),
        "torchinfo": partial(torchinfo.summary, model, input_size=shape, verbose=0),
        "torchinfo, meta": partial(torchinfo.summary, twin, input_size=shape, device="meta", verbose=0),
        "forward": forward(model, torch.zeros(shape)),
        "forward, meta": forward(twin, torch.zeros(shape, device="meta")),
    }
    times = side_by_side(contestants)
    del model, twin, contestants
    torchinfo.torchinfo.clear_cached_forward_pass()  # it keeps every model alive
    gc.collect()
    return times


def llama_on_meta(settings: dict[str, int]) -> torch.nn.Module:
    """A Llama of any size that takes no memory."""
    torchvision_zoo.prepare()  # transformers imports torchvision wherever it is installed
    import transformers

    transformers.logging.set_verbosity_error()
    with torch.device("meta"):
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**settings)).eval()


def token_ids() -> dict[str, introspect.TensorSpec]:
    return {"input_ids": introspect.TensorSpec((1, TOKENS), "int64")}


def _llama() -> dict[str, float]:
    say("torch: Llama 70B on meta")
    model = llama_on_meta(LLAMA_70B)
    tokens = torch.zeros((1, TOKENS), dtype=torch.long, device="meta")
    return side_by_side({"inspect": ours(model, token_ids()), "forward, meta": forward(model, input_ids=tokens)})


def ours(model: torch.nn.Module, inputs: Any) -> Callable[[], introspect.Report]:
    """The whole of `inspect`. Said aloud where it is not the fast pass, or not complete, that is timed."""
    report = introspect.inspect(model, inputs)
    if not report.complete or report.method != "abstract":
        say(f"{type(model).__name__}: method {report.method}, complete {report.complete}: {report.notes}")
    return partial(introspect.inspect, model, inputs)


def forward(model: torch.nn.Module, *args: Any, **kwargs: Any) -> Callable[[], Any]:
    """A bare forward pass."""

    def call() -> Any:
        with torch.no_grad():
            return model(*args, **kwargs)

    return call


def _rows(times: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    rows = [_row(name, of) for name, of in times.items()]
    middle: dict[str, object] = {"model": "MEDIAN"}
    for column in list(rows[0])[1:]:
        values = [row[column] for row in rows if not isnan(row[column])]
        middle[column] = statistics.median(values) if values else float("nan")
    return [*rows, middle]


def _row(name: str, times: dict[str, float]) -> dict[str, Any]:
    ratios = {f"{other} ×": took / times["inspect"] for other, took in times.items() if other != "inspect"}
    return {"model": name, **times, **ratios}


def _targets(times: dict[str, dict[str, float]], llama: dict[str, float]) -> list[Target]:
    meta = [of["torchinfo, meta"] / of["inspect"] for of in times.values()]
    middle = statistics.median([ratio for ratio in meta if not isnan(ratio)])
    return [
        Target("torchinfo on meta / inspect, median over torchvision", middle, 10, "at least"),
        *(
            Target(f"torchinfo / inspect, {name}", times[name]["torchinfo"] / times[name]["inspect"], 20, "at least")
            for name in NAMED
        ),
        Target("inspect / meta forward, Llama 70B", llama["inspect"] / llama["forward, meta"], 0.2, "at most"),
    ]
