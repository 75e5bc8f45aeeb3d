"""Synthetic corpora: drawn faces, moved by action units, written as the real data sets lie on disk.

A person without a licence can run every step of every paper on them. What they measure is the machinery,
never the papers: a marker file at their root travels into every result.

identity     who a subject is: shape, skin, hair, brows, glasses, beard, and how the face looks at rest
expression   which action units an emotion moves, and how they rise and fall in time
face         one frame: identity + action units + head pose -> pixels
camera       background, light, noise
corpora      how many subjects and clips, written by both cores, deterministic from a seed
write_*      the layout of one data set: folders, names, label files, spreadsheets, irregularities
"""
