"""What people say of their own headlines: how well the groups agree with it, and the threshold that suits it.

Two kinds of labels lead to the same chooser: whole groups (`labelled` -> `evaluating`; `mergecounts` -> `tuning`), and
answers about pairs (`asking`, `answers` -> `tuning`). `curves` and `choosing` know neither.
"""
