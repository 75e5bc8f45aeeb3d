"""Subjects as the names of files tell them, by the rules of the sets that circulate."""

import re
from collections.abc import Sequence

from common.support.errors import UserError

# A rule is taken if nearly all names follow it.
ENOUGH = 0.9
RULES = {
    "S001_..., as in CK+ and BAUM-1": r"(?:^|[/_])(S\d{3})[-_/]",
    "P001/..., as in Oulu-CASIA": r"(?:^|/)(P\d{3})[/_-]",
    "AF01ANS, as in KDEF": r"(?:^|/)[AB]([FM]\d{2})[A-Z]{3,4}\.\w+$",
    "KA.AN1.39, as in JAFFE": r"(?:^|/)([A-Z]{2})[.-](?:AN|DI|FE|HA|NE|SA|SU)\d",
    "03-01-...-12, as in RAVDESS": r"(?:^|/)\d\d(?:-\d\d){5}-(\d\d)(?:\D|$)",
    "Rafd090_01, as in RaFD": r"(?:^|/)Rafd\d{3}_(\d{2})_",
    "DC_a01, as in SAVEE": r"(?:^|/)(DC|JE|JK|KL)[_/]",
    "folders named subject 1": r"(?:^|/)(?:subject|actor|person)[ _-]?(\w+)/",
    "folders named s1": r"(?:^|/)s(\d{1,3})/",
}


def subjects(names: Sequence[str], rule: str = "") -> list[str]:
    """The subject of each name, "" where none is told.

    Args:
        rule: a regular expression whose first group is the subject; `RULES` are tried without it.

    Raises:
        UserError: if the rule is no regular expression with a group.
    """
    for pattern in [_checked(rule)] if rule else [re.compile(one, re.IGNORECASE) for one in RULES.values()]:
        found = [match[1].upper() if (match := pattern.search(name)) and match[1] else "" for name in names]
        if rule or sum(map(bool, found)) >= ENOUGH * max(len(found), 1):
            return found
    return [""] * len(names)


def _checked(rule: str) -> re.Pattern:
    try:
        pattern = re.compile(rule)
    except re.error as error:
        raise UserError(
            f"--subject {rule} is no regular expression ({error}).", r"Write it as in '(S\d+)_'."
        ) from error
    if not pattern.groups:
        raise UserError(f"--subject {rule} has no group.", r"Put the subject into parentheses, as in '(S\d+)_'.")
    return pattern
