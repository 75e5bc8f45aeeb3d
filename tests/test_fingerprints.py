"""What the papers' own networks give from a seed: the same again, and something else if a network is another one."""

import json
from dataclasses import replace

import pytest

from commands import fingerprints
from commands.fingerprints import Fingerprint, compare, take
from common.support.errors import UserError
from common.training import devices
from common.training.network import Network
from reproductions import registry

devices.choose_backend()


def little(activation: str = "relu", units: int = 8) -> Network:
    def build():
        from keras import Sequential, layers

        return Sequential([layers.Input((5,)), layers.Dense(units, activation), layers.Dense(3, "softmax")])

    return Network("little", "Little", build)


def test_the_same_network_gives_the_same_and_another_one_does_not():
    one = take(little())
    assert not one.differs(take(little()))
    assert one.differs(take(little("elu"))) and one.differs(take(little(units=9)))
    assert one.losses[1] < one.losses[0] and sum(one.outputs) == pytest.approx(1, abs=1e-5)
    assert one.differs(replace(one, losses=[one.losses[0], one.losses[1] * 1.02]))


def test_a_changed_and_a_new_network_are_named():
    one, other = Fingerprint([0.5, 0.5], [0.7, 0.6]), Fingerprint([0.4, 0.6], [0.7, 0.6])
    table = compare({"paper": {"a": one, "b": one}}, {"paper": {"a": one, "b": other, "c": one}})
    assert [(row["network"], row["verdict"]) for row in table.rows] == [
        ("paper/a", "ok"),
        ("paper/b", "changed"),
        ("paper/c", "missing"),
    ]


def test_every_network_of_every_paper_is_in_the_file():
    known = fingerprints.read()
    assert {name: set(networks) for name, networks in known.items()} == {
        name: set(registry.reproduction(name).models.NETWORKS) for name in registry.having("models")
    }


def test_the_networks_of_a_paper_are_those_of_the_file(capsys):
    fingerprints.check("thesis")
    assert "changed" not in capsys.readouterr().out


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "fingerprints.json"
    for content in ("[]", '{"paper": {"a": {"outputs": []}}}', "{"):
        path.write_text(content)
        with pytest.raises(UserError, match="git checkout"):
            fingerprints.read(path)
    path.write_text(json.dumps({"paper": {"a": {"outputs": [0.5], "losses": [1.0]}}}))
    assert fingerprints.read(path)["paper"]["a"].losses == [1.0]
