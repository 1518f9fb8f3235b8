"""Models whose pages are looked at, and what is asked of a page again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from introspect import Report, inspect

# What would run if a name were read as HTML.
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>\u2028<b>"
# The contrast of every text with what is behind it.
CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const holdsText = (e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("#page *")].filter(holdsText).filter((e) => !e.closest(".none")).map((e) => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 120)];
  });
}"""


class Model(nn.Module):
    """A little of everything: attention, gates, a shared layer, a tied tensor, operations, a name that is no name."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(100, 16)
        self.shared = nn.Linear(16, 16)
        self.again = self.shared
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2)
        self.conv = nn.Sequential(nn.Conv1d(16, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU())
        self.lstm = nn.LSTM(8, 12, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(24, 6, batch_first=True)
        self.head = nn.Linear(6, 100)
        self.head.weight.requires_grad_(False)
        self.unused = nn.LazyLinear(3)
        self.out = nn.Linear(16, 100, bias=False)
        self.out.weight = self.embed.weight
        self.register_module("no" + HOSTILE.replace(".", ""), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.again(self.shared(self.embed(x)))
        x = self.body(x) + x
        x = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return self.head(torch.relu(self.gru(self.lstm(x)[0])[0]))


def large(layers: int) -> Report:
    """Blocks of ten blocks of four layers."""

    def block() -> nn.Module:
        return nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 1))

    many = (nn.Sequential(*(block() for _ in range(10))) for _ in range(layers // 51))
    return inspect(nn.Sequential(*many), (1, 8, 16, 16))


def saved(report: Report, folder: Path) -> Path:
    report.to_html(folder / "page.html")
    return folder / "page.html"


def names(page: Any) -> list[str]:
    return page.locator(".rows .line .first .text").all_inner_texts()


def said(page: Any) -> str:
    return page.locator("#live").inner_text()


def active(page: Any) -> Any:
    return page.locator(f"#{page.get_by_role('treegrid').get_attribute('aria-activedescendant')}")
