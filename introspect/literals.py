"""Names of a model inside code that is written for a reader: no name ends the text or the line that it stands in."""

from __future__ import annotations


def quoted(text: str) -> str:
    """The text as a Python literal in double quotes."""
    return f'"{escaped(text.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34)))}"'


def escaped(text: str) -> str:
    """The text on one line: what can't be printed, new lines among it, is an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
