"""What is in this model, and are these two the same? Exact answers for any Keras or PyTorch model, layer by layer."""

from pathlib import Path as _Path

# In a checkout `adapters/` lies beside this package, and not inside it as in an installed one.
if not (_Path(__file__).parent / "adapters").is_dir():
    __path__.append(str(_Path(__file__).parent.parent))

from .comparing import compare
from .comparison import Comparison
from .errors import IntrospectError
from .formulas import explain
from .inspection import inspect
from .proof import Proof, prove
from .records import Report
from .transferring import Transfer, transfer
from .values import Inputs, TensorSpec
from .weight_map import WeightMap

__all__ = [
    "Comparison",
    "Inputs",
    "IntrospectError",
    "Proof",
    "Report",
    "TensorSpec",
    "Transfer",
    "WeightMap",
    "compare",
    "explain",
    "inspect",
    "prove",
    "transfer",
]
__version__ = "0.1.0"
