"""Stored results belong to the recipes in the code, and a run of today gives what was stored."""

import json

import pytest
import torch
from scipy import stats
from torch import nn

from courseware.experiments import known
from visual_attention.experiments import Difference, Experiment, load_weights, stored
from visual_attention.experiments.store import _LESSONS

KNOWN = known("visual_attention.lessons")
EVERY = [found.experiment for found in KNOWN.values()]
every_experiment = pytest.mark.parametrize("experiment", EVERY, ids=lambda experiment: experiment.name)


@every_experiment
def test_stored_results_belong_to_the_recipe(experiment):
    results = stored(experiment.name)
    remedy = f"run `courseware experiments {experiment.name}`"
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
    files = {file for file in _LESSONS.glob("*/results/*") if file.suffix in (".json", ".pt")}
    assert {(file.stem, file.parent) for file in files} == {(name, found.folder) for name, found in KNOWN.items()}


def toy(keep=("b", 1)):
    def run(variant, seed):
        network = nn.Linear(2, 1)
        nn.init.constant_(network.weight, seed)
        return {"error": seed + (0.25 if variant == "b" else 0), "hits": 1}, network

    return Experiment("toy", "What is a toy?", {"steps": 3, "rates": (1, 2)}, ("a", "b"), (0, 1, 2), run, keep)


def measured(experiment):
    return [experiment.measure(*pair) for pair in experiment.pairs]


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    experiment = toy()
    runs = measured(experiment)
    assert [(run.variant, run.seed) for run in runs] == [(v, s) for s in (0, 1, 2) for v in "ab"]
    assert [run.weights is not None for run in runs] == [pair == ("b", 1) for pair in experiment.pairs]
    results = experiment.write(runs[::-1], tmp_path / "toys" / "results")  # in whatever order they came
    monkeypatch.setattr("visual_attention.experiments.store._LESSONS", tmp_path)
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


def test_a_paired_difference_by_hand():
    # Differences 1, 2, 3, 6: mean 3, sum of squares about it 4 + 1 + 0 + 9 = 14, standard error √(14 / 3 / 4) = 1.080.
    difference = Difference(torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64))
    assert difference.mean == 3
    assert difference.error == pytest.approx((14 / 3 / 4) ** 0.5)
    assert difference.found  # 3 against 2.160
    assert difference.text(2) == "+3.00 ± 1.08, ahead in 4 of 4: a finding"
    assert Difference(-difference.by_seed).found
    lower = Difference(difference.by_seed - 1)  # the mean is 2, the standard error the same
    assert not lower.found
    assert lower.text() == "+2.000 ± 1.080, ahead in 3 of 4: no finding"
    assert not Difference(torch.zeros(5)).found


def test_a_difference_needs_two_seeds_in_a_row():
    for wrong in (torch.ones(1), torch.ones(2, 2), torch.tensor(1.0)):
        with pytest.raises(ValueError, match=r"by_seed must have shape \(seeds,\) with two or more, got"):
            Difference(wrong)


def test_by_chance_one_comparison_in_nine_is_called_a_finding():
    # Told in lesson 4: five seeds, no difference at all. Drawn, and by Student's t with four degrees of freedom.
    draws = torch.randn(20_000, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    share = sum(Difference(row).found for row in draws) / len(draws)
    assert 1 / share == pytest.approx(9, abs=0.6)
    assert 1 / (2 * stats.t.sf(2, df=4)) == pytest.approx(9, abs=0.6)


def test_results_pair_two_variants(tmp_path, monkeypatch):
    toy().write(measured(toy()), tmp_path / "toys" / "results")
    monkeypatch.setattr("visual_attention.experiments.store._LESSONS", tmp_path)
    difference = stored("toy").paired("b", "a", "error")
    assert difference.by_seed.tolist() == [0.25, 0.25, 0.25]
    assert difference.found


@pytest.mark.parametrize("choose", [lambda runs: runs[1:], lambda runs: [*runs, runs[0]]], ids=["missing", "twice"])
def test_a_table_needs_each_run_once(tmp_path, choose):
    with pytest.raises(ValueError, match="runs must be one for each of"):
        toy().write(choose(measured(toy())), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_computes_on_one_thread():
    def run(variant, seed):
        return {"threads": torch.get_num_threads()}, None

    assert Experiment("toy", "How many?", {}, ("a",), (0,), run).measure("a", 0).numbers == {"threads": 1}
