"""Times PyPI's `fer` on videos. It runs in an environment of its own, so it knows nothing of this project.

For every line on its input it prints one: the milliseconds of each frame as JSON, and in how many a face was found.
"""

import json
import sys
import time

import cv2
from fer.fer import FER

frames = []
for path in sys.argv[2:]:
    capture = cv2.VideoCapture(path)
    while (read := capture.read())[0] and len(frames) < int(sys.argv[1]):
        frames.append(read[1])
detector = FER()
detector.detect_emotions(frames[0])
print(json.dumps("ready"), flush=True)
for _ in sys.stdin:
    took, found = [], 0
    for frame in frames:
        began = time.perf_counter()
        found += len(detector.detect_emotions(frame)) > 0
        took.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"milliseconds": took, "with_face": found}), flush=True)
