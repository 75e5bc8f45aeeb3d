"""The warp of `common.samples.augmentation` for windows of several frames, compiled for the processor it runs on.

One call moves all windows of a batch without Python's lock, so that threads which make batches run side by side; OpenCV
takes and releases the lock for each window. The results are those of cv2.warpAffine to the last bit: it rounds places
to 1/1024 and then to 1/32 of a pixel, and sums the four weighted neighbours in this order. Of a single channel OpenCV
takes another way, with other rounding, so those images stay with it.

It has a module of its own because Numba takes a while to import. It compiles in some four seconds, once: the result is
kept beside the bytecode of this module.
"""

import numpy as np
from numba import njit


@njit("void(u1[:, :, :, :, ::1], f8[:, :, ::1], f4[::1], f4[:, :, :, ::1])", nogil=True, cache=True)
def warp(frames, maps, values, moved):
    """Move all frames of each window by its map, bilinear, with the border repeated outwards.

    Args:
        frames: (n, T, H, W, C).
        maps: (n, 2, 3) from a pixel (x, y) of the result to the place it is taken from.
        values: (256,) what each grey level stands for.
        moved: (n, H, W, T·C), overwritten with the result.
    """
    count, length, height, width, channels = frames.shape
    image = np.empty((height, width, length * channels), np.float32)
    right, down = np.empty((2, width), np.int64)
    for n in range(count):
        for t in range(length):
            for y in range(height):
                for x in range(width):
                    for c in range(channels):
                        image[y, x, t * channels + c] = values[frames[n, t, y, x, c]]
        for x in range(width):
            right[x], down[x] = np.rint(maps[n, 0, 0] * x * 1024), np.rint(maps[n, 1, 0] * x * 1024)
        for y in range(height):
            # 16 more, so that the shift to 1/32 of a pixel rounds.
            begin_x = np.int64(np.rint((maps[n, 0, 1] * y + maps[n, 0, 2]) * 1024)) + 16
            begin_y = np.int64(np.rint((maps[n, 1, 1] * y + maps[n, 1, 2]) * 1024)) + 16
            for x in range(width):
                at_x, at_y = (begin_x + right[x]) >> 5, (begin_y + down[x]) >> 5
                x0, x1 = min(max(at_x >> 5, 0), width - 1), min(max((at_x >> 5) + 1, 0), width - 1)
                y0, y1 = min(max(at_y >> 5, 0), height - 1), min(max((at_y >> 5) + 1, 0), height - 1)
                part_x, part_y = np.float32(at_x & 31) / np.float32(32), np.float32(at_y & 31) / np.float32(32)
                rest_x, rest_y = np.float32(1) - part_x, np.float32(1) - part_y
                a, b, c, d = rest_y * rest_x, rest_y * part_x, part_y * rest_x, part_y * part_x
                for k in range(image.shape[2]):
                    upper = image[y0, x0, k] * a + image[y0, x1, k] * b
                    moved[n, y, x, k] = upper + image[y1, x0, k] * c + image[y1, x1, k] * d
