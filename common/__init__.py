"""Steps that every paper shares: clips, faces, samples, folds, training, scores, verdicts, tables.

`common` never imports `reproductions` or `datasets`; each module has one idea and few public names.
"""
