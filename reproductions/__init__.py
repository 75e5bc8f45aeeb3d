"""The five reproductions, one package each.

Every package describes its paper in `paper.yaml` (read by `common.paper.load`) and rebuilds it from the shared parts
in `common` and `datasets`. No package imports another.
"""
