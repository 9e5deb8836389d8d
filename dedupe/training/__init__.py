"""Labelled stories in, a model folder out: a fine-tuned encoder, a reader, and the judge that is fitted on both."""

from dedupe.training.train_model import train

__all__ = ["train"]
