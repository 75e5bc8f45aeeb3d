"""The figures that the project promises, measured: one module a group, each with `TITLE` and `measure(small)`.

Figures are ratios within one run wherever a ratio says it, because milliseconds belong to a machine.
"""
