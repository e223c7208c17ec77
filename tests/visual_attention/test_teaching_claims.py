"""What lecturers are told to expect: the explorers say so, and every result in the teaching notes stands somewhere."""

import functools
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from courseware.project import START_NUMBER, lessons
from courseware.text import numbers
from courseware.text.syllabus import teaching_notes
from visual_attention.lessons.capstone import explorers as capstone
from visual_attention.lessons.cbam import explorers as cbam
from visual_attention.lessons.cues import explorers as cues
from visual_attention.lessons.kernel_regression import explorers as kernel_regression
from visual_attention.lessons.learned_attention import explorers as learned_attention
from visual_attention.lessons.non_local import explorers as non_local
from visual_attention.lessons.six_kinds import explorers as map_explorers
from visual_attention.lessons.six_kinds.data import SIGN_NAMES
from visual_attention.lessons.squeeze_excitation import explorers as squeeze_excitation

ROOT = Path(__file__).resolve().parents[2]
LESSONS = [lesson for lesson in lessons(ROOT) if lesson.number != START_NUMBER]
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
study = functools.cache(lambda kind: kind())


# lesson, study, settings of its explorer, and what its description must say there
CLAIMS = [
    ("01", cues.DeskStudy, ("nothing", 5.0, 0.0), "all five things get 0.20"),
    ("01", cues.DeskStudy, ("something to read", 0.0, 0.0), "all five things get 0.20"),
    ("01", cues.DeskStudy, ("something to read", 2.0, 3.0), "the red cup gets 0.40"),
    ("01", cues.DeskStudy, ("something to read", 3.0, 3.0), "the book gets 0.42"),
    ("01", cues.SearchStudy, (4, "conjunction", "nothing"), "the target gets 0.167 of the attention; 1 of the others"),
    ("02", kernel_regression.WidthStudy, (0.2, "gaussian", 2.6), "f(2.6) = 3.44"),
    ("02", kernel_regression.WidthStudy, (0.5, "gaussian", 2.6), "test error 0.249"),
    ("02", kernel_regression.WidthStudy, (0.5, "boxcar", 2.6), "test error 0.102"),
    ("02", kernel_regression.PictureStudy, (1.0, float("inf"), (51, 35)), "0.0755 before, 0.0524 after"),
    ("02", kernel_regression.PictureStudy, (4.0, float("inf"), (51, 35)), "0.0755 before, 0.1143 after"),
    ("02", kernel_regression.PictureStudy, (4.0, 0.2, (51, 35)), "0.0449 after"),
    ("02", kernel_regression.PictureStudy, (4.0, 0.02, (51, 35)), "0.0751 after"),
    ("03", learned_attention.LearningStudy, (0.0, "0", "5"), "loss 23.97 with itself, 24.96 left out"),
    ("03", learned_attention.LearningStudy, (1.0, "0", "5"), "20 steps from 0 at rate 5 lead to |w| = 0.00"),
    (
        "03",
        learned_attention.LearningStudy,
        (3.5, "0.05", "0.01"),
        "test error 0.099. 20 steps from 0.05 at rate 0.01 ",
    ),
    ("03", learned_attention.LearningStudy, (3.5, "0.05", "0.01"), "lead to |w| = 1.00"),
    ("03", learned_attention.LearningStudy, (4.3, "0.05", "5"), "lead to |w| = 2.40"),
    ("03", learned_attention.LearningStudy, (4.3, "0.05", "5"), "test error 0.084"),
    ("03", learned_attention.LearningStudy, (5.3, "0.05", "5"), "test error 0.084"),
    ("04", map_explorers.ScaleStudy, ("X", 1), "0.39 on average"),
    ("04", map_explorers.ScaleStudy, ("X", 3), "0.41 on average"),
    ("04", map_explorers.ClipStudy, ("cue", 4), "answered 8, right is 9"),
    ("04", map_explorers.ClipStudy, ("cue", 10), "answered 2, right is 3"),
    ("05", squeeze_excitation.GateStudy, (1.0, "red plane", "green plane", "red"), "reads 0 with probability 0.98"),
    ("05", squeeze_excitation.GateStudy, (0.6, "red plane", "green plane", "red"), "reads 2 with probability 0.81"),
    ("05", squeeze_excitation.GateStudy, (0.8, "red plane", "green plane", "red"), "reads 0 with probability 0.92"),
    ("05", squeeze_excitation.GateStudy, (1.0, "red plane", "nobody", "red"), "reads 1 with probability 0.25"),
    ("05", squeeze_excitation.GateStudy, (1.0, "red plane", "blue plane", "red"), "reads 5 with probability 1.00"),
    ("05", squeeze_excitation.GateStudy, (1.0, "nobody", "green plane", "red"), "reads 2 with probability 1.00"),
    ("05", squeeze_excitation.GateStudy, (0.6, "nobody", "red plane", "green"), "reads 2 with probability 0.55"),
    ("05", squeeze_excitation.GateStudy, (0.6, "nobody", "red plane", "green"), "the announced 0 gets 0.44"),
    ("05", squeeze_excitation.GateStudy, (0.6, "nobody", "blue plane", "green"), "reads 0 with probability 0.56"),
    ("06", non_local.PixelStudy, (0.03, "included", (27, 45)), "keeps 1.00 for itself"),
    ("06", non_local.PixelStudy, (0.06, "included", (27, 45)), "21.11 dB after"),
    ("06", non_local.PixelStudy, (0.06, "left out", (27, 45)), "25.79 dB after"),
    ("06", non_local.PixelStudy, (0.06, "as the nearest other", (27, 45)), "26.69 dB after"),
    ("06", non_local.PixelStudy, (0.08, "included", (51, 39)), "as if 1.0 pixels voted"),
    ("06", non_local.PixelStudy, (0.08, "included", (9, 57)), "as if 40"),
    ("06", non_local.PixelStudy, (0.08, "included", (63, 15)), "as if 558"),
    ("07", cbam.DragStudy, ("the digit", (42, 18)), "reads 0, with probability 0.55"),
    ("07", cbam.DragStudy, ("the dot", (30, 24)), "reads 4"),
    ("07", cbam.DragStudy, ("the dot", (21, 9)), "reads 7"),
    ("07", cbam.DragStudy, ("the dot", (21, 36)), "reads 0"),
    ("07", cbam.DragStudy, ("the dot", (6, 36)), "reads 9"),
    ("08", capstone.SlotStudy, ("dot", "Non-local", 1), "Accuracy over five seeds 0.403 ± 0.012"),
    ("08", capstone.SlotStudy, ("dot", "none", 1), "Accuracy over five seeds 0.402"),
    ("08", capstone.SlotStudy, ("dot", "CBAM", 3), "says 1, right is 8"),
    *(("08", capstone.SlotStudy, ("plain", block, 3), "says 1, right is 8") for block in capstone.CHOICES),
]


@pytest.mark.parametrize(
    "claim", CLAIMS, ids=lambda claim: f"{claim[0]}-{claim[1].__name__}-{claim[2]}".replace(" ", "")
)
def test_an_explorer_says_what_lecturers_are_told(claim):
    _, kind, settings, expected = claim
    assert expected in study(kind).describe(*settings)


def test_from_a_side_of_4_pixels_on_every_sign_but_one_is_called_an_o():
    signs = study(map_explorers.ScaleStudy)
    for side in (4, 5, 6):
        for sign in SIGN_NAMES:
            images = signs._images[sign][map_explorers.CELL_SIDES.index(side)]
            called = signs.network(images).argmax(dim=1) == SIGN_NAMES.index("O")
            assert (called.double().mean() > 0.8) == (sign != "X"), (side, sign)


def test_the_frame_is_found_in_every_clip_that_is_shown():
    clips = study(map_explorers.ClipStudy)
    for task in ("cue", "first"):
        wrong = []
        for number in map_explorers.CLIP_NUMBERS:
            found = int(clips.weights(task, number).argmax())
            assert found == int(clips.clips[task].informative[number - 1])
            if clips.answer(task, number) != int(clips.clips[task].labels[number - 1]):
                wrong.append(number)
        assert wrong == ([4, 10] if task == "cue" else [])


def test_which_white_digits_find_their_twin():
    twins = study(non_local.TwinStudy)
    found = {}
    for number, example in enumerate(non_local.EXAMPLES):
        for row, column in twins.pictures.targets[number].ge(0).nonzero().tolist():
            place = non_local.PLACES[3 * column + 1], non_local.PLACES[3 * row + 1]
            cells = twins.weights("trained block", example, place).reshape(3, 3, 3, 3).sum(dim=(1, 3))
            found[example, row, column] = int(cells.argmax()) == int(twins.pictures.twins[number, row, column])
    assert len(found) == 12
    assert {place for place, hit in found.items() if not hit} == {("A", 0, 0), ("B", 0, 0), ("D", 2, 0)}


def test_the_channel_gates_of_the_dragged_scene_stand_still():
    drag = study(cbam.DragStudy)
    gates = [drag.view(dragged, place).channels for dragged in cbam.DRAGGED for place in ((6, 6), (24, 30), (42, 18))]
    assert all((gate == gates[0]).all() for gate in gates)


def test_non_locals_weight_lies_by_luck_on_the_right_digit_of_all_pictures_that_are_shown():
    slots = study(capstone.SlotStudy)
    for picture in (1, 2, 3):
        seen = slots.view("dot", "Non-local", picture)
        row, column = divmod(int(seen.weights.argmax()), 12)
        top, left, height, width = seen.found
        assert top <= 4 * row + 2 <= top + height
        assert left <= 4 * column + 2 <= left + width


# --------------------------------------------------------------------------------------------------- the numbers
NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?")
# Wrong answers to exercise 2 of lesson 5, and how they come about.
SLIPS = {
    "592,896": sum(n * 2 * (c // 4) ** 2 // 8 for n, c in ((3, 256), (4, 512), (23, 1024), (3, 2048))),
    "1,392,640": sum(2 * c**2 // 8 for c in (256, 512, 1024, 2048)),
    "4,743,168": sum(n * c**2 // 8 for n, c in ((3, 256), (4, 512), (23, 1024), (3, 2048))),
}


def stated(lesson):
    """Every number of a lesson, of its sheet, and of the claims above, as it is written there."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson.stem}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    sheet = nbformat.read(ROOT / "notebooks" / "solutions" / f"{lesson.stem}.ipynb", as_version=4)
    texts += [cell.source for cell in (*notebook.cells, *sheet.cells)]
    for number, kind, settings, _ in CLAIMS:
        if number == lesson.number:
            texts += [study(kind).describe(*settings), str(settings)]
    return {number.replace(",", "") for text in texts for number in NUMBER.findall(text)}


@every_lesson
def test_every_result_in_the_notes_stands_in_the_lesson_or_in_an_explorer(lesson):
    text = teaching_notes(lesson).read_text(encoding="utf-8")
    text = re.sub(r"(?s)<!-- courseware build: timing -->.*?<!-- end of timing -->", "", text)
    text = re.sub(r"(?ms)^### In 25 minutes.*?^### ", "### ", text)  # counted from the lesson, and tested elsewhere
    text = re.sub(r"(?m)^(\| \[.*\) \| .* \|) \d+ \|", r"\1 |", text)  # minutes that an exercise may take
    known = stated(lesson) | {number.replace(",", "") for number in SLIPS}
    # The dB of the explorer are given to one decimal, those of its description to two.
    known |= {f"{float(number):.1f}" for number in known if re.fullmatch(r"2\d\.\d\d", number)}
    found = numbers.numbers(new_notebook(cells=[new_markdown_cell(text)]))
    assert len(found) > 10
    results = [number for number in found if number.kind == "unsupported"]
    lost = [n.sentence for n in results if NUMBER.match(n.text)[0].replace(",", "") not in known]
    assert lost == []


def test_the_wrong_counts_of_lesson_5_are_what_they_are_said_to_be():
    assert {text: f"{count:,}" for text, count in SLIPS.items()} == {text: text for text in SLIPS}
    notes = (ROOT / "course" / "teaching" / "05_squeeze_excitation.md").read_text(encoding="utf-8")
    assert all(text in notes for text in SLIPS)
