"""Pictures as neurons, as files, light and dark, and what is said where one can't be drawn."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.pictures import MODELS, SVG, inspected, mlp
from torch import nn

import introspect
from introspect import IntrospectError
from introspect.drawing import neurons

FONTS = Path(introspect.__file__).parent / "drawing" / "fonts"


def test_a_small_dense_network_is_drawn_as_neurons() -> None:
    report = introspect.inspect(mlp(), (1, 4))
    drawing = report.draw()
    circles = list(ElementTree.fromstring(drawing.svg).iter(f"{SVG}circle"))
    assert len(circles) == 4 + 8 + 3
    strokes = [path.get("d", "").count("M") for path in ElementTree.fromstring(drawing.svg).iter(f"{SVG}path")]
    assert sorted(strokes) == sorted([4 * 8, 8 * 3])
    assert drawing.svg == report.draw(style="neurons").svg
    assert "Softmax" in drawing.svg
    assert drawing.svg != report.draw(style="graph").svg


def test_of_a_wide_layer_some_neurons_stand_for_all() -> None:
    report = introspect.inspect(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10)), (1, 28, 28)
    )
    drawn = ElementTree.fromstring(report.draw().svg)
    kinds = [circle.get("class", "") for circle in drawn.iter(f"{SVG}circle")]
    assert sum("neuron" in kind for kind in kinds) == 14 + 14 + 10
    assert sum("dots" in kind for kind in kinds) == 3 + 3
    assert {"784", "30", "10"} <= {element.text for element in drawn.iter(f"{SVG}text")}
    assert neurons.places(16)[-1] is not None
    assert None not in neurons.places(16)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("mlp", "bare layer")])
def test_what_is_no_dense_network_is_not_drawn_as_one(name: str) -> None:
    with pytest.raises(IntrospectError, match="style='graph'"):
        inspected(name).draw(style="neurons")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size_by": "colour"}, "size_by='colour'"),
        ({"style": "fancy"}, "style='fancy'"),
        ({"direction": "up"}, "direction='up'"),
        ({"depth": 0}, "depth=0"),
        ({"depth": True}, "depth=True"),
    ],
)
def test_what_can_not_be_drawn_is_said_in_a_sentence(options: dict, said: str) -> None:
    with pytest.raises(IntrospectError, match=said):
        inspected("mlp").draw(**options)


def test_a_file_is_written_as_its_name_ends(tmp_path: Path) -> None:
    drawing = inspected("residual").draw()
    assert drawing.save(tmp_path / "net.svg").read_text(encoding="utf-8") == drawing.svg == drawing._repr_svg_()
    assert drawing.save(tmp_path / "net.PNG").read_bytes().startswith(b"\x89PNG")
    assert "<!doctype html>" in drawing.save(str(tmp_path / "net.html")).read_text(encoding="utf-8")
    with pytest.raises(IntrospectError, match=r"'net\.jpg'"):
        drawing.save(tmp_path / "net.jpg")


def pixels(png: bytes):
    from PIL import Image

    return Image.open(io.BytesIO(png)).convert("RGB")


def test_a_png_has_colours_and_text_by_the_fonts_that_are_shipped() -> None:
    image = pytest.importorskip("PIL.Image")
    drawing = inspected("residual").draw()
    light, dark = pixels(drawing.png()), pixels(drawing.png(theme="dark"))
    assert light.getpixel((2, 2)) == (255, 255, 255)
    assert dark.getpixel((2, 2)) == (18, 24, 31)
    assert len(light.getcolors(1 << 20)) > 50
    bare = dataclasses.replace(drawing, svg=re.sub(r"<text.*?</text>", "", drawing.svg))
    without = pixels(bare.png())
    assert image is not None
    assert without.size == light.size
    changed = sum(a != b for a, b in zip(light.tobytes(), without.tobytes(), strict=True))
    assert changed > 3000  # letters, not a few accidental points
    with pytest.raises(IntrospectError, match="theme="):
        drawing.png(theme="blue")


def test_the_fonts_lie_beside_their_licence() -> None:
    assert {path.name for path in FONTS.iterdir()} == {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE.txt"}


def test_a_name_in_another_script_is_drawn_with_the_fonts_of_the_machine() -> None:
    model = nn.Sequential()
    model.add_module("層", nn.Conv2d(3, 4, 3))
    assert introspect.inspect(model, (1, 3, 8, 8)).draw().png().startswith(b"\x89PNG")


@pytest.mark.parametrize(("package", "save"), [("igraph", False), ("resvg_py", True)])
def test_a_package_that_is_missing_is_named_with_what_installs_it(
    package: str, save: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = inspected("residual")
    drawing = report.draw() if save else None
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(IntrospectError, match=rf"{package}.*pip install 'introspect-nn\[draw\]'"):
        _ = drawing.save(tmp_path / "net.png") if drawing else report.draw()


def test_light_and_dark_are_in_one_picture() -> None:
    drawn = inspected("unet").draw().svg
    assert "@media (prefers-color-scheme: dark)" in drawn
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "graphics-document"
    assert root.get("aria-label")
    assert all(group.find(f"{SVG}title") is not None for group in root.iter(f"{SVG}g") if group.get("data-key"))
