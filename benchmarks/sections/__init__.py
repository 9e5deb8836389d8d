"""The sections of speed.py: each module has `run(settings)`, which yields its results so far."""
