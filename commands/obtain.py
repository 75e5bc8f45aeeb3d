"""How to get what a claim was measured on: the loaders say it themselves."""

import datasets

# What papers call a part of a set, or several sets together.
_MADE_OF = {"BAUM-1s": ("BAUM-1",), "BigFaceX": ("CK+", "BAUM-1", "eNTERFACE'05")}


def how(dataset: str) -> str:
    """How to obtain a data set by the name that papers give it, e.g. "CK+", "BigFaceX", or "FER2013 and CK+"."""
    modules = (datasets.load(key) for key in datasets.names())
    known = {module.NAME: module.OBTAIN for module in modules}
    parts = _MADE_OF.get(dataset, tuple(dataset.split(" and ")))
    if parts == (dataset,):
        return known[dataset]
    return " ".join(f"{part}: {known[part]}" for part in parts)
