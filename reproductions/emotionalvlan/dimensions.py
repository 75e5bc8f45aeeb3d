"""Which size of the aggregated descriptor that the paper prints fits which interpretation of its layer."""

from common.paper.load import Paper
from common.results.tables import Table
from reproductions.emotionalvlan.alexnet_layers import PARAMETERS, UNITS
from reproductions.emotionalvlan.models import PAIRS, STREAMS

CLASSES = 6

PRINTED = {
    UNITS: "formula: 4096 cells",
    UNITS * PAIRS: "section III.a: 4096×15",
    UNITS * PAIRS * 2: "section III.c: 122880 = 4096×30",
}
INTERPRETATIONS = {
    "sum": "sum over frames and streams, cell k weights coordinate k: e^(a_k) Σ_i (x_s,i[k] + x_t,i[k])",
    "frames": "without the sum over frames: e^(a_k) (x_s,i[k] + x_t,i[k])",
    "concat": "without both sums: e^(a_k) x_s,i[k], then e^(a_k) x_t,i[k]",
}


def dimensions(paper: Paper) -> Table:
    """The table, for the paper's six classes; by arithmetic, so that it is there without a backend."""
    chosen = paper.settings["aggregation"]
    rows = [
        row
        for aggregation, interpretation in INTERPRETATIONS.items()
        for row in (_row(aggregation, 2, interpretation), _row(aggregation, 1, f"{interpretation}, one stream"))
        if row["streams"] == len(STREAMS) or aggregation != "frames"
    ]
    literal = "every cell weights whole descriptors, as the formula's indices say: 4096 vectors of 4096"
    rows.append({"interpretation": literal, "streams": 2, "numbers": UNITS * UNITS, "printed": "nowhere"})
    columns = {
        "aggregation": "Setting",
        "interpretation": "Interpretation",
        "streams": "Streams",
        "numbers": "Numbers a video",
        "printed": "Printed as",
        "layer": "Weights of the layer",
        "classifier": "Weights of fc9",
        "total": "Whole network",
    }
    note = (
        "One formula and three sizes: no interpretation fits two of them. "
        f"The default is aggregation={chosen}, the formula."
    )
    title = "Size of the aggregated descriptor by interpretation of EmotionalVLAN"
    return Table("dimensions", title, columns, rows, [note])


def _row(aggregation: str, streams: int, interpretation: str) -> dict:
    numbers = UNITS * {"sum": 1, "frames": PAIRS, "concat": streams * PAIRS}[aggregation]
    classifier = CLASSES * (numbers + 1)
    return {
        "aggregation": aggregation,
        "interpretation": interpretation,
        "streams": streams,
        "numbers": numbers,
        "printed": PRINTED.get(numbers, "nowhere"),
        "layer": UNITS,
        "classifier": classifier,
        "total": streams * PARAMETERS + UNITS + classifier,
    }
