"""One frame of one face: identity, action units and head pose become pixels.

Every part is a polygon in face units (see `Identity`), moved by the action units, turned by the head pose and drawn
with sub-pixel precision: small movements stay visible after the crop is reduced to 48x48.
"""

import cv2
import numpy as np

from datasets.synthetic.brush import Brush, Pose
from datasets.synthetic.camera import as_map, multiply
from datasets.synthetic.identity import Identity

_U = np.linspace(-1, 1, 17)
_BUMP = 1 - _U**2
_ANGLE = np.linspace(0, 2 * np.pi, 48, endpoint=False)
SHADE_SIZE = 96  # the shading map covers [-1.6, 1.6] face units at this resolution


class FacePainter:
    """Draws one subject; the parts that do not change are prepared once."""

    def __init__(self, identity: Identity):
        self.who = identity
        self.shade = _shading(identity)

    def paint(self, canvas: np.ndarray, units: dict[str, float], pose: Pose) -> None:
        """Draw head, neck and hair onto `canvas`, a (H, W, 3) uint8 BGR image, in place.

        `units` maps action units to intensities; the resting face of the identity is added here.
        """
        who = self.who
        au = dict(who.rest)
        for name, value in units.items():
            au[name] = au.get(name, 0.0) + value
        brush = Brush(canvas, pose, who.width)
        jaw = 0.16 * au.get("AU26", 0) + 0.04 * au.get("AU25", 0)

        self._hair_behind(brush)
        outline = _outline(who, jaw)
        brush.fill([(-0.55, 0.9), (0.55, 0.9), (0.62, 2.6), (-0.62, 2.6)], _dim(who.skin, 0.72), depth=-0.3)
        for side in (-1, 1):
            brush.fill(_ellipse(side * 1.0, 0.1, 0.12, 0.26), _dim(who.skin, 0.85), depth=-0.2)
        brush.fill(outline, who.skin)
        self._beard(brush, outline)
        self._wrinkles(brush, au)
        self._shade(brush)
        self._nose(brush, au)
        for side in (-1, 1):
            self._eye(brush, au, side)
            self._brow(brush, au, side)
        self._mouth(brush, au)
        self._hair_front(brush)
        if who.glasses:
            self._glasses(brush)

    def _hair_behind(self, brush: Brush) -> None:
        who = self.who
        top = -1.12 - who.hair_volume
        if who.long_hair:
            sides = [(-1.2, 1.7), (-1.28, 0.2), (-1.05, -0.75), (-0.6, top), (0, top - 0.06)]
            brush.fill(_rounded(sides + [(-x, y) for x, y in reversed(sides[:-1])]), who.hair, depth=-0.25)
        brush.fill(_ellipse(0, -0.35, 1.06, 0.8 + who.hair_volume), who.hair, depth=-0.1)

    def _hair_front(self, brush: Brush) -> None:
        who = self.who
        line = -0.9 + who.fringe
        cap = [
            (-1.03, -0.15),
            (-0.92, -0.5),
            (-0.55, line),
            (0, line - 0.08),
            (0.55, line),
            (0.92, -0.5),
            (1.03, -0.15),
        ]
        top = [(0.98, -0.75), (0.6, -1.1 - who.hair_volume), (0, -1.2 - who.hair_volume)]
        brush.fill(_rounded(cap + top + [(-x, y) for x, y in reversed(top[:-1])]), who.hair, depth=0.05)

    def _beard(self, brush: Brush, outline: np.ndarray) -> None:
        if self.who.beard:
            lower = outline[outline[:, 1] > 0.3]
            contour = lower[np.argsort(lower[:, 0])]
            cheeks = [
                (0.72, 0.3),
                (0.5, 0.52),
                (0.25, 0.5),
                (0, 0.47),
                (-0.25, 0.5),
                (-0.5, 0.52),
                (-0.72, 0.3),
            ]
            brush.blend([*contour.tolist(), *cheeks], self.who.hair, self.who.beard)

    def _wrinkles(self, brush: Brush, au: dict[str, float]) -> None:
        """Folds that an action unit makes in the skin: forehead, frown, nose root, smile, eye corners."""
        dark = _dim(self.who.skin, 0.62)
        raised = max(au.get("AU1", 0), au.get("AU2", 0))
        for row in (-0.68, -0.6):
            brush.line([(-0.45, row), (0, row - 0.03), (0.45, row)], dark, 0.02, opacity=0.7 * raised)
        for side in (-1, 1):
            brush.line([(side * 0.07, -0.44), (side * 0.09, -0.24)], dark, 0.035, opacity=0.9 * au.get("AU4", 0))
            brush.line([(side * 0.05, -0.12), (side * 0.16, 0.02)], dark, 0.03, opacity=0.9 * au.get("AU9", 0))
            fold = 0.3 + 0.7 * max(au.get("AU9", 0), au.get("AU10", 0), 0.8 * au.get("AU12", 0))
            brush.line([(side * 0.21, 0.3), (side * 0.36, 0.48), (side * 0.45, 0.68)], dark, 0.03, opacity=fold)
            for slope in (0.06, 0.14):
                start = (side * 0.68, -0.1 + slope)
                brush.line([start, (side * 0.84, -0.13 + 2 * slope)], dark, 0.02, opacity=au.get("AU6", 0))
        brush.line([(-0.12, 1.0), (0, 0.97), (0.12, 1.0)], dark, 0.03, opacity=0.3 + au.get("AU17", 0))

    def _shade(self, brush: Brush) -> None:
        """Multiply the face by its shading map: sockets, bridge and cheeks as a lamp above would light them."""
        unit = 3.2 / SHADE_SIZE
        corners = np.float32([[-1.6, -1.6], [1.6, -1.6], [-1.6, 1.6]])
        target = brush.pixels(corners, depth=0.1)
        matrix = cv2.getAffineTransform((corners + 1.6) / unit, np.float32(target))
        region, offset = brush.region(np.concatenate([target, [target[1] + target[2] - target[0]]]))
        if region.size:
            matrix[:, 2] -= offset
            shade = cv2.warpAffine(
                self.shade, matrix, region.shape[1::-1], borderValue=as_map(np.ones((1, 1)))[0, 0].tolist()
            )
            multiply(region, shade)

    def _eye(self, brush: Brush, au: dict[str, float], side: int) -> None:
        who = self.who
        closed = min(max(au.get("AU43", 0), 0), 1)
        size = who.eye_size
        upper = 0.1 * size * (1 + 0.65 * au.get("AU5", 0) - 0.4 * au.get("AU7", 0) - 0.15 * au.get("AU6", 0))
        upper = max(upper * (1 - closed), -0.03)
        lower = 0.065 * size * (1 - 0.55 * au.get("AU6", 0) - 0.45 * au.get("AU7", 0) - 0.5 * au.get("AU9", 0))
        lower = max(lower, 0.008)
        x = side * who.eye_distance + 0.2 * size * _U
        lid = np.column_stack([x, -0.16 - upper * _BUMP**0.7])
        low = np.column_stack([x, -0.16 + lower * _BUMP**0.8])
        shape = np.concatenate([lid, low[::-1]])
        brush.fill(shape, _mix(who.skin, (205, 212, 216), 0.55), depth=0.2)
        brush.disc_inside(shape, (side * who.eye_distance, -0.175), 0.1 * size, who.iris, (20, 20, 24), depth=0.2)
        brush.line(lid, _dim(who.skin, 0.25), 0.035, depth=0.2)
        brush.line(low, _dim(who.skin, 0.6), 0.02, depth=0.2)
        crease = lid - (0, 0.05 + 0.02 * size)
        brush.line(crease[2:-2], _dim(who.skin, 0.65), 0.018, depth=0.2, opacity=0.7)

    def _brow(self, brush: Brush, au: dict[str, float], side: int) -> None:
        who = self.who
        inner, outer, lowered = au.get("AU1", 0), au.get("AU2", 0), au.get("AU4", 0)
        t = np.linspace(0, 1, 9)
        x = (0.16 - 0.05 * lowered) * (1 - t) + 0.72 * t
        lift = 0.14 * inner * (1 - t) ** 1.5 + 0.15 * outer * np.sin(np.pi * (0.25 + 0.6 * t)) * t**0.5
        drop = lowered * (0.12 * (1 - t) + 0.04) + 0.05 * au.get("AU9", 0) * (1 - t)
        y = -0.16 - who.brow_height - 0.07 * np.sin(np.pi * (0.15 + 0.75 * t)) - lift + drop
        half = who.brow_thickness * (1 - 0.6 * t) / 2 + 0.01
        shape = np.concatenate([np.column_stack([x, y - half]), np.column_stack([x, y + half])[::-1]])
        brush.blend(shape * (side, 1), _dim(who.hair, 0.75), 0.85, depth=0.2)

    def _nose(self, brush: Brush, au: dict[str, float]) -> None:
        who = self.who
        tip = who.nose_length - 0.05 * au.get("AU9", 0)
        dark = _dim(who.skin, 0.42)
        width = who.nose_width * (1 + 0.2 * au.get("AU9", 0))
        base = [(-width, tip - 0.02), (-0.5 * width, tip + 0.05), (0, tip + 0.06), (0.5 * width, tip + 0.05)]
        brush.line([*base, (width, tip - 0.02)], _dim(who.skin, 0.6), 0.03, depth=0.35)
        for side in (-1, 1):
            brush.fill(_ellipse(side * 0.55 * width, tip + 0.03, 0.045, 0.025), dark, depth=0.35)

    def _mouth(self, brush: Brush, au: dict[str, float]) -> None:
        who = self.who
        get = au.get
        half = who.mouth_width * (1 + 0.22 * get("AU12", 0) + 0.3 * get("AU20", 0) - 0.15 * get("AU24", 0))
        half *= 1 - 0.12 * get("AU26", 0) + 0.05 * get("AU15", 0)
        right = (_U + 1) / 2  # AU12R and AU14R act on one corner only (contempt)
        lift = 0.16 * get("AU12", 0) + right * (0.13 * get("AU12R", 0) + 0.04 * get("AU14R", 0))
        corner = -lift + 0.14 * get("AU15", 0) + 0.05 * get("AU20", 0)
        middle = 0.69 + 0.25 * (who.nose_length - 0.35) + corner * np.abs(_U) ** 1.8 - 0.05 * get("AU17", 0) * _BUMP
        opening = max(0.07 * get("AU25", 0) + 0.24 * get("AU26", 0) + 0.03 * get("AU20", 0), 0.0)
        thin = 1 - 0.6 * min(max(get("AU24", 0), 0), 1)
        raised = (0.08 * get("AU10", 0) + 0.05 * get("AU9", 0)) * (1 - 0.4 * _U**2)
        x = half * _U
        inner_top = middle - 0.35 * opening * _BUMP - 0.6 * raised * _BUMP
        inner_low = middle + 0.65 * opening * _BUMP
        bow = 1 - 0.18 * np.exp(-((_U / 0.18) ** 2))
        outer_top = inner_top - thin * who.lip_thickness * _BUMP**0.7 * bow - 0.4 * raised * _BUMP
        outer_low = inner_low + thin * 1.25 * who.lip_thickness * _BUMP**0.8 + 0.02 * get("AU17", 0) * _BUMP
        outer = np.concatenate([np.column_stack([x, outer_top]), np.column_stack([x, outer_low])[::-1]])
        inner = np.concatenate([np.column_stack([x, inner_top]), np.column_stack([x, inner_low])[::-1]])
        brush.fill(outer, who.lips, depth=0.25)
        if opening > 0.015 or raised.max() > 0.03:
            brush.fill(inner, (30, 25, 55), depth=0.25)
            teeth_low = np.minimum(inner_top + 0.075, inner_low)
            teeth = np.concatenate([np.column_stack([x, inner_top]), np.column_stack([x, teeth_low])[::-1]])
            brush.fill(teeth[2:-2], (205, 215, 220), depth=0.25)
        brush.line(np.column_stack([x, inner_top]), _dim(who.lips, 0.5), 0.022, depth=0.25)
        brush.line(
            np.column_stack([0.6 * x, outer_low + 0.06])[4:-4],
            _dim(who.skin, 0.68),
            0.035,
            depth=0.25,
            opacity=0.7,
        )
        if who.moustache:
            strip = np.concatenate([np.column_stack([0.9 * x, outer_top - 0.02]), [[0.2, 0.47], [-0.2, 0.47]]])
            brush.blend(strip, who.hair, who.moustache, depth=0.27)

    def _glasses(self, brush: Brush) -> None:
        for side in (-1, 1):
            ring = _ellipse(side * self.who.eye_distance, -0.14, 0.29, 0.22)
            brush.blend(ring, (30, 30, 32), 0.08, depth=0.3)
            brush.line(np.concatenate([ring, ring[:1]]), (35, 35, 40), 0.022, depth=0.3, opacity=0.5)
            edge = [(side * (self.who.eye_distance + 0.29), -0.16), (side * 0.98, -0.2)]
            brush.line(edge, (35, 35, 40), 0.03, depth=0.1)
        inner = self.who.eye_distance - 0.29
        brush.line([(-inner, -0.16), (0, -0.19), (inner, -0.16)], (35, 35, 40), 0.035, depth=0.35)


def _dim(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    blue, green, red = colour
    return int(blue * factor), int(green * factor), int(red * factor)


def _mix(first: tuple[int, int, int], second: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """`share` of the second colour in the first."""
    blue, green, red = ((1 - share) * a + share * b for a, b in zip(first, second, strict=True))
    return int(blue), int(green), int(red)


def _ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
    return np.column_stack([x + a * np.cos(_ANGLE), y + b * np.sin(_ANGLE)])


def _rounded(corners: list[tuple[float, float]]) -> np.ndarray:
    """A closed polygon with its corners cut twice (Chaikin 1974)."""
    points = np.array(corners)
    for _ in range(2):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1).reshape(-1, 2)
    return points


def _outline(who: Identity, jaw_drop: float) -> np.ndarray:
    """The contour of the face, (48, 2): round at the skull, tapering by `jaw` to a chin that the jaw lowers."""
    x, y = np.cos(_ANGLE), np.sin(_ANGLE)
    below = y > 0
    narrow = 1 - (1 - who.jaw) * np.where(below, y**2, 0) * (1 - 0.3 * np.abs(x))
    return np.column_stack([x * narrow, np.where(below, y * (who.chin + jaw_drop), y * 1.0)])


def _shading(who: Identity) -> np.ndarray:
    """Light and shadow of the relaxed face, a (SHADE_SIZE, SHADE_SIZE, 3) map of factors."""
    axis = (np.arange(SHADE_SIZE) + 0.5) * 3.2 / SHADE_SIZE - 1.6
    x, y = np.meshgrid(axis, axis)
    shade = np.ones_like(x)

    def spot(cx, cy, sx, sy, amount):
        nonlocal shade
        shade = shade * (1 + amount * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2))

    for side in (-1, 1):
        spot(side * who.eye_distance, -0.2, 0.3, 0.2, -0.42)  # eye socket
        spot(side * 0.17, 0.1, 0.09, 0.28, -0.2)  # flank of the nose
        spot(side * 0.55, 0.2, 0.28, 0.2, 0.18)  # cheekbone
        spot(side * 0.8, 0.6, 0.25, 0.5, -0.2)  # hollow of the cheek
        spot(side * 1.0, -0.1, 0.2, 0.8, -0.25)  # temple
    spot(0, 0.0, 0.09, 0.4, 0.22)  # bridge of the nose
    spot(0, who.nose_length + 0.1, 0.25, 0.07, -0.25)  # below the nose
    spot(0, -0.55, 0.6, 0.2, 0.08)  # forehead
    spot(0, 0.93, 0.3, 0.06, -0.15)  # below the lip
    spot(0, 1.1, 0.3, 0.12, 0.06)  # chin
    spot(0, who.chin + 0.3, 0.8, 0.22, -0.4)  # below the chin
    return as_map(shade)
