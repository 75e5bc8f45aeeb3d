"""Shapes in face units become pixels: turned by the head pose, drawn with sub-pixel precision."""

from dataclasses import dataclass

import cv2
import numpy as np

_SHIFT = 5  # fractional bits of cv2's fixed-point coordinates


@dataclass(frozen=True)
class Pose:
    """Where the head is: centre in pixels, pixels per face unit, roll, yaw and pitch in radians."""

    x: float
    y: float
    scale: float
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0


class Brush:
    """Draws shapes given in face units onto the canvas, under one head pose."""

    def __init__(self, canvas: np.ndarray, pose: Pose, width: float):
        self.canvas = canvas
        self.pose = pose
        cos, sin = np.cos(pose.roll), np.sin(pose.roll)
        self._turn = pose.scale * np.array([[cos * width, -sin], [sin * width, cos]])
        self._yaw, self._pitch = np.sin(pose.yaw), np.sin(pose.pitch)

    def pixels(self, points, depth: float = 0.0) -> np.ndarray:
        """(n, 2) face units -> (n, 2) pixels; `depth` is how far a part stands out and so moves when turning."""
        moved = np.asarray(points, dtype=float) + np.array([depth * self._yaw, depth * self._pitch])
        return moved @ self._turn.T + (self.pose.x, self.pose.y)

    def _fixed(self, points, depth: float) -> np.ndarray:
        return np.round(self.pixels(points, depth) * (1 << _SHIFT)).astype(np.int32)

    def fill(self, points, colour, depth: float = 0.0) -> None:
        cv2.fillPoly(self.canvas, [self._fixed(points, depth)], colour, cv2.LINE_AA, _SHIFT)

    def blend(self, points, colour, opacity: float, depth: float = 0.0) -> None:
        """Fill with a colour that lets the ground shine through."""
        region, offset = self.region(self.pixels(points, depth))
        if region.size:
            layer = region.copy()
            shifted = np.round((self.pixels(points, depth) - offset) * (1 << _SHIFT)).astype(np.int32)
            cv2.fillPoly(layer, [shifted], colour, cv2.LINE_AA, _SHIFT)
            cv2.addWeighted(layer, opacity, region, 1 - opacity, 0, dst=region)

    def line(self, points, colour, thickness: float, depth: float = 0.0, opacity: float = 1.0) -> None:
        """A stroke of `thickness` face units; strokes with little opacity are not drawn."""
        pixels = self.pixels(points, depth)
        width = max(1, round(thickness * self.pose.scale))
        opacity = min(opacity, 1.0)
        if opacity < 0.04:
            return
        region, offset = self.region(pixels, margin=width + 1)
        if region.size:
            layer = region if opacity == 1 else region.copy()
            shifted = np.round((pixels - offset) * (1 << _SHIFT)).astype(np.int32)
            cv2.polylines(layer, [shifted], False, colour, width, cv2.LINE_AA, _SHIFT)
            if layer is not region:
                cv2.addWeighted(layer, opacity, region, 1 - opacity, 0, dst=region)

    def disc_inside(self, shape, centre, radius: float, colour, pupil, depth: float) -> None:
        """An iris with pupil and highlight that the eyelids cut off."""
        outline = self.pixels(shape, depth)
        region, offset = self.region(outline)
        if not region.size:
            return
        mask = np.zeros(region.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round((outline - offset) * (1 << _SHIFT)).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
        layer = region.copy()
        at = self.pixels([centre], depth)[0] - offset
        for size, paint, shift in ((1.0, colour, 0.0), (0.45, pupil, 0.0), (0.2, (245, 245, 245), -0.3)):
            reach = radius * self.pose.scale
            spot = np.round((at + shift * reach) * (1 << _SHIFT)).astype(int)
            cv2.circle(layer, spot.tolist(), int(size * reach * (1 << _SHIFT)), paint, -1, cv2.LINE_AA, _SHIFT)
        weight = (mask / 255.0)[..., None]
        region[:] = (layer * weight + region * (1 - weight)).astype(np.uint8)

    def region(self, pixels: np.ndarray, margin: int = 2) -> tuple[np.ndarray, np.ndarray]:
        """The part of the canvas around `pixels` (a view, perhaps empty) and its top-left corner."""
        height, width = self.canvas.shape[:2]
        (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
        x0, x1 = (min(max(int(x), 0), width) for x in (left - margin, right + margin + 1))
        y0, y1 = (min(max(int(y), 0), height) for y in (top - margin, bottom + margin + 1))
        return self.canvas[y0:y1, x0:x1], np.array([x0, y0])
