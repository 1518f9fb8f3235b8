"""`prove`: the same random weights in two models, exactly the listed repairs made, and both run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .adapter import Ran, Stage
from .carrying.planning import plan
from .comparing import compare
from .comparison import Comparison, Mapped
from .errors import ProofError
from .progress import through
from .proof_tables import proof_table
from .proving.measuring import first_divergence, gaps
from .proving.randomness import Leaves, random_weights
from .proving.repairing import Repaired, apply_repairs
from .registry import adapter_for
from .transferring import directed, weights_of
from .values import TensorSpec, leaves

BARS = {"float64": 1e-9, "float32": 1e-4}
NARROW_BAR = 1e-5
"""For models of which a part computes in float32, whatever it is told."""


@dataclass(frozen=True)
class Gap:
    """How far one output is apart at most: absolutely, and by the spread of the output."""

    output: str
    absolute: float
    relative: float

    def __str__(self) -> str:
        return f"output {self.output}: {self.relative:.1e} relative, {self.absolute:.1e} absolute"


@dataclass(frozen=True)
class Proof:
    """Whether two models are the same function: the greatest differences over all seeds, as the weights were carried
    and once the listed repairs are made.

    `bar` is what the relative difference has to keep to; `diverges_at` the first pair of layers that give other values,
    where it does not hold; `unrepaired` are repairs that could not be made on a copy; `notes` say what else to know.
    """

    holds: bool
    carried: tuple[Gap, ...]
    repaired: tuple[Gap, ...]
    diverges_at: tuple[str, str] | None = None
    unrepaired: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    seeds: int = 3
    dtype: str = "float64"
    bar: float = 1e-9

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        from .render import text

        return text.render(proof_table(self))

    def __rich__(self) -> Any:
        from .render import terminal

        return terminal.Shown(proof_table(self))


def prove(
    a: Any,
    b: Any,
    comparison: Comparison | None = None,
    *,
    inputs: Any = None,
    weights: str = "random",
    repair: bool = True,
    dtype: str = "float64",
    seeds: int = 3,
) -> Proof:
    """Carry weights from a copy of one model into a copy of another, repair exactly what their comparison lists, run
    both, and measure. Both models are left as they are.

    Args:
        a, b: live models of any framework that `inspect` reads.
        comparison: what `compare(a, b)` gave; made here if left out.
        inputs: what `a` is called with, as for `inspect`; arrays are fed as they are, specs become random numbers.
        weights: "random", or "own" for those of `a`.
        repair: whether to make the listed repairs.
        dtype: what both compute in.
        seeds: with how many random weights and inputs.

    Raises:
        ProofError: a model can't be copied or run, or nobody knows its inputs.
        TransferError: the comparison is one of other models.
    """
    if comparison is None:
        comparison = compare(a, b, inputs_a=inputs)
    if weights not in ("random", "own"):
        raise ProofError(f'weights={weights!r} is neither "random" nor "own".')
    bench = _Bench(a, b, comparison, weights, dtype, _given(inputs))
    carried = bench.measured(seeds, Repaired())
    if dtype == "float64" and bench.stuck:
        narrow = _Bench(a, b, comparison, weights, "float32", _given(inputs))
        again = narrow.measured(seeds, Repaired())
        if not narrow.stuck:
            narrow.fallen = True
            narrow.notes.insert(0, f"In float32, since in float64 {bench.stuck[0].lower()}{bench.stuck[1:]}")
            bench, carried = narrow, again
    if not (repair and comparison.repairs):
        return bench.proof(carried, carried, Repaired(), seeds)
    repaired = apply_repairs(comparison, bench.stages)
    return bench.proof(carried, bench.measured(seeds, repaired), repaired, seeds)


def _given(inputs: Any) -> list[Any]:
    """The arrays among what was said."""
    held = [inputs] if hasattr(inputs, "__array__") else list(leaves(inputs)) if inputs is not None else []
    return [value for value in held if hasattr(value, "__array__") and not isinstance(value, TensorSpec)]


class _Bench:
    """Copies of both models, and what they are fed."""

    def __init__(
        self, a: Any, b: Any, comparison: Comparison, weights: str, dtype: str, given: list[Any]
    ) -> None:  # fmt: skip
        directed(comparison, (weights_of(a), weights_of(b)))
        if comparison.a.inputs is None or comparison.b.inputs is None:
            raise ProofError("Nobody knows what these models are called with: pass inputs=.")
        self.comparison, self._weights, self._dtype, self._given = comparison, weights, dtype, given
        self.stages: dict[str, Stage] = {side: _stage(model, dtype) for side, model in (("a", a), ("b", b))}
        self._leaves = {"a": Leaves(comparison.a), "b": Leaves(comparison.b)}
        self.notes: list[str] = []
        self.fallen = False  # to float32, which was not asked for
        self.stuck = ""
        """Why a model could not be run."""

    @property
    def bar(self) -> float:
        """What has to be kept to."""
        bar = NARROW_BAR if self.fallen else BARS.get(self._dtype, 1e-2)
        return bar if all(stage.exact for stage in self.stages.values()) else max(bar, NARROW_BAR)

    def measured(self, seeds: int, repaired: Repaired) -> dict[str, tuple[float, float]]:
        """The greatest gaps over all seeds."""
        worst: dict[str, tuple[float, float]] = {}
        for seed in through(range(seeds), "proving"):
            self.carry(seed)
            for name, gap in self._gaps(seed, repaired).items():
                before = worst.get(name, (0.0, 0.0))
                worst[name] = max(before[0], gap[0]), max(before[1], gap[1])
        return worst

    def _gaps(self, seed: int, repaired: Repaired) -> dict[str, tuple[float, float]]:
        try:
            one, other = self.ran(seed, repaired)
        except ProofError as error:
            self.stuck = str(error)
            self._say(str(error))
            return {"0": (math.inf, math.inf)}
        found = gaps(self.comparison, one, other)
        if not found or len(one.outputs) != len(other.outputs):
            self._say(f"a gives {len(one.outputs)} outputs and b {len(other.outputs)}: {len(found)} are compared.")
        return found or {"0": (math.inf, math.inf)}

    def carry(self, seed: int) -> None:
        """Random weights in both copies, then those of `a` in `b`."""
        import numpy as np

        rng = np.random.default_rng(seed)
        reports = {"a": self.comparison.a, "b": self.comparison.b}
        arrays = {side: stage.weights() for side, stage in self.stages.items()}
        for side in ("a", "b") if self._weights == "random" else ("b",):
            arrays[side].assign(random_weights(reports[side], arrays[side], rng))
        made = plan(self.comparison.weight_map, (reports["a"], reports["b"]), arrays["a"], arrays["b"], {})
        arrays["b"].assign(made.values)
        for source, target, reason in made.refused:
            self._say(f"Not carried: {', '.join(source)}{f' -> {target}' if target else ''} ({reason}).")

    def ran(self, seed: int, repaired: Repaired, record: bool = False) -> tuple[Ran, Ran]:
        """What both give for the same input. Raises `ProofError`."""
        inputs = self._inputs(seed, repaired)
        found = []
        for side in ("a", "b"):
            try:
                found.append(self.stages[side].run(inputs[side], record))
            except Exception as error:  # the models' own code
                why = " ".join(str(error).split())[:200]
                raise ProofError(f"{side} can't be run ({type(error).__name__}: {why}).") from error
        return found[0], found[1]

    def _inputs(self, seed: int, repaired: Repaired) -> dict[str, Any]:
        import numpy as np

        rng = np.random.default_rng(1000 + seed)
        ours, theirs = self._leaves["a"], self._leaves["b"]
        plain = {name: ours.random(name, rng) for name in ours.names}
        for name, value in zip(ours.names, self._given, strict=False):
            plain[name] = np.asarray(value, plain[name].dtype)
        a, b = dict(plain), {}
        for mapped in self.comparison.input_map:
            x = plain[mapped.a]
            if not self._fits(mapped):
                self._say(f"The inputs {mapped} are laid out alike in both.")
                mapped = Mapped(mapped.a, mapped.b)
            y = _rearranged(x, mapped.path)
            if repaired.inputs["a"] and x.dtype.kind == "f":
                x = _rearranged(_through(y, repaired.inputs["a"]), _back(mapped.path))
            if repaired.inputs["b"] and plain[mapped.a].dtype.kind == "f":
                y = _rearranged(_through(plain[mapped.a], repaired.inputs["b"]), mapped.path)
            a[mapped.a], b[mapped.b] = x, y.astype(_dtype(y, theirs, mapped.b))
        for name in theirs.names:
            if name not in b:
                b[name] = theirs.random(name, rng)
                self._say(f"The input {name} of b has no counterpart: it is fed by itself.")
        return {"a": ours.filled(a), "b": theirs.filled(b)}

    def _fits(self, mapped: Mapped) -> bool:
        """Whether the path between two inputs leads from the shape of the one to that of the other."""
        if mapped.path is None or mapped.b not in self._leaves["b"].names:
            return True
        specs = [self._leaves[side].spec(name) for side, name in (("a", mapped.a), ("b", mapped.b))]
        names = [pattern.split() for pattern in mapped.path.split(" -> ")]
        sizes = dict(zip(names[0], specs[0].shape, strict=True))
        return tuple(sizes[name] for name in names[1]) == specs[1].shape

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def proof(self, carried: Any, repaired: Any, done: Repaired, seeds: int) -> Proof:
        """What it comes to."""
        reached = bool(repaired) and all(gap[1] <= self.bar for gap in repaired.values())
        for entry in self.comparison.weight_map.back:  # one that a can't hold makes b another family of functions
            if entry.way == "refused" and entry.target is None:
                self._say(f"Not carried back: {', '.join(entry.source)} ({entry.reason}).")
        refused = any(note.startswith("Not carried") for note in self.notes)
        holds = reached and not done.failed and not refused
        at = None
        if not reached:
            try:
                at = first_divergence(self.comparison, *self.ran(seeds - 1, done, True), max(self.bar, 1e-9))
            except ProofError as error:
                self._say(str(error))
        notes = [f"{side}: {note}" for side, stage in self.stages.items() for note in stage.notes]
        as_gaps = [tuple(Gap(name, *gap) for name, gap in found.items()) for found in (carried, repaired)]
        return Proof(
            holds, *as_gaps, diverges_at=at, unrepaired=tuple(done.failed), notes=(*notes, *self.notes),
            seeds=seeds, dtype=self._dtype, bar=self.bar,
        )  # fmt: skip


def _stage(model: Any, dtype: str) -> Stage:
    return adapter_for(model).stage(model, dtype)


def _through(x: Any, functions: list[Any]) -> Any:
    for function in functions:
        x = function(x)
    return x


def _rearranged(x: Any, pattern: str | None) -> Any:
    from einops import rearrange

    return x if pattern is None else rearrange(x, pattern)


def _back(pattern: str | None) -> str | None:
    return None if pattern is None else " -> ".join(reversed(pattern.split(" -> ")))


def _dtype(x: Any, theirs: Leaves, name: str) -> Any:
    """Whole numbers in the width that the other model takes."""
    if name not in theirs.names or x.dtype.kind == "f":
        return x.dtype
    return theirs.spec(name).dtype
