"""Answers of lesson 8's sheet that the general tests cannot derive: counted blocks, and the stored table."""

from pathlib import Path

import pytest
import torch
from scipy import stats

from courseware import language
from courseware.exercises import journal
from courseware.exercises.report import State
from courseware.language import languages, speaking
from courseware.project import project_root
from visual_attention.blocks import NonLocalBlock, SpatialAttention, SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.exercises import capstone as exercise
from visual_attention.lessons.capstone import experiment
from visual_attention.lessons.capstone.data import beacon, dots_drawn, numerals_drawn

ROOT = project_root(Path(__file__))


def expected(each):
    return {
        question.name: getattr(question, "expected", getattr(question, "right", None)) for question in each.questions
    }


def test_costs_are_those_of_the_tested_blocks():
    right = expected(exercise.costs)
    shape = (1, 32, 10, 10)
    se, gate = count_cost(SqueezeExcitation(32, 4), shape), count_cost(SpatialAttention(), shape)
    non_local = count_cost(NonLocalBlock(32, 16), shape)
    assert (right["se_parameters"], right["se_operations"]) == (se.parameters, se.multiply_adds)
    assert right["spatial_operations"] == gate.multiply_adds
    assert right["non_local_parameters"] == non_local.parameters
    assert right["non_local_operations"] == non_local.multiply_adds


def test_the_best_of_five_seeds_is_luck():
    draws = torch.randn(200_000, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert expected(exercise.unfair)["luck"] == pytest.approx(float(draws.amax(dim=1).mean()), abs=0.01)


def test_three_seeds_find_what_is_not_there_in_nearly_a_fifth():
    """Student's t with two degrees of freedom: P(|t| > 2) = 1 − √(2/3). And drawn."""
    draws = torch.randn(200_000, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    share = 100 * float((draws.mean(dim=1).abs() > 2 * draws.std(dim=1) / 3**0.5).double().mean())
    assert expected(exercise.paired)["false_findings"] == pytest.approx(200 * stats.t.sf(2, df=2))
    assert expected(exercise.paired)["false_findings"] == pytest.approx(share, abs=0.3)


def test_the_pairs_cost_more_than_the_maps_from_a_side_of_nine():
    maps, pairs = (lambda n: 4 * n * 32 * 16), (lambda n: 2 * n * n * 16)
    assert pairs(64) == maps(64)
    assert pairs(81) > maps(81)
    costs = {side: count_cost(NonLocalBlock(32, 16), (1, 32, side, side)).multiply_adds for side in (8, 9)}
    assert costs == {side: maps(side**2) + pairs(side**2) for side in (8, 9)}


def test_the_sealed_boxes_do_what_the_letters_say():
    x = torch.rand(1, 64, 12, 12, generator=torch.Generator().manual_seed(0)) + 0.1
    other = x.clone()
    other[:, :, 6, 6] += 1
    order = torch.randperm(144, generator=torch.Generator().manual_seed(1))
    felt, equivariant = {}, []
    for name in ("Ash", "Birch", "Cedar", "Dogwood"):
        box = experiment.sealed(name)
        places = ((box(other) - box(x)).abs().amax(dim=1)[0] > 1e-6).nonzero() - 6
        felt[name] = int(places.abs().max())
        shuffled = box(x.flatten(2)[:, :, order].view_as(x)).flatten(2)
        if torch.allclose(shuffled, box(x).flatten(2)[:, :, order], atol=1e-4):
            equivariant.append(name)
    assert felt == {"Ash": 6, "Birch": 2, "Cedar": 1, "Dogwood": 6}
    assert equivariant == ["Ash", "Dogwood"]
    ratios = {name: experiment.sealed(name)(x) / x for name in ("Birch", "Dogwood")}
    assert ratios["Birch"].std(dim=1).max() < 1e-4 < ratios["Birch"].std(dim=(2, 3)).min()
    assert ratios["Dogwood"].std(dim=(2, 3)).max() < 1e-4 < ratios["Dogwood"].std(dim=1).min()
    with pytest.raises(ValueError, match="name must be one of"):
        experiment.sealed("Elm")


def test_the_pictures_of_the_beacon_show_what_they_say():
    shown = beacon(40, "test", seed=3)
    assert torch.equal(beacon(40, "test", seed=3).inks, shown.inks)
    for inks, box, clue in zip(shown.inks, shown.others[:, 0].tolist(), shown.clues.tolist(), strict=True):
        row, column, height, width = box
        dot = inks[:3, row : row + height, column : column + width].amax(dim=(1, 2))
        assert int(dot.argmax()) == clue
    assert shown.labels.shape == (40, 1)


def test_what_is_drawn_for_a_design_has_to_fit():
    inks, ink = torch.zeros(2, 4, 48, 48), torch.tensor([0, 2])
    numerals_drawn(inks, ink, torch.tensor([[0, 38], [5, 5]]), torch.tensor([3, 7]), 0)
    dots_drawn(inks, ink, torch.tensor([[20, 20], [47, 0]]))
    assert inks[0, 0].max() == 1
    assert inks[0, 1:].max() == inks[1, [0, 1, 3]].max() == 0
    with pytest.raises(ValueError, match="corners must lie from 0 to 38"):
        numerals_drawn(inks, ink, torch.tensor([[0, 39], [5, 5]]), torch.tensor([3, 7]), 0)
    with pytest.raises(ValueError, match="centres must have the shape"):
        dots_drawn(inks, ink, torch.zeros(3, 2, dtype=torch.int64))


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ([0.81, 0.83, 0.80], "Better than you thought"),
        ([0.71, 0.68, 0.70], "As near as"),
        ([0.60, 0.58, 0.61], "it stands, weakened"),
        ([0.49, 0.48, 0.47], "refuted. That is a result"),
    ],
)
def test_whatever_comes_out_is_compared_kindly(reached, words):
    (outcome,) = [question for question in exercise.beacon.questions if question.name == "outcome"]
    finding = outcome.judge([0.7, 0.5, *reached])
    assert finding.state is State.RIGHT
    assert words in finding.message
    assert_in_all_languages(finding)


@pytest.mark.parametrize(
    "heard",
    [
        lambda a, v, share: share @ (a @ v),
        lambda a, v, share: torch.mm(v.T, a.T) @ share,
        lambda a, v, share: ((share[:, None] * a) @ v).sum(dim=0),
        lambda a, v, share: sum(s * (row @ v) for s, row in zip(share, a, strict=True)),
    ],
)
def test_y_is_seen_however_it_is_computed(heard):
    report = exercise.columns.check(heard=heard)
    assert report.state is State.NOT_YET
    assert report.mistakes == ("y computed",)
    assert "y is computed on the way" in repr(report)


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.costs, {"spatial_operations": 1568}, "Without padding"),
        (exercise.costs, {"se_parameters": 520}, "The second layer has biases too"),
        (exercise.unfair, {"luck": 1.0}, "somewhat more"),
        (exercise.unfair, {"luck": 1.1}, "cut off, not rounded"),
        (exercise.unfair, {"luck": 2.33}, "from the worst"),
        (exercise.columns, {"heard": lambda a, v, share: a.mean(0) @ v}, "share says how much at each"),
        (exercise.unfair, {"row": lambda test: test.mean(1).amax(1)}, "still chosen on the test pictures"),
        (exercise.unfair, {"row": lambda test: test[:, -1].mean(1)}, "dim 2 the checkpoints"),
        (
            exercise.paired,
            {"paired": lambda a, b: torch.stack([(a - b).mean(), (a - b).var() / len(a) ** 0.5])},
            "Its root is the standard deviation",
        ),
    ],
)
def test_wrong_answers_are_named(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_rows_of_the_table_by_hand():
    a = torch.tensor([[0.2, 0.8, 0], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]])
    right = torch.tensor(expected(exercise.columns)["most_heard"])
    assert torch.allclose(torch.tensor([0.25, 0, 0.75]) @ a, right)


def question(each, name):
    [found] = [q for q in each.questions if q.name == name]
    return found


@pytest.fixture
def session(monkeypatch):
    """A student at work, and the two exercises that know each other, with nothing noted yet."""
    monkeypatch.setattr(journal, "is_kept", lambda: True)
    session = question(exercise.prediction, "predicted").session
    yield session
    session.predicted.clear()
    session.reads = None


def assert_in_all_languages(finding):
    for each in languages(ROOT).values():
        with speaking(each.code):
            language.missing.clear()
            language.words(finding.message)
            assert language.missing == set()


def noted_then(outcome, *predictions):
    for predicted in predictions:
        assert question(exercise.prediction, "predicted").judge(predicted).state is State.RIGHT
    return question(exercise.beacon, "outcome").judge(outcome)


def test_a_prediction_stays_as_it_was_noted(session):
    assert_in_all_languages(noted_then([0.6, 0.45, 0.81, 0.83, 0.80]))
    assert noted_then([0.6, 0.45, 0.81, 0.83, 0.80], [0.6, 0.45]).state is State.RIGHT
    for outcome, words in (
        ([0.85, 0.8, 0.81, 0.83, 0.80], "Noted in exercise 7 were 0.60 and 0.45"),
        ([0.83, 0.81, 0.80, 0.6, 0.45], "in another order"),
        ([0.81, 0.83, 0.80, 0.6, 0.45], "in another order"),
    ):
        finding = noted_then(outcome)
        assert finding.state is State.NOT_YET
        assert words in finding.message
        assert_in_all_languages(finding)
    finding = noted_then([0.8, 0.5, 0.81, 0.83, 0.80], [0.8, 0.5])
    assert finding.state is State.RIGHT
    assert "Noted first were 0.60 and 0.45" in finding.message
    assert_in_all_languages(finding)


def test_where_nothing_was_noted_an_outcome_passes_and_says_so(session):
    finding = noted_then([0.6, 0.45, 0.81, 0.83, 0.80])
    assert finding.state is State.RIGHT
    assert "could not be seen" in finding.message


def test_no_prediction_is_kept_where_the_journal_is_off(session, monkeypatch):
    monkeypatch.setattr(journal, "is_kept", lambda: False)
    finding = noted_then([0.85, 0.8, 0.81, 0.83, 0.80], [0.6, 0.45])
    assert finding.state is State.RIGHT
    assert not session.predicted
    assert "seen" not in finding.message


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ([0.88, 0.87, 0.89], ""),
        ([0.80, 0.82, 0.79], ""),
        ([0.70, 0.70, 0.71], "none of the three accuracies"),
        ([0.88, 0.45, 0.60], "one of the three accuracies"),
    ],
)
def test_the_accuracies_are_near_what_the_network_reads(session, reached, words):
    session.reads = 0.88
    finding = question(exercise.beacon, "outcome").judge([0.7, 0.41, *reached])
    assert finding.state is (State.NOT_YET if words else State.RIGHT), finding
    assert words in finding.message
    assert_in_all_languages(finding)
    assert session.reads is None  # another check has another network


def test_what_is_read_is_left_for_the_outcome(session):
    reads, shown = question(exercise.beacon, "reads"), beacon(201, "test", seed=10_003)

    def reader(inks):  # looks the answers up
        at = next(i for i in range(len(shown.inks)) if torch.equal(shown.inks[i], inks[0]))
        return torch.eye(10)[shown.labels[at : at + len(inks), 0]]

    assert reads.judge(reader, 3).state is State.RIGHT
    assert session.reads == 1
    reads.judge(lambda inks: torch.zeros(len(inks), 10), 3)
    assert session.reads is None
