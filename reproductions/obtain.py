"""How to get what a claim was measured on: the loaders say it themselves; for the other sets a word is kept here."""

import datasets

# What papers call a part of a set, or several sets together.
_MADE_OF = {"BAUM-1s": ("BAUM-1",), "BigFaceX": ("CK+", "BAUM-1", "eNTERFACE'05")}
_WITHOUT_LOADER = {
    "MMI": "Sign the licence and make an account at mmifacedb.eu.",
    "RML": "Send the signed form of the RML emotion database (Ryerson Multimedia Laboratory).",
}


def how(dataset: str) -> str:
    """How to obtain a data set by the name that papers give it, e.g. "CK+" or "BigFaceX"."""
    modules = (datasets.load(key) for key in datasets.names())
    known = _WITHOUT_LOADER | {module.NAME: module.OBTAIN for module in modules}
    parts = _MADE_OF.get(dataset, (dataset,))
    if parts == (dataset,):
        return known[dataset]
    return " ".join(f"{part}: {known[part]}" for part in parts)
