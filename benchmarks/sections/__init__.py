"""The sections of speed.py: each module has `run(settings)`, which yields what it has found so far."""
