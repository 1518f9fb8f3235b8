"""Modules that hold and run others, or hold bare tensors; and what makes a tensor of a layer from others."""

from __future__ import annotations

from ...rows import Row

CONTAINER = Row("container", unit=False)
_PARAMETRIZATION = Row("parametrization", unit=False)

ROWS: dict[str, Row] = {
    **dict.fromkeys(
        ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Container"), CONTAINER
    ),
    **dict.fromkeys(("DataParallel", "DistributedDataParallel"), CONTAINER),
    **dict.fromkeys(("ParametrizationList", "_WeightNorm", "_SpectralNorm", "_Orthogonal"), _PARAMETRIZATION),
}
