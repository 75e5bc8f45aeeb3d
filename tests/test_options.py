"""Protocols, networks and epochs of a request: what a paper has, what it leaves out, and what is refused."""

import re
from types import SimpleNamespace

import pytest

from commands import reproduce, reproduce_all
from common.results.config import PROTOCOLS
from common.support.errors import UserError
from reproductions import registry


@pytest.mark.parametrize("name", registry.runnable())
def test_every_paper_says_which_protocols_networks_and_controls_it_has(name):
    known = registry.reproduction(name).experiments
    assert known.PROTOCOLS_OF and set(known.PROTOCOLS_OF) <= set(known.EXPERIMENTS)
    assert set(known.NETWORKS_OF) <= set(known.EXPERIMENTS)
    assert all(some and set(some) <= set(PROTOCOLS["all"]) for some in known.PROTOCOLS_OF.values())
    assert isinstance(known.CONTROLS, tuple) and not set(known.CONTROLS) & set(known.EXPERIMENTS)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("emotionalvlan", {"protocol": "clip-disjoint"}, "There is no protocol clip-disjoint in emotionalvlan."),
        ("convlstm", {"protocol": "clip-disjoint", "experiment": "table3"}, "in table3 of convlstm"),
        ("thesis", {"protocol": "strict", "experiment": "candidates"}, "Choose published: PROTOCOL=published."),
        ("timeconvnet", {"network": "tcn_resnet2"}, "Did you mean tcn_resnet20?"),
        ("cnn3d", {"network": "c4", "experiment": "table4"}, "network in table4 of cnn3d"),
        ("thesis", {"network": "cnn_ckplus", "experiment": "dataset"}, "dataset of thesis trains no network"),
        ("thesis", {"epochs": 0}, "0 epochs train nothing"),
        ("thesis", {"variant": "../fifth"}, "A variant cannot be called '../fifth'."),
    ],
)
def test_what_a_paper_does_not_have_is_refused_in_one_sentence(name, options, told):
    with pytest.raises(UserError, match=re.escape(told)):
        reproduce.checked(name, **options)


def test_all_protocols_are_those_of_the_paper_and_the_skipped_one_is_said():
    request = reproduce.checked("emotionalvlan", protocol="all")
    assert request.protocols == ("published", "strict")
    assert request.notes[0] == "The protocol clip-disjoint is skipped where it does not exist: emotionalvlan."
    assert "strict is skipped where it does not exist: table6." in request.notes[1]
    assert reproduce.checked("timeconvnet", protocol="all").notes == ()


def test_experiments_without_the_protocol_are_left_out_and_named():
    request = reproduce.checked("convlstm", protocol="clip-disjoint", experiment="all")
    assert request.notes == ("Left out, because there is no protocol clip-disjoint: table3.",)
    assert [name for name in ("table1", "table2", "table3", "afew_random") if request.wants(name)] == [
        "table1",
        "table2",
        "afew_random",
    ]


def test_a_profile_names_the_experiments_that_run_where_the_user_names_none():
    by_default = reproduce.checked("cnn3d")
    assert by_default.experiments == ("table7",) and not by_default.wants("table4")
    assert by_default.notes == (
        "The quick profile leaves out table4, table5, table6, table8, significance (EXPERIMENT=all runs everything).",
    )
    named = reproduce.checked("cnn3d", experiment="table4,table5")
    assert named.experiments == ("table4", "table5") and named.notes == ()
    everything = reproduce.checked("cnn3d", experiment="all")
    assert everything.wants("table4") and everything.wants("table7") and everything.notes == ()
    # Whoever names a network gets it in every experiment that trains it.
    assert reproduce.checked("cnn3d", network="c2").wants("table5")
    assert reproduce.checked("cnn3d", profile="paper").wants("table4")


def test_one_experiment_has_the_protocols_of_the_whole_paper_so_that_its_plan_is_like_the_others():
    assert reproduce.checked("convlstm", experiment="afew_random").protocols == PROTOCOLS["both"]


def test_a_network_leaves_out_the_experiments_that_do_not_train_it():
    request = reproduce.checked("convlstm", network="convlstm_afew", epochs=2)
    assert not request.wants("table1") and request.wants("table3")
    assert request.wants_network("convlstm_afew") and not request.wants_network("convlstm")
    assert "2 epochs instead of its own, only convlstm_afew" in reproduce.describe(request)
    assert reproduce.checked("convlstm").wants_network("convlstm")


def test_for_all_papers_those_without_the_protocol_are_left_out_and_the_others_run(monkeypatch):
    run = []
    monkeypatch.setattr(reproduce_all, "_problem", lambda name, options: run.append(name))
    monkeypatch.setattr(reproduce_all.report, "write", lambda strict: None)
    reproduce_all.reproduce_all(protocol="clip-disjoint")
    assert set(registry.runnable()) - set(run) == {"emotionalvlan"}


def test_epochs_are_those_asked_for_in_every_paper():
    from reproductions.cnn3d import trainings as cnn3d
    from reproductions.cnn3d.data import CKPLUS, CLASSES
    from reproductions.convlstm import trainings as convlstm
    from reproductions.emotionalvlan import trainings as emotionalvlan
    from reproductions.thesis import trainings as thesis
    from reproductions.timeconvnet import experiments as timeconvnet
    from reproductions.timeconvnet.models import NETWORKS

    def asked(name):
        return reproduce.checked(name, epochs=3)

    assert timeconvnet.recipe(asked("timeconvnet"), NETWORKS["tcn_resnet20"]).epochs == 3
    assert {emotionalvlan.recipe(asked("emotionalvlan"), one).epochs for one in ("pictures", "features")} == {3}
    request, corpus = asked("cnn3d"), SimpleNamespace(name=CKPLUS, classes=CLASSES[CKPLUS])
    assert cnn3d.recipe(request, request.paper.hyperparameters["best"], corpus, "last").epochs == 3
    assert thesis.recipe(asked("thesis"), "published", "CK+").epochs == 3
    assert convlstm.recipe_of_fer2013(asked("convlstm")).epochs == 3
    assert convlstm.recipe(asked("convlstm"), None, "table1", augmented=True).epochs == 3
