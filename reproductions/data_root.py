"""Where a paper reads its data from."""

from collections.abc import Iterable
from pathlib import Path

from common.request import Request
from common.screen import bar


def data_root(request: Request, sets: Iterable[str]) -> Path:
    """The user's data, or the synthetic twins of these sets, which are drawn if they are not there yet.

    Raises:
        UserError: if what is drawn cannot be written.
    """
    if request.data is not None:
        return request.data
    from datasets.synthetic import corpora

    with bar("Drawing the corpora", "clips") as progress:
        return corpora.ensure(
            request.cache / "synthetic", request.sizes["synthetic"], progress=progress, sets=tuple(sets)
        )
