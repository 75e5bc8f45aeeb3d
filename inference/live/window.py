"""A window of OpenCV instead of a web page, where this OpenCV can open one."""

import os
import re
import sys
from collections.abc import Iterator

import cv2

from common.support.errors import UserError
from inference.live.picture import Picture

TITLE = "Facial expressions, live (q ends)"
QUIT = {ord("q"), 27}


def require_windows() -> None:
    """Check that a window could be opened.

    Raises:
        UserError: if this OpenCV was built without windows, or there is no screen.
    """
    page = "Leave --window out: the same is shown in a web page of this machine."
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    if gui is None or gui[1] == "NONE":
        raise UserError("This OpenCV cannot open windows (it is the headless build).", page)
    # Without a screen the window libraries end the whole program.
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError("There is no screen to open a window on (DISPLAY is not set).", page)


def show(pictures: Iterator[Picture]) -> None:
    """Show pictures until the window is closed, or q or Escape pressed."""
    cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)
    try:
        for picture in pictures:
            cv2.imshow(TITLE, picture.image)
            if cv2.waitKey(1) & 0xFF in QUIT or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
                return
    finally:
        cv2.destroyAllWindows()
