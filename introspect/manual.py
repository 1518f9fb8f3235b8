"""What `--help` says: in colours and boxes where there is room for them, else as plain text, which is cut nowhere."""

from __future__ import annotations

import shutil

from .printing import colourful

_ROOM = 72
MARKUP = "rich" if colourful() and shutil.get_terminal_size().columns >= _ROOM else None


def page(text: str) -> str:
    """Sections whose lines stay as they are; the first paragraph is a sentence, if it is not indented."""
    if MARKUP is not None:
        return text
    sections = text.split("\n\n")
    return "\n\n".join(f"\b\n{one}" if "\n " in one or one.startswith(" ") else one for one in sections)


ABOUT = page(
    """What is in this model, and in what do two differ? Any Keras or PyTorch model, layer by layer.

A model is named by:
  keras.applications:ResNet50   package.module:name of a model, or of
                                something callable that makes one
  report.json                   a report that was saved
  model.keras, w.safetensors    a file; .h5, .pt, .pt2, SavedModel too

Examples:
  introspect report torchvision.models:resnet18 --input 1,3,224,224
  introspect report my_package:build --with units=64 --out report.html
  introspect explain my_package:build decoder.attention
  introspect compare my_package:ours saved.json --only differences
  introspect prove my_package:ours my_package:port --input-a 1,28,28,1
  introspect transfer my_package:ours my_package:port --out port.pt"""
)

MORE = page(
    """Exit status:
  0    done; of compare and prove: equal, or proved
  1    of compare and prove: it is not; of report: the model raised
  2    bad use, no such model, not all weights can be carried
  130  interrupted

Environment:
  NO_COLOR       plain text, also in a terminal
  FORCE_COLOR    colours, also in a pipe
  COLUMNS        the width of the terminal, if it is to be another
  KERAS_BACKEND  tensorflow, jax or torch"""
)

SHORT = {
    "report": "What is in a model: layers, shapes, parameters.",
    "explain": "Why a model or a layer has that many parameters.",
    "compare": "In what two models differ.",
    "prove": "Whether two models are one function: run both.",
    "transfer": "Carry the weights of one model into another.",
    "demo": "One small CNN in Keras and PyTorch, side by side.",
}
_EXAMPLES = {
    "report": """
  report keras.applications:ResNet50 --with weights=null --depth 1
  report my_package:build --columns path,kind,output,macs
  report torch.nn:LSTM --with input_size=12 --with hidden_size=64
  report my_package:build --out report.html""",
    "explain": """
  explain torch.nn:LSTM --with input_size=12 --with hidden_size=64
  explain my_package:build decoder.attention""",
    "compare": """
  compare my_package:model saved.json --only differences
  compare my_package:ours my_package:port --depth 1 --prove""",
    "prove": """
  prove my_package:ours my_package:port --input-a 1,28,28,1""",
    "transfer": """
  transfer my_package:ours my_package:port --out port.safetensors
  transfer my_package:ours my_package:port --out port.pt --recipe""",
}
EXAMPLES = {name: page(f"Examples:{lines.replace('  ', '  introspect ')}") for name, lines in _EXAMPLES.items()}
