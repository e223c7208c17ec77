"""Translations: what a unit is, how catalogues follow the English, what a notebook shows, and which faults are seen."""

import importlib
import shutil
import sys
from pathlib import Path

import nbformat
import polib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from courseware import language
from courseware.language import languages, speaking, words
from courseware.notebook.figure_words import speak
from courseware.project import find_text, project_root
from courseware.text import build, catalogues, derive, strings, translate, translation_checks
from courseware.text.translate import Catalogue, paragraphs, unwrapped

ROOT = project_root(Path(__file__).parent)
ZH = ROOT / "course" / "zh"

TEXT = """# %% [markdown]
# # 1 · Toys
#
# A query asks: how close is $q$ to 3 keys? See [the end](#The-end), [@hu2018].
#
# **Predict:** what comes
# out of `f(x)`?

# %%
x = 1  # a comment

# %% [markdown]
# ## The end
#
# $$a
#
# b$$
"""
GOOD = {
    "# 1 · Toys": "# 1 · 玩具",
    "A query asks: how close is $q$ to 3 keys? See [the end](#The-end), [@hu2018].": (
        "查询问：$q$ 离 3 个键有多近？见[结尾](#The-end)、[@hu2018]。"
    ),
    "**Predict:** what comes out of `f(x)`?": "**先猜**：`f(x)` 的结果是什么？",
    "## The end": "## 结尾",
}


@pytest.fixture
def course(tmp_path):
    """A course of one lesson and its catalogue in Chinese."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course" / "zh").mkdir(parents=True)
    (tmp_path / "course" / "01_toys.py").write_text(TEXT, encoding="utf-8")
    for name in ("language.toml", "terms.toml", "font.otf"):
        shutil.copy(ZH / name, tmp_path / "course" / "zh")
    said = (ZH / "language.toml").read_text(encoding="utf-8").partition("complete")[0]
    (tmp_path / "course" / "zh" / "language.toml").write_text(said + 'complete = ["01_toys"]\n', encoding="utf-8")
    catalogue = translate.catalogue_of(languages(tmp_path)["zh"], "01_toys")
    for entry in catalogue.file:
        entry.msgstr = GOOD[entry.msgid]
    catalogue.file.save(str(catalogue.path))
    return tmp_path


def catalogue_at(root: Path) -> Catalogue:
    return translate.catalogue_of(languages(root)["zh"], "01_toys")


def notebook_at(root: Path) -> nbformat.NotebookNode:
    notebook = derive.lesson((root / "course" / "01_toys.py").read_text(encoding="utf-8"))
    translate.translated(notebook, catalogue_at(root))
    return notebook


def test_a_block_with_blank_lines_is_one_paragraph_and_wrapping_does_not_count():
    text = "one\ntwo\n\n$$a\n\nb$$\n\n```\nx\n\ny\n```\n\n- item\n  goes on\n- item"
    assert paragraphs(text) == ["one\ntwo", "$$a\n\nb$$", "```\nx\n\ny\n```", "- item\n  goes on\n- item"]
    assert unwrapped("one\ntwo") == "one two"
    assert unwrapped("- item\n  goes on\n- item") == "- item goes on\n- item"


def test_a_notebook_keeps_code_ids_and_english_anchors(course):
    english = derive.lesson(TEXT)
    chinese = notebook_at(course)
    assert [cell.id for cell in chinese.cells] == [cell.id for cell in english.cells]
    assert chinese.cells[1].source == english.cells[1].source
    assert chinese.cells[0].source.startswith('# 1 · 玩具 <a id="1-·-Toys"></a>\n\n查询问：')
    assert chinese.cells[2].source == '## 结尾 <a id="The-end"></a>\n\n$$a\n\nb$$'
    assert catalogues.behind(course)[0] == []


def test_a_changed_paragraph_shows_in_english_with_a_mark_and_fails_the_check(course):
    text = course / "course" / "01_toys.py"
    text.write_text(TEXT.replace("how close", "how very close"), encoding="utf-8")
    [told] = [problem for problem in catalogues.behind(course)[0] if "outdated" in problem]
    assert told.startswith("course/zh/01_toys.po: 1 outdated, 0 untranslated ('A query asks: how very close")
    shown = notebook_at(course).cells[0].source
    assert "**〔英文已改动，译文待更新，暂用英文〕**\n\nA query asks: how very close" in shown
    assert "先猜" in shown
    # The command keeps the old translation and the English that it translates; both come back with the old English.
    catalogue_at(course).file.save(str(catalogue_at(course).path))
    [entry] = [entry for entry in polib.pofile(str(catalogue_at(course).path)) if entry.fuzzy]
    assert entry.previous_msgid.startswith("A query asks: how close")
    assert entry.msgstr.startswith("查询问")
    text.write_text(TEXT, encoding="utf-8")
    assert catalogue_at(course).outdated() == []
    assert catalogue_at(course).untranslated() == []


def test_a_paragraph_that_is_gone_stays_in_the_file_and_a_new_one_counts(course):
    text = TEXT.replace("# ## The end", "# ## Something else entirely, and long")
    (course / "course" / "01_toys.py").write_text(text, encoding="utf-8")
    catalogue = catalogue_at(course)
    assert catalogue.untranslated() == ["## Something else entirely, and long"]
    assert [entry.msgstr for entry in catalogue.file if entry.obsolete] == ["## 结尾"]
    assert "## 〔尚未翻译，暂用英文〕Something else" in notebook_at(course).cells[2].source


SOURCE = "A **query** and 2 keys: $q$, `f`, [a](b.ipynb#C), [@hu2018] {{recap: 1}} †."
RIGHT = "一个**查询**和 2 个键：$q$、`f`、[甲](b.ipynb#C)、[@hu2018] {{recap: 1}} †。"
TABLE, TABLE_RIGHT = "| a | value |\n|---|---|\n| b | 1 |", "| 甲 | 值 |\n|---|---|\n| 乙 | 1 |"


@pytest.mark.parametrize(
    ("rule", "source", "target"),
    [
        ("formulas", SOURCE, RIGHT.replace("$q$", "$k$")),
        ("formulas", "$$x^2$$\nso", "$$x^3$$\n所以"),
        ("code", SOURCE, RIGHT.replace("`f`", "`g`")),
        ("links", SOURCE, RIGHT.replace("#C", "#D")),
        ("citations", SOURCE, RIGHT.replace("hu2018", "hu2019")),
        ("marks", SOURCE, RIGHT.replace("recap: 1", "recap: 2")),
        ("marks", "{items} items", "{item} 条"),
        ("signs", SOURCE, RIGHT.replace("†", "")),
        ("numbers", SOURCE, RIGHT.replace("2 个", "3 个")),
        ("shape", TABLE, TABLE_RIGHT.replace("| 乙 | 1 |", "| 乙 1 |")),
        ("shape", "- one\n- two", "- 一"),
        ("shape", "## Heading", "标题"),
        ("bold", SOURCE, RIGHT.replace("**", "")),
        ("bold", "**Aim:** read it", "**目标：**读它"),
        ("punctuation", "So it is, here.", "是这样,在这里。"),
        ("punctuation", "A word (here)", "一个词(这里)"),
        ("punctuation", 'It says "yes"', '它说"是"'),
        ("spacing", "The network SE", "网络SE"),
        ("spacing", "With $x$", "有$x$"),
        ("spacing", "Two words", "两个 词"),
        ("spacing", "One line", "一行\n文字"),
        ("terms", "the queries, a query", "提问"),
        ("terms", "a random cue", "随机线索"),
    ],
)
def test_each_rule_sees_its_fault(rule, source, target):
    found = translation_checks.faults(polib.POEntry(msgid=source, msgstr=target), ZH)
    assert [fault for fault in found if fault.startswith(f"{rule}: ")], found
    free = polib.POEntry(msgid=source, msgstr=target, tcomment=f"free: {rule}")
    assert not [fault for fault in translation_checks.faults(free, ZH) if fault.startswith(f"{rule}: ")]


@pytest.mark.parametrize(("source", "target"), [(SOURCE, RIGHT), (TABLE, TABLE_RIGHT), *GOOD.items()])
def test_a_right_translation_has_no_fault(source, target):
    assert translation_checks.faults(polib.POEntry(msgid=source, msgstr=target), ZH) == []


def test_a_translation_with_another_formula_is_not_shown_and_fails_the_check(course):
    catalogue = catalogue_at(course)
    catalogue.entries[next(key for key in GOOD if "$q$" in key)].msgstr = GOOD[
        next(key for key in GOOD if "$q$" in key)
    ].replace("$q$", "$k$")
    catalogue.file.save(str(catalogue.path))
    assert "〔译文未通过检查，暂用英文〕" in notebook_at(course).cells[0].source
    assert [problem for problem in catalogues.behind(course)[0] if "formulas: lacks $q$" in problem]


def test_an_unknown_rule_and_an_unknown_catalogue_are_named(course):
    entry = polib.POEntry(msgid="a", msgstr="甲", tcomment="free: spelling")
    assert "free:` names spelling" in translation_checks.faults(entry, ZH)[0]
    (course / "course" / "zh" / "02_gone.po").write_text("", encoding="utf-8")
    assert [told for told in catalogues.behind(course)[0] if "02_gone.po translates no text" in told]


def test_links_lead_to_twins_and_else_to_english():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "[a](02_b.ipynb#X) [c](03_c.ipynb) [d](../course/README.md) [e](https://f.org)"
            )
        ]
    )
    twins = {Path("notebooks/02_b.ipynb"): Path("notebooks/zh/02_b.ipynb")}
    translate.links_from(notebook, Path("notebooks/01_a.ipynb"), Path("notebooks/zh/01_a.ipynb"), twins)
    assert (
        notebook.cells[0].source
        == "[a](02_b.ipynb#X) [c](../03_c.ipynb) [d](../../course/README.md) [e](https://f.org)"
    )


# ------------------------------------------------------------------------------------------------ what code shows
def test_the_folder_of_a_notebook_says_which_language(monkeypatch):
    monkeypatch.delenv(language.VARIABLE, raising=False)
    for folder, code in (("notebooks", "en"), ("notebooks/zh", "zh"), ("notebooks/zh/exercises", "zh"), ("docs", "en")):
        monkeypatch.chdir(ROOT / folder)
        assert language.current() == code
    monkeypatch.setenv(language.VARIABLE, "en")
    assert language.current() == "en"


@pytest.fixture
def no_lesson(monkeypatch):
    """As if no lesson's code had been imported."""
    for name in [name for name in sys.modules if language.OF_A_LESSON.search(name)]:
        monkeypatch.delitem(sys.modules, name)
    language._catalogue_in.cache_clear()  # what was found is kept


@pytest.mark.usefixtures("no_lesson")
def test_words_by_form_by_list_by_sentence_and_none():
    with speaking("zh"):
        assert words("16 items, looking for nothing") == "16 条，要找：什么也不找"
        assert words("0.500") == "0.500"
        language.missing.clear()
        assert words("This stands in no catalogue") == "This stands in no catalogue"
        assert language.missing == {"This stands in no catalogue"}
        assert words("nothing", in_table=True) == "什么也不学"
    assert words("nothing") == "nothing"


def test_a_place_takes_no_english_and_no_half_of_a_shape():
    with speaking("zh"):
        # "the weight {…}" and the like would take it, and leave English in the middle.
        assert words("weight of the small moon on tuesdays") == "weight of the small moon on tuesdays"
        told = words("The shape of your answer is (3, 4), (2, 5) is asked.")
        assert told == "你的答案形状是 (3, 4)，要的是 (2, 5)。"
        assert words("three\nconvolutions") == "三个\n卷积"
        assert words("mean\n0.100") in ("均值\n0.100", "均值 0.100")
        assert words(" looking for ").strip() != "looking for"


@pytest.mark.usefixtures("no_lesson")
def test_what_lessons_say_differently_is_said_by_the_lesson_that_runs(monkeypatch):
    with speaking("zh"):
        assert words("nothing") == "什么也不找"  # of lesson 1, the first
        monkeypatch.setitem(sys.modules, "visual_attention.lessons.non_local", object())
        assert words("nothing") == "不滤波"
        monkeypatch.setitem(sys.modules, "visual_attention.lessons.capstone", object())
        assert words("nothing") == "空插槽"  # a later lesson may take code from an earlier one


def test_what_lessons_say_differently_is_said_by_the_lesson_that_is_derived():
    by_text = language._catalogue_in(ROOT, "zh").elsewhere
    assert len(by_text) > 5
    for text, by_lesson in by_text.items():
        for stem, target in by_lesson.items():
            with speaking("zh", stem):
                assert words(text) == target


def test_places_of_a_text_come_from_its_expressions():
    code = 'def f(n):\n    """Doc string here."""\n    return g(f"{len(toys)} items", "two words", color="pale red")\n'
    assert [text for text, _ in strings._in_module(code, "here", False)] == ["{toys} items", "two words"]


@pytest.mark.filterwarnings("error")
def test_every_character_on_a_figure_is_in_a_font():
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(title="weights: who sets them?", xlabel="number of items N")
    axes.set_xticks([0, 1], ["mean 0.100", "maximum 0.200"])
    with speaking("zh"):
        speak(figure)
        canvas.draw()  # matplotlib warns of a character that no font has, and a warning is an error here
        assert axes.get_title() == "权重：由谁来定？"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["均值 0.100", "最大 0.200"]
    axes.set_title("龘")
    with pytest.warns(UserWarning, match="missing from font"):
        canvas.draw()


def test_a_character_that_the_font_lacks_is_named(tmp_path):
    spoken = languages(ROOT)["zh"]
    assert translation_checks.glyphs_missing(spoken) == []
    folder = tmp_path / "course" / "zh"
    shutil.copytree(ZH, folder)
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="a dragon", msgstr="龘"))
    catalogue.save(str(folder / "strings" / "more.po"))
    [told] = translation_checks.glyphs_missing(languages(tmp_path)["zh"])
    assert "lacks 1 characters (龘" in told


def test_the_terms_are_those_of_the_glossary():
    glossary = (ROOT / "course" / "glossary.py").read_text(encoding="utf-8")
    rows = [line.split("|") for line in glossary.splitlines() if line.startswith("# | **")]
    chinese = {row[1].strip(" *"): row[2].strip() for row in rows}
    for term, said in translation_checks._terms_of(ZH).items():
        assert said in chinese.get(term, said), term


# ---------------------------------------------------------------------------------------------------- the course itself
def test_every_catalogue_that_is_said_to_be_complete_is():
    assert catalogues.behind(ROOT)[0] == []


def test_chinese_notebooks_have_the_code_cells_of_the_english():
    targets = build.translated_targets(ROOT)
    assert [target.notebook.name for target in targets].count("01_cues.ipynb") == 3
    for target in targets:
        twin, chinese = (nbformat.read(ROOT / path, as_version=4) for path in (target.english, target.notebook))
        assert [c.source for c in twin.cells if c.cell_type == "code"] == [
            c.source for c in chinese.cells if c.cell_type == "code"
        ]
        assert [c.id for c in twin.cells] == [c.id for c in chinese.cells]
        assert not [cell for cell in chinese.cells if "〔" in cell.source]


SHEETS = [find_text(name, ROOT).stem.partition("_")[2] for name in map(str, range(1, 10))]


@pytest.mark.parametrize("sheet", SHEETS)
def test_feedback_of_a_sheet_falls_back_nowhere(sheet):
    exercises = importlib.import_module(f"visual_attention.exercises.{sheet}").ALL
    with speaking("zh"):
        language.missing.clear()
        for exercise in exercises:
            words(exercise.title), [words(hint) for hint in exercise.hints]
            for question in exercise.questions:
                for mistake in getattr(question, "mistakes", ()):
                    words(mistake.feedback)
                words(getattr(question, "remark", "") or "")
                if choices := getattr(question, "question", None):
                    words(choices.text), [words(text) for pair in choices.choices.items() for text in pair]
        assert {text for text in language.missing if not text.isupper()} == set()  # CBAM is CBAM
