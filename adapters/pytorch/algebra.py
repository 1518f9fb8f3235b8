"""What a small `forward` computes, read off its source: nothing of it is run.

The source is followed with names of quantities in place of tensors: `x` is the input, `w` and `b` are the module's
parameters, `norm(x)` is x / √(mean(x²) + eps). One step that is not in the tables below, and the answer is `None`: a
formula is either recognized as a whole, or not at all.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

_DEEPEST = 3  # helpers that call helpers
_CASTS = frozenset({"to", "float", "half", "double", "bfloat16", "type", "type_as", "contiguous"})
# One tensor in, one out: function → quantity → quantity. `c` is x without its mean.
_UNARY: dict[str, dict[str, str]] = {
    "square": {"x": "x²", "c": "c²"},
    "rsqrt": {"mean(x²)+eps": "1/rms", "mean(c²)+eps": "1/std"},
    "sqrt": {"mean(x²)+eps": "rms", "mean(c²)+eps": "std"},
    "mean": {"x": "mean(x)", "x²": "mean(x²)", "c²": "mean(c²)"},
    "variance": {"x": "mean(c²)", "c": "mean(c²)"},
}
_POWERS = {2: "square", 0.5: "sqrt", -0.5: "rsqrt"}
_PRODUCTS: dict[frozenset[str], str] = {
    frozenset(pair): product
    for pair, product in {
        ("x",): "x²",
        ("c",): "c²",
        ("x", "1/rms"): "norm(x)",
        ("c", "1/std"): "norm(c)",
        ("norm(x)", "w"): "norm(x)·w",
        ("norm(x)", "1+w"): "norm(x)·(1+w)",
        ("norm(c)", "w"): "norm(c)·w",
        ("norm(c)", "1+w"): "norm(c)·(1+w)",
        ("x", "w"): "x·w",
    }.items()
}
_SUMS = {(scaled, "b"): f"{scaled}+b" for scaled in ("norm(x)·w", "norm(x)·(1+w)", "norm(c)·w", "norm(c)·(1+w)", "x·w")}
_QUOTIENTS = {("x", "rms"): "norm(x)", ("c", "std"): "norm(c)"}
_ELEMENTWISE = {"mul": ast.Mult, "add": ast.Add, "sub": ast.Sub, "div": ast.Div, "pow": ast.Pow}
_OTHER = "?"  # a dtype, a shape, a flag: harmless until something is computed with it


class _UnreadableError(Exception):
    """A step that is in no table."""


@dataclass
class Formula:
    """What is computed, and the attribute (or the number) that is its eps."""

    quantity: str
    eps: float | None = None
    eps_name: str | None = None


@dataclass
class _Number:
    value: float
    name: str | None = None


@dataclass
class _Reader:
    """Follows the source of one method."""

    module: Any
    parameters: Mapping[str, str]
    eps: list[_Number] = field(default_factory=list)

    def call(self, function: Any, arguments: list[Any], depth: int) -> Any:
        """What a method gives for these quantities."""
        tree = _source(function)
        names = [a.arg for a in tree.args.args][1:]
        only_names = not (tree.args.vararg or tree.args.kwarg or tree.args.kwonlyargs or tree.args.posonlyargs)
        if depth > _DEEPEST or tree.decorator_list or len(names) != len(arguments) or not only_names:
            raise _UnreadableError
        scope = _Scope(self, dict(zip(names, arguments, strict=True)), function.__globals__, depth)
        result = scope.run(tree.body)
        if result is None:
            raise _UnreadableError
        return result


@dataclass
class _Scope:
    """The names of one method while it is followed."""

    reader: _Reader
    names: dict[str, Any]
    globals: Mapping[str, Any]
    depth: int

    def run(self, statements: list[ast.stmt]) -> Any:
        """What is returned, `None` where the end is reached without."""
        for statement in statements:
            if isinstance(statement, ast.Return) and statement.value is not None:
                return self.value(statement.value)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self._assign(statement.targets[0], self.value(statement.value))
            elif isinstance(statement, ast.If):
                result = self._branch(statement)
                if result is not None:
                    return result
            elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                raise _UnreadableError
        return None

    def _assign(self, target: ast.expr, value: Any) -> None:
        if not isinstance(target, ast.Name):
            raise _UnreadableError
        self.names[target.id] = value

    def _branch(self, statement: ast.If) -> Any:
        """By a flag of the module's one of both; else both must come to the same."""
        flag = _attribute_of_self(statement.test)
        known = None if flag is None else vars(self.reader.module).get(flag)
        if isinstance(known, bool):
            return self.run(statement.body if known else statement.orelse)
        other = _Scope(self.reader, dict(self.names), self.globals, self.depth)
        results = (self.run(statement.body), other.run(statement.orelse))
        if results[0] != results[1]:
            raise _UnreadableError
        self.names = {name: value for name, value in self.names.items() if other.names.get(name) == value}
        return results[0]

    def value(self, node: ast.expr) -> Any:
        """The quantity that an expression is."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, _OTHER)
        if isinstance(node, ast.Constant):
            return _Number(node.value) if type(node.value) in (int, float) else _OTHER  # type: ignore[arg-type]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            operand = self.value(node.operand)
            return _Number(-operand.value) if isinstance(operand, _Number) else self._unreadable()
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.BinOp):
            return self._combine(type(node.op), self.value(node.left), self.value(node.right))
        if isinstance(node, ast.IfExp):
            return self._either(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._unreadable()

    def _unreadable(self) -> Any:
        raise _UnreadableError

    def _either(self, node: ast.IfExp) -> Any:
        values = (self.value(node.body), self.value(node.orelse))
        return values[0] if values[0] == values[1] else self._unreadable()

    def _attribute(self, node: ast.Attribute) -> Any:
        name = _attribute_of_self(node)
        if name is None:
            return _OTHER if node.attr in ("dtype", "shape", "device", *_DTYPES) else self._unreadable()
        if name in self.reader.parameters:
            return self.reader.parameters[name]
        value = vars(self.reader.module).get(name)
        return _Number(value, name) if type(value) in (int, float) else _OTHER  # type: ignore[arg-type]

    def _call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Attribute):
            return self._unreadable()
        own = _attribute_of_self(node.func)
        if own is not None:
            function = getattr(type(self.reader.module), own, None)
            if not isinstance(function, FunctionType) or own in vars(self.reader.module) or node.keywords:
                return self._unreadable()
            return self.reader.call(function, [self.value(a) for a in node.args], self.depth + 1)
        arguments = [self.value(a) for a in node.args]
        if not self._is_torch(node.func.value):  # a method of a tensor
            arguments.insert(0, self.value(node.func.value))
        named = {k.arg: k.value for k in node.keywords}
        return self._function(node.func.attr, arguments, named)

    def _is_torch(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id not in self.names and self._named(node.id) == "torch"

    def _named(self, name: str) -> str | None:
        return getattr(self.globals.get(name), "__name__", None)

    def _function(self, name: str, arguments: list[Any], named: dict[str | None, ast.expr]) -> Any:
        if not arguments or not isinstance(arguments[0], str) or arguments[0] == _OTHER:
            return self._unreadable()
        first, rest = arguments[0], arguments[1:]
        if name in _CASTS:
            return first
        if name in ("mean", "var"):
            return self._reduced(name, first, rest, named)
        if name in _ELEMENTWISE and len(rest) == 1 and not named:
            return self._combine(_ELEMENTWISE[name], first, rest[0])
        if rest or named:
            return self._unreadable()
        return _UNARY.get(name, {}).get(first) or self._unreadable()

    def _reduced(self, name: str, first: str, rest: list[Any], named: dict[str | None, ast.expr]) -> Any:
        """Along the last axis, which is kept; a variance over all elements, not all but one."""
        said = {key: self._plain(value) for key, value in named.items()}
        axis = rest[0].value if rest and isinstance(rest[0], _Number) else said.pop("dim", said.pop("axis", None))
        biased = name == "mean" or said.pop("unbiased", None) is False or said.pop("correction", None) == 0
        if axis not in (-1, (-1,)) or said != {"keepdim": True} or len(rest) > 1 or not biased:
            return self._unreadable()
        return _UNARY["mean" if name == "mean" else "variance"].get(first) or self._unreadable()

    def _plain(self, node: ast.expr) -> Any:
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise _UnreadableError from None
        return tuple(value) if isinstance(value, list) else value

    def _combine(self, operator: type[ast.operator], a: Any, b: Any) -> Any:
        result: Any = None
        if operator is ast.Mult and isinstance(a, str) and isinstance(b, str):
            result = _PRODUCTS.get(frozenset((a, b)))
        elif operator is ast.Div:
            result = _QUOTIENTS.get((a, b)) if isinstance(a, str) and isinstance(b, str) else None
        elif operator is ast.Sub:
            result = "c" if (a, b) == ("x", "mean(x)") else None
        elif operator is ast.Pow and isinstance(a, str) and isinstance(b, _Number):
            result = _UNARY.get(_POWERS.get(b.value, ""), {}).get(a)
        elif operator is ast.Add:
            result = self._sum(a, b) or self._sum(b, a)
        return result if result is not None else self._unreadable()

    def _sum(self, a: Any, b: Any) -> str | None:
        if isinstance(a, str) and isinstance(b, str):
            return _SUMS.get((a, b))
        if not isinstance(b, _Number) or not isinstance(a, str):
            return None
        if a == "w" and b.value == 1:
            return "1+w"
        if a in ("mean(x²)", "mean(c²)") and 0 <= b.value < 0.1:
            self.reader.eps.append(b)
            return f"{a}+eps"
        return None


_DTYPES = ("float32", "float16", "bfloat16", "float64")


def _attribute_of_self(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None


def _source(function: Any) -> ast.FunctionDef:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        raise _UnreadableError from None
    if not isinstance(tree, ast.FunctionDef) or any(isinstance(node, ast.NamedExpr) for node in ast.walk(tree)):
        raise _UnreadableError
    return tree


def formula_of(module: Any, parameters: Mapping[str, str]) -> Formula | None:
    """What the module's `forward` computes from its input and its parameters (each with the letter that it is to have),
    if that can be told for certain."""
    forward = type(module).forward
    if not isinstance(forward, FunctionType) or "forward" in vars(module):
        return None
    reader = _Reader(module, parameters)
    try:
        quantity = reader.call(forward, ["x"], 0)
    except (_UnreadableError, RecursionError):
        return None
    if not isinstance(quantity, str) or len({number.value for number in reader.eps}) > 1:
        return None
    eps = reader.eps[0] if reader.eps else None
    return Formula(quantity, eps.value if eps else None, eps.name if eps else None)
