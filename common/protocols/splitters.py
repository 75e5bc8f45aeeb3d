"""Which samples train a network, which select it, and which test it.

The functions take a table of samples (`common.samples.build.Samples.table`) and give `Fold`s of positions in it.
A protocol is the unit that stays whole: a window, a clip, or a subject.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.support.errors import UserError

SIDES = ("train", "validation", "test")
# Ends the name of a fold whose test part also selects.
ON_TEST = "-selected-on-test"

# A class without training or test samples makes an accuracy meaningless, one without validation
# samples only worsens the selection; both weigh more than any deviation from the fractions.
MISSING_CLASS = np.array([1000.0, 10.0, 1000.0])


@dataclass(frozen=True)
class Fold:
    """Sample positions of the three sides, ascending; `name` can name a file.

    No position stands on two sides, except where `selected_on_test` says so.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def random_windows(table, seed: int, fractions=(0.7, 0.1, 0.2), stratify: bool = False) -> Fold:
    """Samples at random, whatever they come from: overlapping windows of one clip stand on several sides.

    The sizes are scikit-learn's when the test part is taken first and the validation part from the rest
    (both rounded up), which turns 68,363 samples into 47,853/6,837/13,673.

    Args:
        fractions: of train, validation and test; they add up to 1.
        stratify: keep the share of every emotion.
    """
    from sklearn.model_selection import train_test_split

    _need(len(table), 3, "samples", "random_windows")
    emotions = table.emotion.to_numpy()
    positions = np.arange(len(table))

    def part(some, share):
        if share == 0:
            return some, some[:0]
        labels = emotions[some] if stratify else None
        return train_test_split(some, test_size=share, random_state=seed, stratify=labels)

    try:
        rest, test = part(positions, fractions[2])
        train, validation = part(rest, fractions[1] / (1 - fractions[2]))
    except ValueError as error:
        raise UserError(f"{len(table)} samples cannot be split by emotion: {error}", "Use more clips.") from error
    return Fold(f"random-windows-{seed}", np.sort(train), np.sort(validation), np.sort(test))


def clip_disjoint(table, seed: int, fractions=(0.7, 0.1, 0.2)) -> Fold:
    """Whole clips on each side; see `subject_disjoint`."""
    clip = table.groupby(["corpus", "clip"]).ngroup()
    return _grouped(table, clip, "clips", f"clip-disjoint-{seed}", seed, fractions)


def subject_disjoint(table, seed: int, fractions=(0.7, 0.1, 0.2)) -> Fold:
    """Whole subjects on each side, so that nobody who is tested was seen before.

    Every emotion of every corpus gets as near to the fractions as whole subjects allow, and every emotion stands in
    training and test; in validation too where it has subjects enough.

    Raises:
        UserError: if there are fewer than three subjects, or an emotion that too few of them show.
    """
    return _grouped(table, table.subject, "subjects", f"subject-disjoint-{seed}", seed, fractions)


def official(table, partitions: Sequence[str]) -> Fold:
    """The parts that the makers of a data set named: those of training, validation and test.

    Raises:
        UserError: if one of them has no sample.
    """
    sides = [np.flatnonzero((table.partition == partition).to_numpy()) for partition in partitions]
    empty = [partition for partition, side in zip(partitions, sides, strict=True) if len(side) == 0]
    if empty:
        raise UserError(
            f"No sample belongs to the official part {' or '.join(empty)}.",
            "Use a copy of the data set that names its parts, or another protocol.",
        )
    return Fold("official", *sides)


def selected_on_test(fold: Fold) -> Fold:
    """The fold of authors who had only a test part to watch: it validates too, so what it selects flatters itself."""
    return replace(fold, name=f"{fold.name}{ON_TEST}", validation=fold.test)


def within(fold: Fold, positions: np.ndarray) -> Fold:
    """A fold of the table's rows at these positions, as a fold of the whole table."""
    return replace(fold, **{side: positions[getattr(fold, side)] for side in SIDES})


def step_folds(table, folds: int = 10) -> list[Fold]:
    """Every `folds`-th subject is tested: fold i has the subjects `sorted(subjects)[i::folds]`, none to validate.

    The rule behind the ten-fold lists published for CK+ (118 subjects: eight folds of 12 and two of 11).

    Raises:
        UserError: if there are fewer subjects than folds.
    """
    subjects = _subjects(table, folds)
    return _tested([table.subject.isin(subjects[i::folds]) for i in range(folds)])


def shuffled_folds(table, folds: int = 10, seed: int = 0) -> list[Fold]:
    """As `step_folds`, with the subjects in random order.

    Raises:
        UserError: if there are fewer subjects than folds.
    """
    subjects = np.random.default_rng(seed).permutation(_subjects(table, folds))
    return _tested([table.subject.isin(subjects[i::folds]) for i in range(folds)])


def subject_blocks(table, folds: int = 10) -> list[Fold]:
    """Neighbours in the order of subjects are tested together, in blocks that differ by at most one subject.

    Raises:
        UserError: if there are fewer subjects than folds.
    """
    blocks = np.array_split(_subjects(table, folds), folds)
    return _tested([table.subject.isin(block) for block in blocks])


def clip_folds(table, folds: int = 10, blocks: bool = False) -> list[Fold]:
    """Folds whose numbers of clips differ by at most one, whoever shows them (327 clips: seven of 33, three of 32).

    Clips are put in the order of subjects, then of names. A subject stands in several folds if every `folds`-th clip
    is tested together, which is the default, and only at the ends of a fold in `blocks`.

    Raises:
        UserError: if there are fewer clips than folds.
    """
    clip = table.groupby(["subject", "clip"]).ngroup().to_numpy()
    count = int(clip.max(initial=-1)) + 1
    _need(count, folds, "clips", f"{folds} folds")
    numbers = np.arange(count)
    parts = np.array_split(numbers, folds) if blocks else [numbers[i::folds] for i in range(folds)]
    return _tested([np.isin(clip, part) for part in parts])


def random_folds(table, folds: int = 10, seed: int = 0) -> list[Fold]:
    """Samples dealt out at random, whatever they come from, in parts that differ by at most one sample.

    Raises:
        UserError: if there are fewer samples than folds.
    """
    _need(len(table), folds, "samples", f"{folds} folds")
    part = np.random.default_rng(seed).permutation(np.arange(len(table)) % folds)
    return _tested([part == i for i in range(folds)])


def leave_one_subject_out(table) -> list[Fold]:
    """One fold a subject, named after it, in the order of subjects; none to validate.

    Raises:
        UserError: if there is only one subject.
    """
    subjects = _subjects(table, 2)
    folds = _tested([table.subject == subject for subject in subjects])
    return [replace(fold, name=subject.replace("/", "-")) for fold, subject in zip(folds, subjects, strict=True)]


def with_validation(table, fold: Fold, step: int = 10) -> Fold:
    """The fold with every `step`-th of its training subjects validating instead of training; the test part stays.

    Where those who are tested were dealt out in steps, so are those who validate.

    Raises:
        UserError: if there are not two subjects to train on.
    """
    subjects = _subjects(table.iloc[fold.train], 2)
    # The last of each step, so that of few subjects most train.
    chosen = subjects[step - 1 :: step] if len(subjects) >= step else subjects[-1:]
    validates = table.subject.isin(chosen).to_numpy()[fold.train]
    return replace(fold, train=fold.train[~validates], validation=fold.train[validates])


def with_validation_clips(table, fold: Fold, step: int = 10) -> Fold:
    """The fold with every `step`-th of its training clips validating instead of training; the test part stays.

    Whoever validates is trained on as well, in other clips: for corpora of a few subjects, or of unknown ones. Clips
    are put in the order of emotions, subjects and names, so that every emotion with enough of them validates.

    Raises:
        UserError: if there are not two clips to train on.
    """
    clip = table.groupby(["emotion", "subject", "clip"]).ngroup().to_numpy()
    clips = np.unique(clip[fold.train])
    _need(len(clips), 2, "clips to train on", fold.name)
    chosen = clips[step - 1 :: step] if len(clips) >= step else clips[-1:]
    validates = np.isin(clip[fold.train], chosen)
    return replace(fold, train=fold.train[~validates], validation=fold.train[validates])


def _subjects(table, need: int) -> np.ndarray:
    subjects = np.unique(table.subject.to_numpy(str))
    _need(len(subjects), need, "subjects", f"a split into {need} parts")
    return subjects


def _tested(sides) -> list[Fold]:
    """Folds named by number that test these samples (masks) and train on all others."""
    nobody = np.empty(0, np.int64)
    masks = [np.asarray(side) for side in sides]
    return [
        Fold(f"fold-{i:02d}", np.flatnonzero(~mask), nobody, np.flatnonzero(mask))
        for i, mask in enumerate(masks, start=1)
    ]


def _need(have: int, need: int, what: str, protocol: str) -> None:
    if have < need:
        raise UserError(f"{protocol} needs at least {need} {what}, and there are {have}.", "Use a larger corpus.")


def _grouped(table, groups, what: str, name: str, seed: int, fractions) -> Fold:
    names, group = np.unique(groups, return_inverse=True)
    emotions, emotion = np.unique(table.emotion.to_numpy(str), return_inverse=True)
    corpora, corpus = np.unique(table.corpus.to_numpy(str), return_inverse=True)
    _need(len(names), np.count_nonzero(fractions), what, name)
    counts = np.zeros((len(names), len(corpora), len(emotions)))
    np.add.at(counts, (group, corpus, emotion), 1)
    # Without the corpora as classes of their own, the sides would get the large subjects of one and the small ones
    # of another.
    classes = counts.reshape(len(names), -1)
    classes = classes[:, classes.any(axis=0)]
    side = _assign(classes / classes.sum(axis=0), np.array(fractions), np.random.default_rng(seed))
    for label, shown in zip(emotions, counts.sum(axis=1).T > 0, strict=True):
        if not {0, 2} <= set(side[shown].tolist()):
            raise UserError(
                f"{name} cannot put {label} into both training and test: only {shown.sum()} of "
                f"{len(names)} {what} show it.",
                "Use a larger corpus or a protocol that splits smaller units.",
            )
    return Fold(name, *(np.flatnonzero(side[group] == number) for number in range(len(SIDES))))


def _assign(shares: np.ndarray, fractions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The side (groups,) of each group, near to the fractions in every class.

    In random order each goes to the side where it does most good; then single groups move as long as that helps.

    Args:
        shares: (groups, classes), the part of each class that a group holds.
        fractions: (3,) of the sides; nothing goes to a side of 0.
    """
    allowed = np.flatnonzero(fractions)
    order = rng.permutation(len(shares))
    held = np.zeros((len(SIDES), shares.shape[1]))
    side = np.full(len(shares), -1)

    def costs(group: int) -> Iterator[float]:
        for candidate in allowed:
            held[candidate] += shares[group]
            yield _cost(held, fractions)
            held[candidate] -= shares[group]

    moved = True
    while moved:
        moved = False
        for group in order:
            before = side[group]
            if before >= 0:
                held[before] -= shares[group]
            cost = dict(zip(allowed.tolist(), costs(group), strict=True))
            best = min(cost, key=cost.get)
            # Staying wins over a gain that is only rounding, without which the loop might not end.
            if before < 0 or cost[best] < cost[before] - 1e-9:
                side[group], moved = best, True
            held[side[group]] += shares[group]
    return side


def _cost(held: np.ndarray, fractions: np.ndarray) -> float:
    wanted = fractions > 0
    missing = (held < 1e-9)[wanted].sum(axis=1) @ MISSING_CLASS[wanted]
    return missing + np.square(held - fractions[:, None]).sum()
