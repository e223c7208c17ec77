"""Stored results belong to the recipes in the code, and a run of today gives what was stored."""

import json

import pytest
import torch
from torch import nn

from visual_attention.experiments import Experiment, load_weights, measure, stored
from visual_attention.experiments.__main__ import known, main
from visual_attention.experiments.store import _FOLDER

EVERY = list(known().values())
every_experiment = pytest.mark.parametrize("experiment", EVERY, ids=lambda experiment: experiment.name)


@every_experiment
def test_stored_results_belong_to_the_recipe(experiment):
    results = stored(experiment.name)
    remedy = f"run `python -m visual_attention.experiments {experiment.name}`"
    # Through JSON, as the stored one went: tuples become lists.
    assert results.recipe == json.loads(json.dumps(dict(experiment.recipe))), remedy
    assert results.question == experiment.question, remedy
    assert results.seeds == list(experiment.seeds), remedy
    assert list(results.values) == list(experiment.variants), remedy
    for columns in results.values.values():
        assert columns
        assert all(len(numbers) == len(results.seeds) for numbers in columns.values())
    assert results.seconds > 0
    assert set(results.versions) == {"python", "torch"}


@every_experiment
def test_at_least_five_seeds(experiment):
    assert len(experiment.seeds) >= 5


def test_no_results_without_an_experiment():
    names = {entry.name.rpartition(".")[0] for entry in _FOLDER.iterdir() if entry.name.endswith((".json", ".pt"))}
    assert names == {experiment.name for experiment in EVERY}


def toy(keep=("b", 1)):
    def run(variant, seed):
        network = nn.Linear(2, 1)
        nn.init.constant_(network.weight, seed)
        return {"error": seed + (0.25 if variant == "b" else 0), "hits": 1}, network

    return Experiment("toy", "What is a toy?", {"steps": 3, "rates": (1, 2)}, ("a", "b"), (0, 1, 2), run, keep)


def test_measure_stores_and_reads(tmp_path, monkeypatch, capsys):
    results = measure(toy(), tmp_path)
    assert "toy: b, seed 2: error 2.250, hits 1.000" in capsys.readouterr().out
    monkeypatch.setattr("visual_attention.experiments.store._FOLDER", tmp_path)
    again = stored("toy")
    assert (
        again.values
        == results.values
        == {
            "a": {"error": [0, 1, 2], "hits": [1, 1, 1]},
            "b": {"error": [0.25, 1.25, 2.25], "hits": [1, 1, 1]},
        }
    )
    assert again.spread("a", "error") == "1.000 ± 1.000"
    assert again.gain("b", "a", "error").tolist() == [0.25, 0.25, 0.25]
    assert torch.equal(load_weights(nn.Linear(2, 1), "toy").weight, torch.ones(1, 2))
    with pytest.raises(ValueError, match="variant must be one of a, b, got 'c'"):
        again.of("c", "error")
    with pytest.raises(ValueError, match="measure must be one of error, hits, got 'loss'"):
        again.of("a", "loss")
    with pytest.raises(ValueError, match="name must be one of toy, got 'boat'"):
        stored("boat")


def test_only_the_kept_network_can_be_trained_again(tmp_path):
    assert measure(toy(), tmp_path, keep_only=True) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.pt"]


def test_the_command_lists_the_experiments(capsys):
    main([])
    printed = capsys.readouterr().out
    assert all(f"{experiment.name}: {experiment.question}" in printed for experiment in EVERY)
