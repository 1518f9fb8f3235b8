"""What is shown of a proof and of a transfer: lines, no columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tables import Line, Table

if TYPE_CHECKING:
    from .proof import Proof
    from .transferring import Transfer


def proof_table(proof: Proof) -> Table:
    """Whether it holds, how far the outputs are apart, and what else to know."""
    how = f"{proof.dtype}, {proof.seeds} {'seed' if proof.seeds == 1 else 'seeds'}, bar {proof.bar:g}"
    said = Line(f"The proof {'holds' if proof.holds else 'does not hold'} ({how}).", "good" if proof.holds else "bad")
    lines = [said, *(f"  as carried: {gap}" for gap in proof.carried)]
    lines += [f"  repaired:   {gap}" for gap in proof.repaired]
    if proof.diverges_at is not None:
        lines.append(Line(f"  first apart at {proof.diverges_at[0]} / {proof.diverges_at[1]}", "bad"))
    lines += [Line(f"  not repaired: {text}", "bad") for text in proof.unrepaired]
    return _lines([*lines, *(Line(f"  {note}", "note") for note in proof.notes)])


_MOVED = {"carried": "good", "absorbed": "good", "dropped": "dim", "untouched": "fair", "refused": "bad"}


def transfer_table(transfer: Transfer) -> Table:
    """Every tensor and what became of it."""
    lines: list[str] = []
    for name, style in _MOVED.items():
        moved = getattr(transfer, name)
        if moved:
            lines.append(Line(f"{name} ({len(moved)})", style))
            lines += [f"  {one}" for one in moved]
    return _lines([*lines, *transfer.notes])


def _lines(lines: list[str]) -> Table:
    return Table((), (), (), footer=tuple(lines))
