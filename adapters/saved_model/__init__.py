"""TensorFlow's SavedModel: its variables and signatures, read without loading the program in it."""

from .reading import SavedModel as SavedModel
