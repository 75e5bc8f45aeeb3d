"""Which size of the aggregated descriptor that the paper prints fits which reading of its layer."""

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
READINGS = {
    "sum": "sum over frames and streams, cell k weights coordinate k: e^(a_k) Σ_i (x_s,i[k] + x_t,i[k])",
    "frames": "without the sum over frames: e^(a_k) (x_s,i[k] + x_t,i[k])",
    "concat": "without both sums: e^(a_k) x_s,i[k], then e^(a_k) x_t,i[k]",
}


def dimensions(paper: Paper) -> Table:
    """The table, for the paper's six classes; by arithmetic, so that it is there without a backend."""
    chosen = paper.settings["aggregation"]
    rows = [
        row
        for aggregation, reading in READINGS.items()
        for row in (_row(aggregation, 2, reading), _row(aggregation, 1, f"{reading}, one stream"))
        if row["streams"] == len(STREAMS) or aggregation != "frames"
    ]
    literal = "every cell weights whole descriptors, as the formula's indices say: 4096 vectors of 4096"
    rows.append({"reading": literal, "streams": 2, "numbers": UNITS * UNITS, "printed": "nowhere"})
    columns = {
        "aggregation": "Setting",
        "reading": "Reading",
        "streams": "Streams",
        "numbers": "Numbers a video",
        "printed": "Printed as",
        "layer": "Weights of the layer",
        "classifier": "Weights of fc9",
        "total": "Whole network",
    }
    note = (
        f"One formula and three sizes: no reading fits two of them. The default is aggregation={chosen}, the formula."
    )
    return Table("dimensions", "Size of the aggregated descriptor by reading of EmotionalVLAN", columns, rows, [note])


def _row(aggregation: str, streams: int, reading: str) -> dict:
    numbers = UNITS * {"sum": 1, "frames": PAIRS, "concat": streams * PAIRS}[aggregation]
    classifier = CLASSES * (numbers + 1)
    return {
        "aggregation": aggregation,
        "reading": reading,
        "streams": streams,
        "numbers": numbers,
        "printed": PRINTED.get(numbers, "nowhere"),
        "layer": UNITS,
        "classifier": classifier,
        "total": streams * PARAMETERS + UNITS + classifier,
    }
