"""The shared words: closed lists, each word with one sentence. Adapters translate into them, all else reads them.

A word that a report holds is in one of these lists (a test keeps it), so that code may rely on them.
"""

from __future__ import annotations

_RANKS = {"1d": "one spatial axis", "2d": "two spatial axes", "3d": "three spatial axes"}


def _ranked(**words: str) -> dict[str, str]:
    """`conv` → `conv1d`, `conv2d`, `conv3d`, each with its sentence."""
    return {f"{word}{rank}": f"{text}, {axes}." for word, text in words.items() for rank, axes in _RANKS.items()}


KINDS: dict[str, str] = {
    "input": "Where data enters a model; computes nothing.",
    "dense": "Every output is a weighted sum of all inputs: y = x · kernel + bias.",
    "einsum_dense": "A dense layer whose axes are spelled out in an einsum equation.",
    "bilinear": "A weighted sum of all products of two inputs.",
    **_ranked(
        conv="A convolution",
        depthwise_conv="A convolution of every input channel by itself",
        max_pool="The maximum of each window",
        average_pool="The mean of each window",
        global_max_pool="The maximum over all positions",
        global_average_pool="The mean over all positions",
        adaptive_max_pool="The maximum of windows chosen to give a fixed output size",
        adaptive_average_pool="The mean of windows chosen to give a fixed output size",
        zero_pad="Zeros around the positions",
        crop="Positions cut off at the borders",
        upsample="Positions repeated or interpolated",
        spatial_dropout="Whole channels set to zero while training",
    ),
    **{
        f"conv{rank}_transpose": f"A transposed convolution (the gradient of a convolution), {axes}."
        for rank, axes in _RANKS.items()
    },
    "upsample": "Positions repeated or interpolated, along as many axes as there are.",
    "separable_conv1d": "A depthwise convolution followed by a pointwise one, one spatial axis.",
    "separable_conv2d": "A depthwise convolution followed by a pointwise one, two spatial axes.",
    "embedding": "A table of vectors, looked up by token id.",
    "embedding_bag": "Looked-up vectors, summed or averaged per bag.",
    "simple_rnn": "A recurrent layer without gates.",
    "lstm": "A recurrent layer with input, forget, cell and output gates.",
    "gru": "A recurrent layer with update, reset and new gates.",
    "conv_lstm": "An LSTM whose products are convolutions.",
    "recurrent_cell": "One time step of a recurrent layer.",
    "bidirectional": "A recurrent layer run forwards and backwards.",
    "time_distributed": "A layer applied to every time step.",
    "attention": "Values weighted by how well queries and keys agree.",
    "batch_norm": "Normalizes each channel by statistics over the batch.",
    "layer_norm": "Normalizes each example over its features.",
    "group_norm": "Normalizes each example over groups of channels.",
    "instance_norm": "Normalizes each channel of each example over its positions.",
    "rms_norm": "Divides each example by the root mean square of its features.",
    "normalization": "Shifts and scales inputs by fixed statistics of the data.",
    "rescaling": "Multiplies inputs by a constant and adds another.",
    "dropout": "Sets random elements to zero while training.",
    "activation": "A function of each element, named by the setting `function`.",
    "softmax": "Exponentials that sum to one along an axis.",
    "prelu": "A leaky rectifier whose slope is learned.",
    "flatten": "All axes but the batch made into one.",
    "reshape": "The same elements in another shape.",
    "permute": "The axes in another order.",
    "repeat": "The input repeated along a new axis.",
    "add": "The sum of its inputs.",
    "subtract": "The difference of its inputs.",
    "multiply": "The product of its inputs, element by element.",
    "average": "The mean of its inputs.",
    "maximum": "The greatest of its inputs, element by element.",
    "minimum": "The least of its inputs, element by element.",
    "concat": "Its inputs joined along an axis.",
    "dot": "The scalar products of its inputs.",
    "identity": "Its input, unchanged.",
    "masking": "Marks time steps to be skipped.",
    "lambda": "A function of the user's as a layer.",
    "loss": "A training objective.",
    "container": "Holds other layers and runs them.",
    "unknown": "A class that has no row in our tables (yet); its tensors and shapes are reported all the same.",
}

ROLES: dict[str, str] = {
    "kernel": "Multiplies the input.",
    "recurrent_kernel": "Multiplies the previous state.",
    "bias": "Added after the kernel.",
    "recurrent_bias": "Added after the recurrent kernel.",
    "depthwise_kernel": "Convolves each channel by itself.",
    "pointwise_kernel": "Mixes channels at one position.",
    "query_kernel": "Makes the queries of an attention layer.",
    "key_kernel": "Makes its keys.",
    "value_kernel": "Makes its values.",
    "output_kernel": "Mixes its heads into the output.",
    "query_bias": "Added to the queries.",
    "key_bias": "Added to the keys.",
    "value_bias": "Added to the values.",
    "output_bias": "Added to the output of an attention layer.",
    "scale": "Multiplies what was normalized (gamma).",
    "shift": "Added to what was normalized (beta).",
    "mean": "A running mean of the data.",
    "variance": "A running variance of the data.",
    "table": "One vector per token.",
    "slope": "The slope of a rectifier for negative inputs.",
    "counter": "Counts steps.",
    "seed": "The state of a random generator.",
    "other": "A tensor whose part in the computation is not known to us.",
}

AXES: dict[str, tuple[str, str]] = {
    # axis: (the word behind a number in a formula, what it counts)
    "gate": ("gates", "The gates of a recurrent layer, packed into one tensor."),
    "qkv": ("q/k/v", "Query, key and value, packed into one tensor."),
    "source": ("biases", "Where a bias acts: on the input or on the recurrent product."),
    "d": ("d", "Depth of a three-dimensional kernel."),
    "h": ("h", "Height of a kernel."),
    "w": ("w", "Width of a kernel."),
    "l": ("l", "Length of a one-dimensional kernel."),
    "tokens": ("tokens", "Rows of an embedding table."),
    "in": ("in", "Input features or channels; of a grouped convolution, those of one group."),
    "in_1": ("in 1", "Features of the first of two inputs, or the first axis that is contracted."),
    "in_2": ("in 2", "Features of the second of two inputs, or the second axis that is contracted."),
    "in_3": ("in 3", "The third axis that is contracted."),
    "hidden": ("hidden", "Features of the previous state."),
    "channel": ("channels", "Channels that keep their place."),
    "channel_1": ("channels 1", "The first of several axes that keep their place."),
    "channel_2": ("channels 2", "The second of them."),
    "mult": ("multiplier", "Outputs per input channel of a depthwise convolution."),
    "head": ("heads", "Attention heads."),
    "kv_head": ("key/value heads", "Attention heads of keys and values, where fewer."),
    "key_dim": ("key dim", "Size of a query or key of one head."),
    "value_dim": ("value dim", "Size of a value of one head."),
    "norm": ("norm", "Features that are normalized together."),
    "norm_1": ("norm 1", "A first axis that is normalized together with others."),
    "norm_2": ("norm 2", "A second one."),
    "norm_3": ("norm 3", "A third one."),
    "units": ("units", "Neurons of a recurrent layer."),
    "features": ("features", "Size of an embedding vector."),
    "out": ("out", "Output features or channels."),
    "out_1": ("out 1", "The first of several output axes."),
    "out_2": ("out 2", "The second of them."),
    "out_3": ("out 3", "The third of them."),
}

LABELS: dict[str, str] = {
    # label: the letter that the literature uses
    "input": "i", "forget": "f", "cell": "g", "output": "o",
    "update": "z", "reset": "r", "new": "n",
    "query": "q", "key": "k", "value": "v",
    "recurrent": "h",
}  # fmt: skip

SETTINGS: dict[str, str] = {
    "units": "Neurons of the layer: units, filters, out_features, hidden_size, embedding size.",
    "in_features": "Features or channels that the layer takes.",
    "in_features_2": "Features of a second input.",
    "tokens": "Rows of an embedding table.",
    "kernel_size": "Size of the window per spatial axis.",
    "strides": "Step of the window per spatial axis.",
    "padding": "'valid' (none), 'same' (output = input / stride, rounded up), 'causal', or positions per axis.",
    "pad_value": "What stands in the padding: a number or a mode.",
    "output_padding": "Positions added to the output of a transposed convolution.",
    "dilation": "Distance between the taps of a window.",
    "groups": "Groups of channels that do not mix.",
    "depth_multiplier": "Outputs per input channel of a depthwise convolution.",
    "data_format": "'channels_last' or 'channels_first'.",
    "batch_first": "Whether the batch is the first axis of a sequence.",
    "use_bias": "Whether a bias is added.",
    "use_scale": "Whether there is a learned scale.",
    "use_shift": "Whether there is a learned shift.",
    "activation": "The function applied to the output.",
    "recurrent_activation": "The function applied to the gates.",
    "function": "The function that an activation layer applies.",
    "slope": "The slope for negative inputs.",
    "bound": "The greatest value that the function gives.",
    "approximate": "Which approximation of a function is used.",
    "axis": "The axes that the layer works along (the batch is axis 0).",
    "normalized_shape": "Sizes of the axes that are normalized together.",
    "eps": "Added to a variance before its square root is taken.",
    "momentum": "Share of the old running statistic that is kept at each training step.",
    "rate": "Share of elements dropped while training.",
    "heads": "Attention heads.",
    "kv_heads": "Heads of keys and values, where fewer.",
    "key_dim": "Size of a query or key of one head.",
    "value_dim": "Size of a value of one head.",
    "return_sequences": "Whether every time step is returned or only the last.",
    "return_state": "Whether the last state is returned too.",
    "go_backwards": "Whether time runs backwards.",
    "stateful": "Whether the state is kept from batch to batch.",
    "reset_after": "Whether a GRU's reset gate acts after the recurrent product.",
    "layers": "Recurrent layers stacked in this one.",
    "bidirectional": "Whether a recurrent layer also runs backwards.",
    "projection": "Size that the state is projected to.",
    "merge_mode": "How two directions are joined.",
    "padding_token": "The token whose vector stays zero.",
    "mask_zero": "Whether token 0 marks padding.",
    "ceil_mode": "Whether output sizes are rounded up.",
    "count_include_pad": "Whether an average counts the padding.",
    "output_size": "Output size per spatial axis.",
    "keep_axes": "Whether reduced axes stay with size 1.",
    "shape": "The shape that is made.",
    "start_axis": "The first axis that is joined.",
    "end_axis": "The last axis that is joined.",
    "scale": "A constant factor.",
    "shift": "A constant that is added.",
    "factor": "How many times a position is repeated.",
    "interpolation": "How values between positions are found.",
    "equation": "An einsum equation.",
    "dtype_policy": "The dtypes of computation and of weights.",
}

OPERATIONS: dict[str, str] = {
    "add": "a + b", "subtract": "a − b", "multiply": "a × b", "divide": "a / b", "power": "a to the b",
    "negate": "−a", "absolute": "|a|", "exp": "e to the a", "log": "The natural logarithm.", "sqrt": "√a",
    "rsqrt": "1 / √a", "square": "a × a", "sin": "Sine.", "cos": "Cosine.", "erf": "The error function.",
    "matmul": "A matrix product.", "einsum": "A sum of products by an equation.",
    "linear": "A matrix product with a weight, and a bias.", "convolution": "A convolution.",
    "attention": "Scaled dot-product attention.", "normalize": "A normalization.",
    "relu": "max(a, 0)", "gelu": "a × Φ(a)", "silu": "a × sigmoid(a)", "sigmoid": "1 / (1 + e^−a)",
    "tanh": "The hyperbolic tangent.", "softplus": "log(1 + e^a)", "elu": "a, or e^a − 1 below zero",
    "leaky_relu": "a, or a × slope below zero", "hard_sigmoid": "A piecewise linear sigmoid.",
    "hard_swish": "a × hard_sigmoid(a)", "clip": "a, kept between two bounds",
    "softmax": "Exponentials that sum to one.", "log_softmax": "Their logarithms.",
    "dropout": "Random zeros while training.",
    "concat": "Tensors joined along an axis.", "stack": "Tensors joined along a new axis.",
    "split": "A tensor cut along an axis.", "slice": "A part of a tensor.", "gather": "Elements picked by index.",
    "reshape": "Another shape.", "flatten": "Axes joined.", "transpose": "Axes in another order.",
    "squeeze": "An axis of size one removed.", "expand": "An axis of size one added or repeated.",
    "repeat": "Elements repeated.", "pad": "Positions added at the borders.", "roll": "Positions moved around.",
    "flip": "Positions in reverse order.",
    "sum": "A sum along axes.", "mean": "A mean along axes.", "variance": "A variance along axes.",
    "maximum": "A maximum.", "minimum": "A minimum.", "argmax": "The place of the maximum.",
    "cumulative_sum": "A running sum.", "norm": "A vector norm.", "reduce": "Another reduction along axes.",
    "max_pool": "The maximum of each window.", "average_pool": "The mean of each window.",
    "adaptive_pool": "A pool with a fixed output size.", "interpolate": "Values between positions.",
    "embedding": "Vectors looked up by token id.",
    "compare": "A comparison.", "logical": "A logical operation.", "where": "One of two by a condition.",
    "mask": "Elements replaced where a mask says so.", "triangle": "A triangle of a matrix.",
    "cast": "Another dtype.", "copy": "The same values.", "assign": "Values written into a tensor.",
    "unknown": "A function that has no word here (yet); its native name is kept.",
}  # fmt: skip

# framework: how its users count parameters
NATIVE_COUNTS: dict[str, str] = {"keras": "model.count_params()", "torch": "sum of p.numel()"}

_SPATIAL = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def spatial_rank(kind: str) -> int:
    """How many spatial axes a kind works on: 2 for `conv2d`, 0 for `dense`."""
    return next((int(rank[0]) for rank in _RANKS if rank in kind), 0)


def input_axes(kind: str, data_format: object, batch_first: object) -> tuple[str, ...] | None:
    """The axes of the input that a layer of this kind wants, `None` where any rank will do."""
    if rank := spatial_rank(kind):
        if data_format is None:
            return None
        spatial = _SPATIAL[rank]
        return ("batch", "channels", *spatial) if data_format == "channels_first" else ("batch", *spatial, "channels")
    if kind in ("simple_rnn", "lstm", "gru"):
        return ("batch", "time", "features") if batch_first else ("time", "batch", "features")
    return {
        "dense": ("batch", "features"),
        "bidirectional": ("batch", "time", "features"),
        "embedding": ("batch", "tokens"),
        "attention": ("batch", "time", "features") if batch_first else ("time", "batch", "features"),
    }.get(kind)
