"""The explorer of lesson 8, driven over its whole range, and its drawing pad."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.experiments import stored
from visual_attention.experiments.store import load_tensors
from visual_attention.lessons.capstone import experiment
from visual_attention.lessons.capstone.data import JOBS, bare
from visual_attention.lessons.capstone.experiment import (
    KEEP,
    OWN,
    SHOWN,
    SLOTS,
    Gallery,
    InkTrunk,
    pictures,
    seen_by,
)
from visual_attention.lessons.capstone.experiment_places import COMPARED, stored_read_outs
from visual_attention.lessons.capstone.explorers import (
    CHOICES,
    DOT,
    DRAWN,
    SlotStudy,
    slot_explorer,
    slots_pad,
    word,
)


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
    kept = load_tensors("capstone")
    written = study.gallery.state_dict()
    assert list(written) == list(kept)
    assert all(torch.equal(written[name], kept[name]) for name in kept)


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


# ---- the drawing pad
@pytest.fixture(scope="module")
def pad():
    return slots_pad()


def answers(pad, picture):
    outputs = pad.outputs(picture)
    return {slot: int(outputs[slot].argmax()) for slot in COMPARED}


def test_the_pad_has_the_stored_read_outs_and_their_trunk(study, pad):
    """Written out for the page, the networks answer as they do in the experiment."""
    drawn = torch.cat([pad.picture(name) for name in pad.pictures])
    inks = bare().repeat(len(drawn), 1, 1, 1)
    inks[:, -1:] += drawn
    inputs = seen_by(study.gallery.trunk, inks)
    outputs = pad.outputs(drawn)
    for slot, reader in stored_read_outs().items():
        with torch.no_grad():
            assert torch.allclose(outputs[slot], reader(inputs)[:, :, 0].softmax(dim=1), atol=1e-5)


def test_on_the_pad_the_answer_with_cbam_goes_with_the_dot_and_the_other_stays(pad):
    """What the lesson tells of its picture: the dot goes by whole cells from the first digit to the last."""
    *digits, dot = pad.pictures["three digits and a dot"]
    (first, _), _, (last, _) = DRAWN
    assert answers(pad, pad.begin()) == {"SE": first, "CBAM": first}
    said = []
    for cells in range(4):
        moved = replace(dot, row=dot.row + 4 * cells, column=dot.column + 4 * cells)
        pad.pictures["moved"] = [*digits, moved]
        said.append(answers(pad, pad.picture("moved")))
    del pad.pictures["moved"]
    assert said[0] == answers(pad, pad.begin())
    assert said[-1] == {"SE": first, "CBAM": last}
    assert {each["SE"] for each in said} == {first}
    assert (dot.row + 2, dot.column + 2) == DOT


def test_the_stored_read_outs_read_as_their_table_says(study):
    """On the first 200 of the 1,000 test pictures, within three standard errors of the stored share."""
    shown = pictures("dot", "test", 0)
    inputs = seen_by(study.gallery.trunk, shown.inks[:200])
    for slot, reader in stored_read_outs().items():
        with torch.no_grad():
            right = (reader(inputs)[:, :, 0].argmax(dim=1) == shown.labels[:200, 0]).double().mean()
        assert right == pytest.approx(float(stored("trading_places").of(slot, "right")[0]), abs=3 * (0.25 / 200) ** 0.5)
