"""The glossary: its links lead to where a term is used, and the course keeps to its words and spellings."""

import re
from pathlib import Path

import jupytext
import pytest

from courseware.project import START_NUMBER, lessons
from courseware.text.syllabus import anchor

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    lesson.stem: "\n\n".join(
        cell.source for cell in jupytext.read(lesson.source, fmt="py:percent").cells if cell.cell_type == "markdown"
    )
    for lesson in lessons(ROOT)
    if lesson.number != START_NUMBER
}
SHEETS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "course" / "exercises").glob("*.py")}
GLOSSARY = (ROOT / "course" / "glossary.py").read_text(encoding="utf-8")

# Spellings that the course does not use, as patterns. Titles of works keep theirs: those are in italics.
VARIANTS = (
    r"non ?volitional",
    r"involitional",
    r"self attention",
    r"soft-max",
    r"Nadaraya[- ]Watson",
    r"non ?local",
    r"Non-Local",
    r"normali[z]\w*",
    r"neighbor",
    r"colors?\b",
    r"behavior",
    r"grey?scale",
    r"sub-sampl",
    r"multiply-accumulate",
    r"feature-map",
    r"key-value",
    r"leave-one-out-",
)
QUOTED = ('"attentional behavior … is not essential in the applications we study"', "gray and color images")


def rows(heading):
    """The cells of the table below a heading, without head and rule."""
    block = GLOSSARY.split(f"# ## {heading}\n", 1)[1].split("\n# %%", 1)[0]
    lines = [line.removeprefix("# ") for line in block.splitlines() if line.startswith("# |")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]


WORDS = [
    dict(zip(("term", "chinese", "meaning", "symbol", "where", "also"), row, strict=True)) for row in rows("Words")
]
for word in WORDS:
    word["term"] = word["term"].strip("* ")
every_word = pytest.mark.parametrize("word", WORDS, ids=lambda word: word["term"])


def spelt(text):
    """A text to look for words in: lower case, no line breaks."""
    return re.sub(r"\s+", " ", text).casefold()


@every_word
def test_a_term_is_used_where_its_link_leads(word):
    link = re.fullmatch(r"\[(\d) · (.+)\]\((\w+)\.ipynb#(\S+)\)", word["where"])
    assert link, word["where"]
    number, heading, stem, section = link.groups()
    assert stem.startswith(f"0{number}_")
    assert section == anchor(heading)
    headings = re.findall(r"(?m)^###? (.*)$", TEXTS[stem])
    assert [anchor(each) for each in headings].count(section) == 1
    names = [word["term"], *re.split(r", ", word["also"])]
    used = spelt(TEXTS[stem])
    stems = [name.casefold().removesuffix(" kernel regression") for name in names if name]
    assert any(name in used for name in stems), f"lesson {number} uses none of {names}"


@every_word
def test_a_row_is_whole(word):
    assert re.search(r"[\u4e00-\u9fff]", word["chinese"])
    assert word["meaning"].endswith(".")
    assert len(word["meaning"]) < 160


def test_terms_are_in_order_and_unique_in_both_languages():
    terms = [word["term"].casefold().replace("–", "-") for word in WORDS]
    assert terms == sorted(terms)
    assert len(set(terms)) == len(terms) > 40
    chinese = [word["chinese"] for word in WORDS]
    assert len(set(chinese)) == len(chinese)


def test_chinese_words_of_the_lessons_are_those_of_the_glossary():
    known = "".join(word["chinese"] for word in WORDS)
    for lesson, text in TEXTS.items():
        for term in re.findall(r"[\u4e00-\u9fff]+", text.replace("ランダムな手がかり", "")):
            if term not in ("随意肌", "分支通道", "分支通道注意力"):  # a muscle, and a slip that is corrected there
                assert term in known, f"lesson {lesson} has {term}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_spelling(variant):
    pattern = re.compile(variant if variant[0].isupper() else rf"(?i)\b{variant}")
    for name, text in [*TEXTS.items(), *SHEETS.items(), ("glossary", GLOSSARY)]:
        prose = re.sub(r"`[^`]*`|\]\([^)]*\)|(?m:^(?!# ).*$)" if name in SHEETS else r"`[^`]*`|\]\([^)]*\)", "", text)
        for quoted in QUOTED:
            prose = prose.replace(quoted, "")
        found = pattern.search(prose)
        assert not found, f"{name}: {prose[max(found.start() - 40, 0) : found.end() + 40]!r}"


def test_notation_has_one_row_for_a_symbol():
    symbols = [row[0] for row in rows("Notation")]
    assert len(symbols) > 20
    assert len(set(symbols) - {"$N$"}) == len(symbols) - symbols.count("$N$")


@pytest.mark.parametrize(
    "variant", [r"\^T\b", r"\^\{T\}", r"\\operatorname\{(ReLU|sigmoid)\}", r"\\delta\(", r"\\sigma_\{?\("]
)
def test_formulas_write_one_thing_in_one_way(variant):
    for name, text in [*TEXTS.items(), *SHEETS.items(), ("glossary", GLOSSARY)]:
        formulas = " ".join(re.findall(r"\$\$.*?\$\$|\$[^$\n]+\$", text, flags=re.DOTALL))
        assert not re.search(variant, formulas), name
