"""The model card: what a model folder is, how it was made, how well it did, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dedupe.training.network import BASE


def card(record: Mapping[str, Any]) -> str:
    """Return the model card as Markdown, from the record that `model.json` holds."""
    options = f" --base {record['base']}" if record["base"] != BASE else ""
    options += f" --epochs {record['epochs']} --seed {record['seed']}"
    parts = [
        "# Headline model\n",
        f"An encoder of headlines, fine-tuned from `{record['base']}`, and a judge that turns the evidence of a pair "
        "into the probability of being one story and one wording. Loaded by headline-dedupe (`--model FOLDER`).\n",
        "## Made by\n",
        f"    headline-dedupe train STORIES -o FOLDER{options}\n",
        f"- Data: {record['headlines']:,} headlines in {record['slices']} slices, {record['stories']:,} stories; SHA-256 "
        f"of the file `{record['data_sha256']}`.",
        *([f"- {record['about']}"] if record["about"] else []),
        "- Three networks, each trained without every third slice; the judge is fitted on vectors of the network that did "
        "not see the slice, and also on pairs of different weeks and on edited copies of titles. The encoder in this folder "
        "has the mean of the three networks' weights.\n",
        "## Average precision of the cosine over all pairs of held-out slices, epoch by epoch\n",
        *_table(
            ("run", "epoch", "loss", "story", "wording"),
            [
                (name, e["epoch"], e["loss"], e["story_ap"], e["wording_ap"])
                for name, log in record["epochs_log"].items()
                for e in log
            ],
        ),
        "\n## Held-out slices, judged and grouped\n",
        "B-cubed and pairwise F1 at the threshold chosen on them; average precision over the pairs that are noticed; calibration "
        "error (15 equal-count bins) and log loss over pairs with a probability in [0.05, 0.95].\n",
        *_scores(record),
        "\n## Limits\n",
        "English titles of up to 64 tokens, a few days at a time. Names, places and numbers that differ inside otherwise "
        "equal titles are the hardest; a probability is calibrated for news like that it was trained on. Titles belong "
        "to their publishers and are not in this folder; the tokenizer and the base weights are under their own licence.\n",
    ]
    return "\n".join(parts)


def distilled_card(record: Mapping[str, Any]) -> str:
    """Return the model card of a model made by `headline-dedupe distil`, from the record that `model.json` holds."""
    options = f" --base {record['base']}" if record["base"] != BASE else ""
    options += f" --layers {','.join(map(str, record['layers']))} --epochs {record['epochs']} --seed {record['seed']}"
    parts = [
        "# Small headline model\n",
        f"An encoder of headlines with layers {', '.join(map(str, record['layers']))} of `{record['base']}`, which "
        "imitates the vectors of a trained model and takes over its judge as it is. Loaded by headline-dedupe "
        "(`--model FOLDER`).\n",
        "## Made by\n",
        f"    headline-dedupe distil TITLES -o FOLDER{options}\n",
        f"- Teacher: the model whose `encoder.onnx` has the SHA-256 `{record['teacher_sha256']}`.",
        f"- Data: {record['titles']:,} distinct titles without labels; SHA-256 of them, sorted, one a line: "
        f"`{record['titles_sha256']}`.",
        *([f"- {record['about']}"] if record["about"] else []),
        "\n## Mean cosine to the teacher's vectors, of titles that were not learned from\n",
        *_table(("epoch", "loss", "cosine"), [(e["epoch"], e["loss"], e["cosine"]) for e in record["epochs_log"]]),
        "\n## Limits\n",
        "Those of its teacher, whose card says how well it judges. Titles belong to their publishers and are not in this "
        "folder; the tokenizer and the base weights are under their own licence.\n",
    ]
    return "\n".join(parts)


def _scores(record: Mapping[str, Any]) -> list[str]:
    rows = [
        (judge, level, *scores.values())
        for judge, by_level in (("this model", record["held_out"]), ("fallback", record["held_out_fallback"]))
        for level, scores in by_level.items()
    ]
    names = next(iter(record["held_out"].values()))
    return _table(("judge", "level", *(name.replace("_", " ") for name in names)), rows)


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]
