"""How wide a text is, and where it is broken into lines.

The widths are those of DejaVu Sans, the font that pictures in PNG are drawn with: nearly all others that a browser may
take are narrower, so that what fits here fits there.
"""

from __future__ import annotations

import unicodedata

# In thousandths of the font size, from the blank to the tilde.
_PLAIN = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)  # fmt: skip
# A bold letter is wider by so much at most; of any other character at least the half is.
_BOLD = 1.14
_ZERO = frozenset({"Mn", "Me", "Cf"})


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a line in pixels, rather too much than too little."""
    total = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            total += _PLAIN[code - 32]
        elif unicodedata.category(character) not in _ZERO:
            total += 320 if character == "·" else 1100
    return total * size / 1000 * (_BOLD if bold else 1)


def lines(text: str, size: float, most: float, rows: int, bold: bool = False) -> list[str]:
    """A text in at most `rows` lines of a width, broken between words, behind `_` and `.`, or where it has to be; the
    last line ends in `…` where more would follow (the tooltip has it all)."""
    found, line = [], ""
    for word in _words(text):
        while word:
            if width(line + word.rstrip(), size, bold) <= most:
                line, word = line + word, ""
            elif line.strip():
                found.append(line)
                line = ""
            else:
                fits = max(1, next(n for n in range(len(word), -1, -1) if n < 2 or width(word[:n], size, bold) <= most))
                found.append(word[:fits])
                word = word[fits:]
    found = [part.strip() for part in [*found, line] if part.strip()]
    if len(found) > rows:
        last = found[rows - 1]
        while last and width(last + "…", size, bold) > most:
            last = last[:-1]
        found = [*found[: rows - 1], last + "…"]
    return found


def _words(text: str) -> list[str]:
    """Pieces between which a line may end."""
    pieces, piece = [], ""
    for character in text:
        piece += character
        if character in " _./-":
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces
