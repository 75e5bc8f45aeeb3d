"""The samples of a request's clips, under a progress bar."""

from collections.abc import Callable, Sequence
from typing import Any

from common.media.clips import Clip
from common.results.config import Request
from common.samples.build import Samples, build
from common.support.console import bar


def prepared(request: Request, clips: Sequence[Clip], prepare: Callable, settings: Any, title: str) -> Samples:
    """The samples that `prepare` makes of the clips with these settings, from the cache or computed on all cores.

    Args:
        title: of the progress bar.

    Raises:
        UserError: if clips cannot be read, after all others were read and kept; or as `prepare` does.
    """
    with bar(title, "clips") as progress:
        return build(
            clips,
            prepare,
            settings,
            request.cache / "samples",
            workers=request.workers,
            progress=progress,
            skip_broken=request.skip_broken,
            launcher=request.launcher,
        )
