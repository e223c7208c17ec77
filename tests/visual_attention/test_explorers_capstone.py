"""The explorer of lesson 8, driven over its whole range."""

import itertools

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.experiments.store import load_tensors
from visual_attention.lessons.capstone import experiment
from visual_attention.lessons.capstone.data import JOBS
from visual_attention.lessons.capstone.experiment import KEEP, OWN, SHOWN, SLOTS, Gallery, InkTrunk, pictures
from visual_attention.lessons.capstone.explorers import CHOICES, SlotStudy, slot_explorer, word


@pytest.fixture(scope="module")
def study():
    return SlotStudy()


def test_every_stop(study):
    explorer = slot_explorer(study)
    seen = 0
    for values, figure, text in sweep(explorer):
        view = study.view(**values)
        picture, weights, accuracy = figure.axes
        assert np.asarray(picture.images[0].get_array()) == pytest.approx(view.image.numpy())
        assert np.asarray(weights.images[0].get_array()) == pytest.approx(view.weights.numpy())
        dots = [line.get_xdata() for line in accuracy.lines if line.get_marker() == "o"]
        for drawn, name in zip(dots, CHOICES, strict=True):
            assert drawn == pytest.approx(study.results.of(name, values["job"]).numpy())
        assert f"the network says {view.answer}, right is {view.right}" in text
        assert study.results.spread(values["block"], values["job"]) in text
        seen += 1
    assert seen == len(JOBS) + len(CHOICES) + SHOWN


def test_every_combination_says_what_is_stored(study):
    for job, block, picture in itertools.product(JOBS, CHOICES, range(1, SHOWN + 1)):
        text = study.describe(job, block, picture)
        maps, answer = study.gallery.get(block, job, picture - 1)
        assert f"With {block} in the slot the network says {word(job, answer)}," in text
        assert study.results.spread(OWN[job], job) in text
        assert torch.equal(study.view(job, block, picture).weights, maps)


def test_stored_answers_are_mostly_right_where_the_table_says_so(study):
    for job in JOBS:
        for block in CHOICES:
            right = [study.view(job, block, k + 1) for k in range(SHOWN)]
            if float(study.results.of(block, job)[0]) > 0.98:
                assert all(view.answer == view.right for view in right), (job, block)
            assert all(view.weights.isfinite().all() and (view.weights >= 0).all() for view in right)


def test_non_local_s_weights_sum_to_one_and_a_gate_lies_between_0_and_1(study):
    for job in JOBS:
        for k in range(SHOWN):
            assert float(study.view(job, "Non-local", k + 1).weights.sum()) == pytest.approx(1, abs=0.01)
            gate = study.view(job, "CBAM", k + 1).weights
            assert 0 <= gate.min() <= gate.max() <= 1


def test_the_stored_trunk_is_that_of_the_table(study):
    """With nothing in the slot, stored answers come from features of the stored trunk: the trunk still names digits."""
    from visual_attention.lessons.capstone.data import single_inks

    images, labels = single_inks(500, "test", seed=5)
    with torch.no_grad():
        named = study.gallery.trunk(images).argmax(dim=1) == labels
    assert named.double().mean() > 0.95


def test_gallery_keeps_what_was_put():
    gallery = Gallery.empty(InkTrunk())
    maps = torch.rand(SHOWN, 12, 12)
    gallery.put("SE", "dot", maps, torch.tensor([1, 2, 3]))
    got, answer = gallery.get("SE", "dot", 2)
    assert torch.allclose(got, maps[2], atol=1e-3)
    assert answer == 3
    assert gallery.get("CBAM", "dot", 0)[1] == -1
    assert gallery.holds("SE", "dot")
    assert not gallery.holds("CBAM", "dot")
    assert set(SLOTS) >= set(CHOICES)


def test_the_stored_gallery_comes_back_as_it_was_written(study):
    stored = load_tensors("capstone")
    written = study.gallery.state_dict()
    assert list(written) == list(stored)
    assert all(torch.equal(written[name], stored[name]) for name in stored)


def test_the_gallery_that_is_kept_holds_every_slot_whatever_ran_the_others(monkeypatch):
    """Runs of one seed may be spread over processes: the last one trains what its own process has not."""
    gallery, trained = Gallery.empty(InkTrunk()), []

    def train_and_show(slot, name, seed):
        trained.append((slot, name, seed))
        gallery.put(slot, name, torch.zeros(SHOWN, 12, 12), torch.zeros(SHOWN))

    monkeypatch.setattr(experiment, "_gallery", lambda seed: gallery)
    monkeypatch.setattr(experiment, "_train_and_show", train_and_show)
    gallery.put("SE", "dot", torch.zeros(SHOWN, 12, 12), torch.zeros(SHOWN))
    experiment._complete_gallery(0)
    expected = {(slot, name, 0) for slot in SLOTS if slot != "kernels only" for name in JOBS}
    assert set(trained) == expected - {("SE", "dot", 0)} | {("kernels only", "scale", 0)}
    assert len(trained) == len(set(trained))
    assert all(gallery.holds(slot, name) for slot, name, _ in expected)
    assert KEEP == experiment.capstone.keep == (experiment.capstone.variants[-1], 0)


def test_words():
    assert (word("twin", 1), word("scale", 2), word("dot", 7)) == ("green", "+", "7")
    assert len(pictures("scale", "test", 0).labels) == 1000
