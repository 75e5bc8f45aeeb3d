"""Every network of every paper can be built with every alternative of every decision, and is tried before data are."""

from functools import cache
from itertools import product

import pytest

from commands import reproduce
from common.paper import load as papers
from common.results.config import Request, check
from common.support.errors import UserError
from common.training import devices
from common.training.blueprint import Blueprint, parameters
from reproductions import buildable, registry

WITH_NETWORKS = registry.having("models")
# Settings that decide together whether the parts of a network fit: all of their combinations are tried.
TOGETHER = {
    "cnn3d": ("fc_units", "dropout_places"),
    "emotionalvlan": ("aggregation", "aggregation_weight_init", "weight_sharing"),
    "convlstm": ("pools", "pool_size", "convlstm_output", "fer_network", "fer_features"),
    "timeconvnet": ("pool3d", "temporal_stride_3d", "temporal_stride_2plus1d", "relu_between", "nin"),
}


paper = cache(papers.load)


def asked(name: str, profile: str = "paper", settings=()) -> Request:
    known = registry.reproduction(name).experiments.EXPERIMENTS
    return check(paper(name), known, profile=profile, settings=[f"{one}={value}" for one, value in settings])


def choices(name: str) -> dict[str, list]:
    """The alternatives of every decision; "any" number is 7."""
    decisions = paper(name).decisions
    return {one.name: [7 if value == "any" else value for value in one.alternatives] for one in decisions}


@cache
def shaping(name: str) -> list[tuple[str, object]]:
    """(decision, alternative) of all that changes what is built."""
    plain = described(asked(name))
    pairs = [(one, value) for one, values in choices(name).items() for value in values]
    return [pair for pair in pairs if described(asked(name, settings=[pair])) != plain]


def described(request: Request) -> list[str]:
    return [repr((one.name, one.classes, dict(one.settings))) for one in buildable.networks(request)]


_counted: dict[str, int] = {}


def counts(name: str, settings=(), profile: str = "paper") -> list[int]:
    """The parameters of all networks of a request; what was laid out before is not laid out again."""
    request, found = asked(name, profile, settings), []
    devices.choose_backend()
    for one, key in zip(buildable.networks(request), described(request), strict=True):
        if (name, key) not in _counted:
            _counted[name, key] = buildable.laid_out(request, one)
        found.append(_counted[name, key])
    return found


def test_every_paper_with_networks_says_which_it_builds():
    assert registry.having("blueprints") == WITH_NETWORKS
    shape = {name: {decision for decision, _ in shaping(name)} for name in WITH_NETWORKS}
    assert all(set(settings) <= shape[name] for name, settings in TOGETHER.items())
    assert {"fc_units", "dropout_places"} <= shape["cnn3d"] and "dropout" in shape["thesis"]


@pytest.mark.parametrize("name", WITH_NETWORKS)
def test_blueprints_count_what_the_committed_counts_say(name):
    """So what is laid out is the network, not something like it."""
    from commands import parameters as committed

    known = {figures["parameters"] for figures in committed._read()[name].values()}
    assert set(counts(name)) & known and len(set(counts(name)) & known) >= len(known) / 2


@pytest.mark.parametrize("profile", ["paper", "quick"])
@pytest.mark.parametrize("name", WITH_NETWORKS)
def test_every_network_is_built_with_every_alternative(name, profile):
    assert min(counts(name, profile=profile)) > 0
    for decision, value in shaping(name):
        ends = choices(name)[decision][0], choices(name)[decision][-1]
        if profile == "paper" or value in ends:  # of many, in small only the first and the last
            assert min(counts(name, [(decision, value)], profile)) > 0


@pytest.mark.parametrize("name", TOGETHER)
def test_settings_that_must_fit_together_do_in_all_combinations(name):
    known = paper(name).settings
    for values in product(*([known[one], *choices(name)[one]] for one in TOGETHER[name])):
        assert min(counts(name, zip(TOGETHER[name], values, strict=True))) > 0


# --- the check before a reproduction ----------------------------------------------------------------


def unfit(classes: int = 7, width: int = 1):
    """Two layers that can be added with width 1 alone."""
    from keras import Input, Model, layers

    inputs = Input((4,))
    return Model(inputs, layers.Add()([layers.Dense(3)(inputs), layers.Dense(3 * width + (width > 1))(inputs)]))


def test_what_cannot_be_built_is_told_with_the_settings(monkeypatch):
    request = asked("convlstm", settings=[("pools", 1)])
    monkeypatch.setattr(buildable, "networks", lambda request: [Blueprint("odd", unfit, 7, {"width": 2})])
    with pytest.raises(UserError, match=r"odd of convlstm cannot be built with pools=1: .*shape"):
        buildable.lay_out(request)


def test_a_setting_that_a_builder_refuses_is_told_in_its_words(monkeypatch):
    from reproductions.convlstm.networks import convlstm

    odd = Blueprint("odd", convlstm, 7, {"pools": 3})
    monkeypatch.setattr(buildable, "networks", lambda request: [odd])
    with pytest.raises(UserError, match=r"setting of pools.*3"):
        buildable.lay_out(asked("convlstm"))


def test_a_reproduction_asks_before_it_reads_data(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(buildable, "check", lambda request: seen.append(request.changed_settings) or stop())
    monkeypatch.setattr("reproductions.convlstm.experiments.reproduce", lambda request: pytest.fail("data were read"))

    def stop():
        raise UserError("cannot be built", "")

    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    with pytest.raises(UserError, match="cannot be built"):
        reproduce.reproduce("convlstm", settings=["pools=1"])
    assert seen == [{"pools": 1}]


def test_the_check_runs_in_a_process_of_its_own(monkeypatch):
    started = []
    monkeypatch.setattr(buildable.workers, "run_all", lambda f, tasks, workers: started.append((f, tasks, workers)))
    buildable.check(asked("convlstm"))
    assert started == []  # the defaults are built by the tests above
    request = asked("convlstm", settings=[("pools", 1)])
    buildable.check(request)
    assert started == [(buildable._without_gpu, [request], 2)]


def test_blueprints_have_no_weights():
    """The largest network has 114 million, 455 MB."""
    import resource

    devices.choose_backend()
    parameters(Blueprint("small", unfit, 7))  # Keras itself
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one = next(one for one in buildable.networks(asked("cnn3d")) if one.name == "c3d_ckplus, Table 2")
    assert parameters(one) == 78_035_463
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
