"""The pictures of lesson 8's five jobs."""

import pytest
import torch

from visual_attention.lessons.capstone.data import (
    ANSWERS,
    DIGIT,
    INKS,
    JOBS,
    SIDE,
    THINGS,
    inside,
    job,
    painted,
    single_inks,
)

every_job = pytest.mark.parametrize("name", JOBS)
WHITE = INKS.index("white")


@pytest.fixture(scope="module")
def shown():
    return {name: job(name, 200, "train", seed=3) for name in JOBS}


def ink_in(inks, boxes):
    """The ink of each kind in boxes (n, 4): (n, 4)."""
    return (inks * inside(boxes)[:, None]).sum((2, 3))


@every_job
def test_shapes_ranges_and_answers(shown, name):
    it = shown[name]
    questions = 3 if name == "twin" else 1
    assert it.inks.shape == (200, 4, SIDE, SIDE)
    assert it.inks.dtype == torch.float32
    assert it.labels.shape == (200, questions)
    assert it.asked.shape == it.evidence.shape == (200, questions, 4)
    assert set(it.labels.flatten().tolist()) == set(range(ANSWERS[name]))
    assert (it.asked[..., :2] + it.asked[..., 2:] <= SIDE).all()
    assert (it.evidence[..., :2] + it.evidence[..., 2:] <= SIDE).all()


@every_job
def test_a_seed_decides_everything(name):
    one, two, other = (job(name, 5, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.inks, two.inks)
    assert not torch.equal(one.inks, other.inks)


@every_job
def test_a_frame_in_one_of_three_inks(shown, name):
    edge = shown[name].inks[:, :3, 0].mean(dim=2)  # (n, 3): the first row of pixels
    assert ((edge > 0.9).sum(dim=1) == 1).all()
    if name != "scale":
        assert torch.equal(edge.argmax(dim=1), shown[name].clues)


def test_frame_announces_one_of_three_digits_on_one_spot(shown):
    it = shown["frame"]
    assert (ink_in(it.inks, it.evidence[:, 0])[:, :3] > 10).all()
    assert torch.equal(it.labels[:, 0].bincount(minlength=10).nonzero()[:, 0], torch.arange(10))


def test_twins_have_the_answer_s_ink_and_white_digits_ask(shown):
    it = shown["twin"]
    for question in range(3):
        ink = ink_in(it.inks, it.evidence[:, question])
        assert torch.equal(ink[:, :3].argmax(dim=1), it.labels[:, question])
        assert (ink_in(it.inks, it.asked[:, question]).argmax(dim=1) == WHITE).all()


def test_the_dot_is_near_one_digit_and_far_from_the_others(shown):
    """The dot is the ink outside of all digits' boxes."""
    it = shown["dot"]
    boxes = torch.cat([it.evidence, it.others], dim=1)
    digits = inside(boxes).amax(dim=1)
    left = it.inks[:, WHITE] * (1 - digits)
    strong = left > 0.5
    grid = torch.stack(torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")).double()
    centre = (strong[:, None] * grid).sum((2, 3)) / strong.sum((1, 2))[:, None]
    away = (boxes[..., :2] + DIGIT // 2 - centre[:, None]).norm(dim=2)
    assert ((away[:, 0] > 10.5) & (away[:, 0] < 15.5)).all()
    assert (away[:, 1:] > 20).all()


def test_plain_asks_for_the_white_digit(shown):
    it = shown["plain"]
    assert (ink_in(it.inks, it.evidence[:, 0]).argmax(dim=1) == WHITE).all()
    for ink in range(3):
        assert (ink_in(it.inks, it.others[:, ink]).argmax(dim=1) == ink).all()


def test_signs_have_five_dots_whatever_their_size(shown):
    it = shown["scale"]
    ink = (it.inks[:, WHITE] > 0.5).sum((1, 2))
    assert (ink == 5 * 21).all()
    sides = it.evidence[:, 0, 2]
    assert torch.equal(sides == 32, it.clues == 1)
    assert set(sides.tolist()) == {18, 32}


def test_single_things():
    images, labels = single_inks(2000, seed=1)
    assert images.shape == (2000, 1, 20, 20)
    assert labels.bincount(minlength=THINGS).min() > 100
    assert ((images[labels == 10, 0] > 0.5).sum((1, 2)) == 21).all()
    assert ((images[labels == 11, 0] > 0.5).sum((1, 2)) == 60).all()


def test_inside_covers_shares_of_cells():
    box = torch.tensor([2, 4, 10, 10])
    assert inside(box).sum() == 100
    cells = inside(box, 12)
    assert cells.sum() * 16 == 100
    assert cells[0, 1] == 0.5
    assert cells[0, 0] == 0
    with pytest.raises(ValueError, match="side must divide 48, got 5"):
        inside(box, 5)


def test_painted_shows_each_ink():
    inks = torch.eye(4)[:, :, None, None]
    colours = painted(inks)[:, 0, 0]
    assert colours.argmax(dim=1)[:3].tolist() == [0, 1, 2]
    assert colours[3].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("boat", 1), ValueError, "name must be one of"),
        (("dot", 0), ValueError, "n must be"),
        (("dot", 1.5), TypeError, "n must be"),
        (("dot", 1, "all"), ValueError, "split must be one of"),
    ],
)
def test_bad_arguments(arguments, kind, words):
    with pytest.raises(kind, match=words):
        job(*arguments)
    with pytest.raises(ValueError, match="seed must be"):
        job("dot", 1, seed=-1)
