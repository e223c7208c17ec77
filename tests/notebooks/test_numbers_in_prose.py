"""Every number in a lesson's text is computed there, cited or flagged as recalled; every citation leads somewhere."""

import re
from collections import Counter
from copy import deepcopy
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from courseware.project import START_NUMBER, lessons
from courseware.text import build, citations, numbers

ROOT = Path(__file__).resolve().parents[2]
LESSONS = [lesson.stem for lesson in lessons(ROOT) if lesson.number != START_NUMBER]
WORKS = citations.read_bibliography(ROOT / build.BIBLIOGRAPHY)
TEXTS = {target.source: target for target in build.targets(ROOT)}
MASK = {ord("0") + digit: 0xE000 + digit for digit in range(10)}  # characters of nobody
every_lesson = pytest.mark.parametrize("stem", LESSONS)


def notebook(stem):
    return nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)


# ------------------------------------------------------------------------------------------------- the lessons
@every_lesson
def test_every_number_is_computed_cited_or_flagged(stem):
    found = numbers.numbers(notebook(stem))
    print(f"\n{stem}: {len(found)} numbers,", dict(Counter(number.kind for number in found)))
    print("    structural:", dict(Counter(number.rule for number in found if number.rule)))
    lost = [f"cell {n.cell}, {n.text!r}: {n.sentence}" for n in found if n.kind == "unsupported"]
    assert lost == [], f"{stem}: neither computed nor cited nor flagged as recalled:\n" + "\n".join(lost)


def test_most_lessons_have_numbers_of_each_kind():
    # Else the test above could pass because nothing was looked at.
    kinds = {stem: Counter(number.kind for number in numbers.numbers(notebook(stem))) for stem in LESSONS}
    assert all(kinds[stem]["computed"] >= 10 for stem in LESSONS)
    assert sum(count["cited"] >= 5 for count in kinds.values()) >= 3


def changed_by(step, original):
    """The notebook with the last digit of each computed decimal changed by `step`, and the places of these numbers."""
    changed, places = deepcopy(original), []
    for place, number in enumerate(numbers.numbers(original)):
        digits = number.text.partition(" ")[0]
        if number.kind == "computed" and "." in digits and 0 <= int(digits[-1]) + step <= 9:
            cell = changed.cells[number.cell]
            other = f"{digits[:-1]}{int(digits[-1]) + step}"
            # Letters stand for digits until all numbers of the cell are found: 0.12 must not become 0.13, then 0.14.
            cell.source = re.sub(rf"(?<![\d.]){re.escape(digits)}(?!\d)", other.translate(MASK), cell.source)
            places.append(place)
    for cell in changed.cells:
        cell.source = cell.source.translate({mask: digit for digit, mask in MASK.items()})
    return changed, places


def test_a_changed_last_digit_of_a_computed_decimal_is_noticed():
    tried, noticed = Counter(), Counter()
    for stem in LESSONS:
        original = notebook(stem)
        for step in (1, -1):
            changed, places = changed_by(step, original)
            found = numbers.numbers(changed)
            for place in places:
                # A decimal such as 0.5 has so many neighbours that some are printed by chance.
                short = len(re.sub(r"\D", "", found[place].text).lstrip("0")) < 2
                tried[short] += 1
                noticed[short] += found[place].kind != "computed"
    print(f"\nchanged digits that are noticed: {noticed[False]} of {tried[False]};", end=" ")
    print(f"in decimals of one digit {noticed[True]} of {tried[True]}")
    assert tried[False] > 100
    assert noticed[False] / tried[False] > 0.94


# ------------------------------------------------------------------------------------------------- the citations
@pytest.mark.parametrize("source", sorted(TEXTS), ids=str)
def test_every_key_is_in_the_bibliography(source):
    for cell in jupytext.read(ROOT / source, fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            assert set(citations.cited_keys(cell.source)) <= set(WORKS)


def test_every_work_is_cited_or_further_reading():
    cited = set()
    for source in TEXTS:
        cells = jupytext.read(ROOT / source, fmt="py:percent").cells
        cited.update(citations.cited_keys("\n\n".join(c.source for c in cells if c.cell_type == "markdown")))
    assert {key for key, work in WORKS.items() if not work.further} - cited == set()


@every_lesson
def test_the_list_of_references_is_generated(stem):
    text = (ROOT / "course" / f"{stem}.py").read_text(encoding="utf-8")
    [after] = re.findall(r"^# ## References\n(.*?)(?=^# %%|\Z)", text, re.DOTALL | re.MULTILINE)
    assert citations.REFERENCES in after
    assert not re.search(r"^# [-*] ", after, re.MULTILINE), "written by hand: cite by key, and the list is made"
    assert "arXiv" not in text


# ------------------------------------------------------------------------------------------------- the rules
def kinds(text, *outputs, code="pass"):
    """The kind of each number of a text, beside a cell with this code that printed these lines."""
    cell = new_code_cell(code, outputs=[new_output("stream", text="\n".join(outputs))] if outputs else [])
    return [(n.text, n.rule or n.kind) for n in numbers.numbers(new_notebook(cells=[new_markdown_cell(text), cell]))]


def kind(text, *outputs, code="pass"):
    [(_, found)] = kinds(text, *outputs, code=code)
    return found


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("an error of 0.125", "error 0.125"),
        ("an error of 0.13", "error 0.1251"),
        ("saves 62.5 %", "share 0.625"),
        ("saves 63 %", "62.5%"),
        ("2,514,944 weights", "2514944"),
        ("some 2.5 million weights", "2,514,944 weights"),
        ("costs 3.86 G", "3858000000"),
        ("a table of 629 MB", "629145600 bytes"),
        ("down to 2.3e-10", "left 2.3e-10"),
        ("a change of −0.42", "change -0.42"),
        ("**0.731**", "gates [0.731, 0.269]"),
        ("at $w = 3.49$", "w = 3.4917"),
        ("$N = 157$ million", "157351936"),
    ],
)
def test_a_printed_number_is_computed(text, output):
    assert kind(text, output) == "computed"
    assert kind(text, "nothing") == "unsupported"


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("an error of 0.1251", "error 0.125"),  # more digits than were printed
        ("an error of 0.12", "error 0.1251"),
        ("a mean of 38", "mean 37.7"),  # a whole number must be printed as it is
        ("saves 12 %", "0.13"),
        ("2.6 million", "2,514,944"),
        ("1.25", "11.25"),
        ("1.25", "1.255e3"),
    ],
)
def test_other_numbers_are_not(text, output):
    assert kind(text, output) == "unsupported"


def test_numbers_in_code_count_and_those_in_comments_and_strings_do_not():
    assert kind("over 50 points", code="noisy_sine(n=50)") == "computed"
    assert kind("over 50 points", code="noisy_sine()  # 50") == "unsupported"
    assert kind("over 50 points", code="show('50 points')") == "unsupported"
    assert kind("over 50,000 pictures", code="n = 50_000") == "computed"


def test_the_words_of_a_static_picture_are_no_output():
    assert kind("near 0.97", "[picture: accuracy near 0.97]") == "unsupported"


def test_short_decimals_must_be_printed_in_their_own_section():
    def found(text):
        cells = [
            new_markdown_cell("# One"),
            new_code_cell("pass", outputs=[new_output("stream", text="0.5 0.512")]),
            new_markdown_cell("# Two"),
            new_markdown_cell(text),
        ]
        return [number.kind for number in numbers.numbers(new_notebook(cells=cells))]

    assert found("here 0.512, there 0.51, and 0.5") == ["computed", "unsupported", "unsupported"]


LINK = "[Hu et al. 2018, Table 10](references.ipynb#hu2018)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"An error of 22.28 ({LINK}).", ["cited"]),
        (f"- first 22.28 ({LINK})\n- second 23.30", ["cited", "unsupported"]),
        (f"First 22.28 ({LINK}).\n\nThen 23.30.", ["cited", "unsupported"]),
        (f"From {LINK}:\n\n| a | b |\n|---|---|\n| 22.28 | 23.30 |", ["cited", "cited"]),
        (f"From {LINK}:\n\n- 22.28\n- 23.30", ["cited", "cited"]),
        (f"From {LINK}.\n\n| a |\n|---|\n| 22.28 |", ["unsupported"]),
        ("An error of 22.28 (as we recall it; check the paper).", ["recalled"]),
        ("[a lesson](05_x.ipynb) says 22.28", ["unsupported"]),
    ],
)
def test_citations_and_flags_speak_for_their_paragraph(text, expected):
    assert [found for _, found in kinds(text)] == expected


@pytest.mark.parametrize(
    ("rule", "text", "counterexample"),
    [
        ("place in a work", "as Tables 13 and 14 show", "14 tables"),
        ("minutes", "> **Lecturer, 15 min.** Go", "trained for 15 minutes"),
        ("name", "a ResNet-50 in", "a ResNet with 50 layers"),
        ("size", "a 16 × 24 map", "16 times 24"),
        ("year", "since 1964", "1964.5 of"),
        ("exponent", "$x^{20}$", "$20x$"),
        ("small whole number", "12 of them", "13 of them"),
        ("small whole number", "the 8 rows", "8 % of them"),
    ],
)
def test_each_structural_rule_has_its_limits(rule, text, counterexample):
    assert {found for _, found in kinds(text)} == {rule}
    assert "unsupported" in {found for _, found in kinds(counterexample)}


def test_every_rule_is_tested_above():
    [mark] = [m for m in test_each_structural_rule_has_its_limits.pytestmark if m.name == "parametrize"]
    assert {case[0] for case in mark.args[1]} == {*numbers.RULES, "small whole number"}


def test_code_spans_targets_of_links_and_the_list_of_references_are_not_looked_at():
    assert kinds("`x = 0.37` and [a page](https://example.org/1709.01507)") == []
    assert kinds("## References\n\n- A. B, *C* 23(3), 1936, arXiv 1709.01507.") == []
