"""`live`: from the camera to the page. The camera, the network and each browser run at their own pace."""

import time
from collections.abc import Iterator

import numpy as np

from common.results.config import results_from_environment
from common.support.console import console
from inference import draw, pace, stream
from inference.available import find
from inference.colours import css
from inference.live import source as sources
from inference.live.annotated_frame import AnnotatedFrame
from inference.live.capture import Capture
from inference.live.newest import Newest
from inference.live.server import Server
from inference.live.tally import Tally
from inference.trained import Trained


def show(source: str, model: str, port: int, face: int = 0) -> None:
    """Show a camera or a video file in a web page, until ctrl-C.

    Args:
        source: number of the camera, or path of the file, or an address.
        model: what `inference.available.find` takes.
        port: of the page; 0 is any that is free.
        face: number of the face whose bars stand below the image; 0 for the largest.

    Raises:
        UserError: if there is no such model, source or port, or if the source fails later.
    """
    trained = find(model, results_from_environment())
    taken = sources.find(source)
    newest: Newest[AnnotatedFrame] = Newest()
    server = Server(newest, port)
    tally = Tally()
    _warm_up(trained)
    with Capture(taken) as capture:
        try:
            console.print(f"{taken.name}, {trained.description}", markup=False, soft_wrap=True)
            console.print(f"Open {server.address} on this machine; ctrl-C ends.", markup=False, soft_wrap=True)
            with server:
                for frame in frames(capture, trained, tally, taken.name, face):
                    newest.put(frame)
        except KeyboardInterrupt:
            pass
        finally:
            if capture.remark:
                console.print(capture.remark, markup=False, soft_wrap=True)
            console.print(_summary(tally, capture.passed_over, server.missed), markup=False, soft_wrap=True)


def frames(capture: Capture, trained: Trained, tally: Tally, name: str, face: int = 0) -> Iterator[AnnotatedFrame]:
    """Annotate the newest frame, again and again, and count what happens."""
    for seen in stream.watch(capture.frames(), trained, shown=face):
        began = capture.clock()
        image = draw.annotate(seen, trained)
        ready = capture.clock()
        steps = seen.milliseconds | {"draw": (ready - began) * 1000}
        tally.add((face.track for face in seen.faces), seen.time_s, ready, steps)
        remark = " ".join(filter(None, (pace.remark(seen.rate, trained.preparation.frames), capture.remark)))
        yield AnnotatedFrame(image, _facts(seen, trained, tally, name, capture.passed_over, ready) | {"remark": remark})


def _warm_up(trained: Trained) -> None:
    """Load the network and ask it once, which takes seconds in which a camera would be kept waiting."""
    grey = np.full((480, 640, 3), 128, np.uint8)
    crop = trained.preparation.crop(grey, np.array([200, 120, 240, 240], np.int32))
    trained.probabilities(trained.preparation.inputs(np.stack([crop] * trained.preparation.frames)[None]))


def _facts(seen: stream.Seen, trained: Trained, tally: Tally, name: str, passed_over: int, ready: float) -> dict:
    return tally.numbers() | {
        "source": name,
        "description": trained.description,
        "classes": trained.classes,
        "colours": [css(name) for name in trained.classes],
        "faces": [_face(face.track, seen.smooth.get(face.track), trained) for face in seen.faces],
        "passed_over": passed_over,
        # On the wall clock, which the browser of the same machine shares.
        "taken": (time.time() - (ready - seen.time_s)) * 1000,
    }


def _summary(tally: Tally, passed_over: int, missed: int) -> str:
    p50, p95 = tally.latency
    return (
        f"Stopped after {tally.frames} frames: {tally.rate:.1f} a second, {p50:.0f} ms from camera to image "
        f"(95 %: {p95:.0f} ms). No face in {tally.without_face}, a face lost {tally.lost} times. "
        f"{passed_over} frames passed over by the network, {missed} images missed by browsers."
    )


def _face(track: int, probabilities: np.ndarray | None, trained: Trained) -> dict:
    if probabilities is None:
        return {"track": track, "probabilities": None, "answer": ""}
    return {"track": track, "probabilities": probabilities.tolist(), "answer": trained.answer(probabilities)}
