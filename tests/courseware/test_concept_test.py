"""The concept test: two parallel forms, and the gain between two tests."""

import json
import math
from pathlib import Path

import pytest

from courseware import cli
from courseware.project import UserError, lessons
from courseware.question_bank.read import FORMS, form_of_test, read_questions
from courseware.votes.gain import Compared, Pair, compared, normalised_gain, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def forms():
    return [read_questions(form_of_test(form, ROOT)) for form in FORMS]


def numbers(path, asked):
    """Kept numbers: for each question the counts of its votes."""
    kept = [{"question": q.text, "choices": list(q.choices), "right": q.right, "rounds": rounds} for q, rounds in asked]
    path.write_text(json.dumps({"questions": kept}), "utf-8")
    return path


# ---- the forms
def test_the_forms_are_parallel_and_share_no_question(forms):
    first, second = forms
    assert len(first) == len(second) == 12
    texts = {question.text for form in forms for question in form}
    texts |= {question.text for lesson in lessons(ROOT)[1:] for question in read_questions(lesson)}
    quizzes = sum(len(read_questions(lesson)) for lesson in lessons(ROOT)[1:])
    assert len(texts) == 24 + quizzes  # nor with a quiz, whose answers students have seen
    assert [len(question.choices) for question in first] == [len(question.choices) for question in second]


@pytest.mark.parametrize("form", [0, 1])
def test_no_habit_of_answering_pays(forms, form):
    rights = [question.right for question in forms[form]]
    assert [rights.count(letter) for letter in "abc"] == [4, 4, 4]
    longest = sum(max(q.choices, key=len) == list(q.choices)[q.letters.index(q.right)] for q in forms[form])
    assert longest <= 4
    # Whoever takes the shortest choice, or one of the shortest, is right no more often than by chance.
    shortest = 0.0
    for question in forms[form]:
        lengths = [len(choice) for choice in question.choices]
        if lengths[question.letters.index(question.right)] == min(lengths):
            shortest += 1 / lengths.count(min(lengths))
    assert shortest <= 4
    explanations = [why for question in forms[form] for why in question.choices.values()]
    assert all(len(why.split()) >= 4 for why in explanations)


def test_numbers_of_the_questions_are_right(forms):
    def numbers_of(text):
        values = {"¼": 1 / 4, "½": 1 / 2, "⅓": 1 / 3, "⅙": 1 / 6, "⅛": 1 / 8, "⅝": 5 / 8}
        return [values[part] if part in values else float(part) for part in text.split(", ")]

    def pooled(question, choice, values):
        return sum(w * v for w, v in zip(numbers_of(list(question.choices)[choice]), values, strict=True))

    (average, contributes, *_, single), (maximum, contributes_b, *_, single_b) = forms
    assert pooled(average, 0, (1, 3, 2, 0)) == 1.5
    assert pooled(average, 1, (1, 3, 2, 0)) == pytest.approx(7 / 3)
    assert pooled(maximum, 1, (2, 0, 5, 1)) == 5
    assert pooled(maximum, 2, (2, 0, 5, 1)) == 3.75
    for question, weights, values in (
        (contributes, (0.6, 0.3, 0.1), (0, 2, 9)),
        (contributes_b, (0.1, 0.2, 0.7), (7, 2, 0)),
    ):
        parts = [weight * value for weight, value in zip(weights, values, strict=True)]
        assert parts.index(max(parts)) == "abc".index(question.right)
        assert max(weights) != weights["abc".index(question.right)]  # or nobody needs the values
    for question, wrong in ((single, 0.23), (single_b, 0.22)):
        error = 100 * math.sqrt(wrong * (1 - wrong) / 50_000)
        assert f"is {error:.2f} points" in next(iter(question.choices.values()))


def test_what_the_test_says_of_blocks_is_what_the_blocks_do(forms):
    import torch

    from visual_attention.blocks.non_local import NonLocalBlock

    torch.manual_seed(0)
    block = NonLocalBlock(8, zero_init=False)
    x = torch.randn(1, 8, 4, 6)
    block.eval()
    assert torch.allclose(block(x.flip(-1)), block(x).flip(-1), atol=1e-4)
    assert not torch.allclose(block(x.flip(-1)), block(x), atol=1e-1)


# ---- the gain
@pytest.mark.parametrize(
    ("before", "after", "gain"), [(0.5, 0.75, 0.5), (0.25, 1.0, 1.0), (0.4, 0.4, 0.0), (0.5, 0.25, -0.5), (0, 0.3, 0.3)]
)
def test_the_gain_is_the_part_of_what_was_possible(before, after, gain):
    assert normalised_gain(before, after) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (1, 1, "before must be less than 1"),
        (-0.1, 0.5, "before must be a share from 0 to 1, was -0.1"),
        (0.5, 50, "after must be a share from 0 to 1, was 50"),
        (math.nan, 0.5, "before must be a share"),
    ],
)
def test_no_gain_of_what_is_no_share(before, after, said):
    with pytest.raises(ValueError, match=said):
        normalised_gain(before, after)


def test_two_tests_are_compared_place_by_place(forms, tmp_path):
    first, second = forms
    # Right answers: a and b of the first two of form A; b and a of form B. Each question counts the same.
    before = numbers(tmp_path / "before.json", [(first[0], [[2, 1, 1]]), (first[1], [[4, 4, 0], [0, 0, 8]])])
    after = numbers(
        tmp_path / "after.json", [(second[1], [[6, 2, 2]]), (second[0], [[1, 3, 0]]), (second[5], [[1, 1, 1]])]
    )
    result = compared(before, after, forms)
    assert result.pairs == [Pair(1, first[0].text, 2, 4, 3, 4), Pair(2, first[1].text, 0, 8, 6, 10)]
    assert (result.before, result.after) == pytest.approx((0.25, 0.675))
    assert result.gain == pytest.approx((0.675 - 0.25) / 0.75)
    assert "0.25 before, 0.68 after" in report(result) or "0.25 before, 0.67 after" in report(result)
    # The other form first: the same with the roles exchanged.
    back = compared(after, before, forms)
    assert (back.before, back.after) == pytest.approx((0.675, 0.25))
    assert back.gain < 0


def test_where_everything_was_right_there_is_no_gain():
    result = Compared([Pair(1, "What?", 3, 3, 2, 4)])
    assert math.isnan(result.gain)
    assert "normalised gain: none: all was right before" in report(result)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be numbers that courseware present --keep has written"),
        ("[]", "must be numbers"),
        ('{"questions": [{"question": "?"}]}', "must be numbers"),
        ('{"questions": []}', "no question of the concept test in common"),
    ],
)
def test_a_file_that_is_no_test_is_a_message(forms, tmp_path, text, said):
    path = tmp_path / "numbers.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match=said):
        compared(path, path, forms)


def test_the_command_prints_the_gain_and_misses_no_file(forms, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    before = numbers(tmp_path / "before.json", [(forms[0][2], [[2, 2, 0]])])
    after = numbers(tmp_path / "after.json", [(forms[1][2], [[1, 0, 3]])])
    assert cli.main(["gain", str(before), str(after)]) == 0
    assert "0.50 before, 0.75 after; normalised gain: 0.50" in capsys.readouterr().out
    assert cli.main(["gain", str(before), str(tmp_path / "missing.json")]) == 2
    assert "missing.json cannot be read" in capsys.readouterr().err


def test_the_command_writes_a_form_as_a_sheet(forms, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert cli.main(["quiz", "--test", "b", "--to", "text"]) == 0
    sheet, _, answers = capsys.readouterr().out.partition("\f")
    assert sheet.count("\n12. ") == answers.count("\n12. ") == 1
    assert "✓" not in sheet
    assert cli.main(["quiz", "--test", "b", "--to", "text", "2"]) == 2
    assert "not both" in capsys.readouterr().err
