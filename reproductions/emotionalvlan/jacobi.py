"""The inner loop of the Horn–Schunck flow, compiled for the processor that it runs on.

It has a module of its own because Numba takes a while to import. It compiles in some four seconds, once: the result is
kept beside the bytecode of this module.
"""

import numpy as np
from numba import njit

# Rows are as long as whole vectors of the processor have it, so that no pixel is left over to be computed by itself.
LANES = 8


@njit("void(f4[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], i8, i8, f4, f4, b1)", nogil=True, fastmath=True, cache=True)
def sweep(flow, terms, spare, width, sweeps, beside, corner, repeat):
    """Move the flow of one pair towards its solution, in place: u = ū − a·(a·ū + b·v̄ + c), likewise v with b.

    Args:
        flow: (2, H + 2, L + LANES) with a border of one pixel around each component, and what fills the rows.
        terms: (3, H, L), a, b and c of each pixel; L is the width, or the next multiple of LANES.
        spare: as the flow, overwritten; its first and last rows must be zero, unless the border repeats.
        width: in pixels.
        sweeps: how often every pixel is renewed.
        beside, corner: weights in the mean ū of each of the four neighbours beside a pixel, and at its corners.
        repeat: whether the border repeats the outermost pixels; else it is zero.
    """
    _, height, wide = terms.shape
    # Of one row, for the mean of each pixel: what its neighbours left and right bring, and what those above and below.
    aside_u, aside_v, upright_u, upright_v = np.empty((4, wide + LANES), np.float32)
    old, new = flow, spare
    for _ in range(sweeps):
        for y in range(height):
            for x in range(wide + LANES):
                both_u, both_v = old[0, y, x] + old[0, y + 2, x], old[1, y, x] + old[1, y + 2, x]
                upright_u[x], upright_v[x] = beside * both_u, beside * both_v
                aside_u[x] = corner * both_u + beside * old[0, y + 1, x]
                aside_v[x] = corner * both_v + beside * old[1, y + 1, x]
            for x in range(wide):
                u = aside_u[x] + aside_u[x + 2] + upright_u[x + 1]
                v = aside_v[x] + aside_v[x + 2] + upright_v[x + 1]
                a, b = terms[0, y, x], terms[1, y, x]
                residual = a * u + b * v + terms[2, y, x]
                new[0, y + 1, x + 1] = u - a * residual
                new[1, y + 1, x + 1] = v - b * residual
            for part in range(2):
                new[part, y + 1, 0] = new[part, y + 1, 1] if repeat else 0
                new[part, y + 1, width + 1] = new[part, y + 1, width] if repeat else 0
        if repeat:
            for part in range(2):
                for x in range(width + 2):
                    new[part, 0, x] = new[part, 1, x]
                    new[part, height + 1, x] = new[part, height, x]
        old, new = new, old
    if sweeps % 2:
        flow[:] = spare
