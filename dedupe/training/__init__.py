"""Labelled stories in, a model folder out: a fine-tuned encoder and the judge that is fitted on its vectors.

`train` makes a model of labelled stories; `distil` makes a smaller one that imitates it.
"""

from dedupe.training.distillation import distil
from dedupe.training.train_model import train

__all__ = ["distil", "train"]
