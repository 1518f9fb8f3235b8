"""Awkward models of Keras 2: small, each with one trait that breaks tools like ours. Frameworks are imported inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def tf_keras_models() -> dict[str, Callable[[], tuple[Any, Any]]]:
    """name → a function that makes (model, what is said about its inputs)."""
    return {**_graphs(), **_subclassed(), **_stateful()}


def _graphs() -> dict[str, Callable[[], tuple[Any, Any]]]:
    import tensorflow as tf
    import tf_keras
    from tf_keras import layers

    def functional() -> Any:
        x = tf_keras.Input((8, 8, 3), name="image")
        y = layers.Conv2D(4, 3, padding="same")(x)
        z = layers.BatchNormalization()(layers.Conv2D(4, 1)(x))
        y = layers.ReLU()(y + tf.tanh(z)[:, :, :, ::1] * 2.0)
        return tf_keras.Model(x, layers.Dense(2)(tf.reduce_mean(y, axis=[1, 2])))

    def shared() -> Any:
        a, b = tf_keras.Input((4,), name="a"), tf_keras.Input((4,), name="b")
        twice = layers.Dense(3, name="twice")
        outputs = [layers.Concatenate(name="both")([twice(a), twice(b)]), twice(a)]
        return tf_keras.Model({"a": a, "b": b}, outputs)

    def nested() -> Any:
        inner = tf_keras.Sequential([tf_keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5)], name="inner")
        x = tf_keras.Input((4,))
        return tf_keras.Model(x, layers.Dense(2)(inner(x)))

    def frozen() -> Any:
        model = tf_keras.Sequential(
            [tf_keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)]
        )
        model.layers[0].trainable = False
        return model

    def fitted() -> Any:
        model = tf_keras.Sequential([tf_keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(tf.ones((8, 4)), tf.ones((8, 1)), verbose=0)
        return model

    one = (2, 4)
    return {
        "functional": lambda: (functional(), None),
        "shared, two inputs, two outputs": lambda: (shared(), {"a": one, "b": one}),
        "nested": lambda: (nested(), None),
        "frozen": lambda: (frozen(), None),
        "fitted": lambda: (fitted(), None),
        "sequential": lambda: (tf_keras.Sequential([tf_keras.Input((4,)), layers.Dense(3), layers.Dense(2)]), None),
        "sequential, not built": lambda: (tf_keras.Sequential([layers.Dense(3), layers.Dense(2)]), one),
        "embedding with mask": lambda: (
            tf_keras.Sequential([layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3), layers.Dense(2)]),
            (2, 5),  # Keras 2 declares what it makes ready for an embedding as float32
        ),
        "wrapped": lambda: (
            tf_keras.Sequential(
                [
                    tf_keras.Input((5, 4)),
                    layers.Bidirectional(layers.GRU(3, return_sequences=True)),
                    layers.TimeDistributed(tf_keras.Sequential([layers.Dense(4)], name="each"), name="steps"),
                ]
            ),
            (2, 5, 4),
        ),
        "mixed precision": lambda: (layers.Dense(3, dtype="mixed_float16"), one),
    }


def _subclassed() -> dict[str, Callable[[], tuple[Any, Any]]]:
    import tensorflow as tf
    import tf_keras
    from tf_keras import layers

    class Block(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense = layers.Dense(units)
            self.norm = layers.LayerNormalization()

        def call(self, x: Any) -> Any:
            return x + self.norm(self.dense(x))

    class Subclassed(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [Block(4), Block(4)]
            self.heads = {"a": layers.Dense(2), "b": (layers.Dense(3),)}
            self.drop = layers.Dropout(0.5)

        def call(self, x: Any, training: Any = None) -> Any:
            for block in self.blocks:
                x = block(x)
            x = self.drop(x, training=training)
            return {"a": self.heads["a"](x), "b": self.heads["b"][0](x)}

    class Twins(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(2, name="d"), layers.Dense(3, name="d")

        def call(self, x: Any) -> Any:
            return self.b(self.a(x))

    class Compiled(tf_keras.Model):
        """A part of it is a `tf.function`, of which only the first call would be seen."""

        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)
            self.held = tf.Module()
            self.held.inner = layers.Dense(2)
            self.held.gain = tf.Variable(2.0, name="gain")

        @tf.function
        def call(self, x: Any) -> Any:
            return self.held.inner(self.dense(x)) * self.held.gain

    class WrongRule(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(5)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_output_shape(self, shape: Any) -> Any:
            return (*shape[:-1], 999)

    def built() -> Any:
        model = Subclassed()
        model(tf.ones((1, 4)))
        return model

    one = (2, 4)
    return {
        "subclassed, not built": lambda: (Subclassed(), one),
        "subclassed, built": lambda: (built(), one),
        "same names": lambda: (Twins(), one),
        "tf.function and tf.Module": lambda: (Compiled(), one),
        "wrong shape rule": lambda: (WrongRule(), one),
    }


def _stateful() -> dict[str, Callable[[], tuple[Any, Any]]]:
    import tensorflow as tf
    import tf_keras
    from tf_keras import layers

    class OwnWeight(layers.Layer):
        def build(self, shape: Any) -> None:
            self.gain = self.add_weight("gain", shape=(shape[-1],))
            self.count = self.add_weight("count", shape=(), trainable=False)
            self.inner = layers.Dense(3)
            self.inner.build(shape)

        def call(self, x: Any) -> Any:
            self.count.assign_add(1.0)
            self.last = x
            return self.inner(x * self.gain)

    class Keeps(layers.Layer):
        """Writes to attributes, lists and dicts, adds losses and metrics, draws random numbers, makes layers."""

        def __init__(self) -> None:
            super().__init__()
            self.calls, self.seen, self.cache = 0, [], {"k": [], "v": {"deep": []}}

        def call(self, x: Any) -> Any:
            self.add_loss(tf.reduce_sum(x))
            self.calls += 1
            self.seen.append(self.calls)
            self.cache["k"].append(x)
            self.cache["v"]["deep"].append(1)
            self.made = layers.Dense(2)
            self.extra = tf.random.uniform((2,)) + tf.random.get_global_generator().uniform((2,))
            return {"x": self.made(x), "pair": (x, x)}

    class LateList(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.weights_in_list = layers.Dense(3), []

        def call(self, x: Any) -> Any:
            return self.dense(x) + (self.weights_in_list[0] if self.weights_in_list else 0.0)

    def late_list() -> Any:
        model = LateList()
        model(tf.ones((1, 4)))
        model.weights_in_list.append(tf.Variable(tf.ones(3), name="late"))
        return model

    def stateful() -> Any:
        return tf_keras.Sequential([layers.LSTM(3, stateful=True, batch_input_shape=(2, 5, 4), dropout=0.5)])

    one = (2, 4)
    return {
        "weights made in build": lambda: (OwnWeight(), one),
        "keeps what it sees": lambda: (Keeps(), one),
        "a variable added to a list": lambda: (late_list(), one),
        "stateful": lambda: (stateful(), None),
    }
