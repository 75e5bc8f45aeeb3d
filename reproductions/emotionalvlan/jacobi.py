"""The inner loop of the Horn–Schunck flow, compiled for the processor that it runs on.

It has a module of its own because Numba takes a while to import. It compiles in some four seconds, once: the result is
kept beside the bytecode of this module.
"""

import numpy as np
from numba import njit


@njit("void(f4[:, :, :, ::1], f4[:, :, :, ::1], f4[:, :, ::1], i8, f4, f4, b1)", nogil=True, fastmath=True, cache=True)
def sweep(flow, terms, spare, sweeps, beside, corner, repeat):
    """Move the flow of every pair towards its solution, in place: u = ū − a·(a·ū + b·v̄ + c), likewise v with b.

    All arrays of one pair together fit into the processor's cache, so the pairs are solved one after the other.

    Args:
        flow: (n, 2, H + 2, W + 2) with a border of one pixel around each component.
        terms: (n, 3, H, W), a, b and c of each pixel.
        spare: (2, H + 2, W + 2), overwritten; its border must be zero.
        sweeps: how often every pixel is renewed.
        beside, corner: weights in the mean ū of each of the four neighbours beside a pixel, and at its corners.
        repeat: whether the border repeats the outermost pixels; else it stays as it is.
    """
    pairs, _, height, width = terms.shape
    # Of one row, for the mean of each pixel: what its neighbours left and right bring, and what those above and below.
    aside_u, aside_v, upright_u, upright_v = np.empty((4, width + 2), np.float32)
    for pair in range(pairs):
        old, new, term = flow[pair], spare, terms[pair]
        for _ in range(sweeps):
            for y in range(height):
                for x in range(width + 2):
                    both_u, both_v = old[0, y, x] + old[0, y + 2, x], old[1, y, x] + old[1, y + 2, x]
                    upright_u[x], upright_v[x] = beside * both_u, beside * both_v
                    aside_u[x] = corner * both_u + beside * old[0, y + 1, x]
                    aside_v[x] = corner * both_v + beside * old[1, y + 1, x]
                for x in range(width):
                    u = aside_u[x] + aside_u[x + 2] + upright_u[x + 1]
                    v = aside_v[x] + aside_v[x + 2] + upright_v[x + 1]
                    a, b = term[0, y, x], term[1, y, x]
                    residual = a * u + b * v + term[2, y, x]
                    new[0, y + 1, x + 1] = u - a * residual
                    new[1, y + 1, x + 1] = v - b * residual
            if repeat:
                for part in range(2):
                    for y in range(1, height + 1):
                        new[part, y, 0] = new[part, y, 1]
                        new[part, y, width + 1] = new[part, y, width]
                    for x in range(width + 2):
                        new[part, 0, x] = new[part, 1, x]
                        new[part, height + 1, x] = new[part, height, x]
            old, new = new, old
        if sweeps % 2:
            flow[pair] = spare
