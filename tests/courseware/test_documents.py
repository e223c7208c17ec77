"""Documents in another language: what is translated of them, what they say, and that they do not fall behind."""

import shutil

import nbformat
import polib
import pytest
from test_translate import ROOT, TEXT, ZH

from courseware.language import languages
from courseware.publish.course import read_courses
from courseware.text import build, catalogues, documents, translate

PYPROJECT = '[tool.courseware]\ndocuments = ["README.md", "docs/*.md"]\n'
GUIDE = """# A guide

Begin with [The end](../notebooks/01_toys.ipynb#The-end), then [the README](../README.md#At-last);
[code](../src/toys.py) and [the web](https://example.org/a.md) stay.

<!-- courseware build: timing -->
| slide | min |
|---|--:|
| [The end](../notebooks/01_toys.ipynb#The-end) | 2 |
| [The end](../notebooks/01_toys.ipynb#The-end), on the board | 3 |
<!-- end of timing -->

```text
a sketch
```
"""
README = "# Toys\n\nSee [the guide](docs/guide.md).\n\n## At last\n\n[One](notebooks/01_toys.ipynb).\n"
GOOD = {
    "documents/docs/guide": {
        "# A guide": "# 指南",
        "Begin with [The end](../notebooks/01_toys.ipynb#The-end), then [the README](../README.md#At-last); "
        "[code](../src/toys.py) and [the web](https://example.org/a.md) stay.": (
            "从 [The end](../notebooks/01_toys.ipynb#The-end) 开始，再看[说明](../README.md#At-last)；"
            "[代码](../src/toys.py)和[网页](https://example.org/a.md)不变。"
        ),
        "slide": "幻灯片",
        "min": "分钟",
        "[The end](../notebooks/01_toys.ipynb#The-end), on the board": (
            "[The end](../notebooks/01_toys.ipynb#The-end)，板书"
        ),
    },
    "documents/README": {
        "# Toys": "# 玩具",
        "See [the guide](docs/guide.md).": "见[指南](docs/guide.md)。",
        "## At last": "## 最后",
        "[One](notebooks/01_toys.ipynb).": "[第一课](notebooks/01_toys.ipynb)。",
    },
    "01_toys": {
        "# 1 · Toys": "# 1 · 玩具",
        "A query asks: how close is $q$ to 3 keys? See [the end](#The-end), [@hu2018].": (
            "查询问：$q$ 离 3 个键有多近？见[结尾](#The-end)、[@hu2018]。"
        ),
        "**Predict:** what comes out of `f(x)`?": "**先猜**：`f(x)` 的结果是什么？",
        "## The end": "## 结尾",
    },
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one lesson, a README and a guide, all of them in Chinese, too."""
    for folder in ("notebooks", "docs", "course/zh"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "course" / "01_toys.py").write_text(TEXT, encoding="utf-8")
    (tmp_path / "docs" / "guide.md").write_text(GUIDE, encoding="utf-8")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    for name in ("terms.toml", "font.otf"):
        shutil.copy(ZH / name, tmp_path / "course" / "zh")
    said = (ZH / "language.toml").read_text(encoding="utf-8").partition("complete")[0]
    names = ", ".join(f'"{name}"' for name in GOOD)
    (tmp_path / "course" / "zh" / "language.toml").write_text(f"{said}complete = [{names}]\n", encoding="utf-8")
    for name, good in GOOD.items():
        file = polib.POFile(wrapwidth=0)
        file.extend(polib.POEntry(msgid=english, msgstr=chinese) for english, chinese in good.items())
        path = tmp_path / "course" / "zh" / f"{name}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save(str(path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(course):
    spoken = languages(course)["zh"]
    documents.write(spoken, build.twins(course, "zh"))
    return (course / "zh" / "docs" / "guide.md").read_text(encoding="utf-8")


def stale(course):
    return documents.stale(languages(course)["zh"], build.twins(course, "zh"))


def test_a_document_is_translated_by_paragraph_and_cell_with_names_of_headings_and_links(course):
    text = written(course)
    title, notice, back, *_ = [line for line in text.splitlines() if line]
    assert title == "# 指南"
    assert "docs/guide.md" in notice
    assert "course/zh/documents/docs/guide.po" in notice
    assert back == "[English](../../docs/guide.md)"
    assert (
        "从[结尾](../../notebooks/zh/01_toys.ipynb#The-end)开始，再看[说明](../README.md#At-last)；"
        "[代码](../../src/toys.py)和[网页](https://example.org/a.md)不变。"
    ) in text
    assert "| 幻灯片 | 分钟 |\n|---|--:|\n| [结尾](../../notebooks/zh/01_toys.ipynb#The-end) | 2 |\n" in text
    assert "| [结尾](../../notebooks/zh/01_toys.ipynb#The-end)，板书 | 3 |" in text
    assert "```text\na sketch\n```" in text
    assert text.count("<!--") == 1


def test_a_heading_that_a_document_links_to_keeps_its_english_anchor(course):
    written(course)
    assert '## 最后 <a id="At-last"></a>' in (course / "zh" / "README.md").read_text(encoding="utf-8")


def test_notebooks_lead_to_translated_documents(course):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("[guide](../docs/guide.md)")])
    english, here = build.Path("notebooks/01_toys.ipynb"), build.Path("notebooks/zh/01_toys.ipynb")
    translate.links_from(notebook, english, here, build.twins(course, "zh"))
    assert notebook.cells[0].source == "[guide](../../zh/docs/guide.md)"


def test_a_document_that_was_not_written_or_edited_or_is_left_over_is_named(course):
    assert len(stale(course)) == 2
    written(course)
    assert stale(course) == []
    guide = course / "zh" / "docs" / "guide.md"
    guide.write_text(guide.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
    (course / "zh" / "old.md").write_text("old", encoding="utf-8")
    assert stale(course) == [
        "zh/docs/guide.md is out of date: run `courseware build tables`",
        "zh/old.md is the translation of no document: delete it",
    ]


def test_a_changed_paragraph_stands_in_english_with_a_mark_and_fails_the_check(course):
    guide = course / "docs" / "guide.md"
    guide.write_text(GUIDE.replace("Begin with", "First look at").replace("on the board", "aloud"), encoding="utf-8")
    text = written(course)
    assert "**〔英文已改动，译文待更新，暂用英文〕** First look at" in text
    assert "〕** [结尾](../../notebooks/zh/01_toys.ipynb#The-end), aloud | 3 |" in text
    [told] = [problem for problem in catalogues.behind(course)[0] if "documents/docs/guide.po" in problem]
    assert "2 outdated" in told
    assert "`courseware translate zh docs/guide.md`" in told


def test_every_document_of_the_course_is_translated():
    spoken = languages(ROOT)["zh"]
    assert [each.english for each in documents.documents(spoken)] == documents.document_files(ROOT)
    assert len(documents.document_files(ROOT)) >= 19


def test_what_a_translated_document_links_to_in_english_is_published():
    english, chinese = read_courses(ROOT, ["9"])  # a part of the course: fewer pages lead to the README and its like
    led = set(chinese.documents) - set(chinese.own_documents)
    assert "../zh/README.md" in chinese.own_documents
    assert led <= set(english.own_documents)
    assert not [name for name in english.own_documents if name.startswith("../zh/")]
