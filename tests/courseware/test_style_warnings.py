"""Warnings about style, and how an author waives one."""

import pytest

from courseware.text import style

LESSON = """# ---
# jupyter:
#   lesson:
#     afterwards you can: see
#     you move: nothing
#     stress: [here]
# ---

# %% [markdown]
# # 1 · One
#
# A **query**, a **weight**, **here**, **far away**, **Predict:** and **a sentence that is bold.**
"""
GLOSSARY = """# %% [markdown]
# | term | 中文 | meaning | symbol | where | also |
# |---|---|---|---|---|---|
# | **query** | 查询 | What asks. | | | |
# | **attention weight** | 权重 | How much. | | | weight, share |
"""
SHEET = """# %% [markdown] teaching="home | 60 | core | much to do"
# ## 1 · By hand: all of it

# %% [markdown] teaching="home | 10 | core | as usual"
# ## 2 · Predict: a little
"""
NOTES = "### In 25 minutes\n\n| a | | 1 |\n| **in all** | | **14½** |\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "notebooks").mkdir()
    texts = {"01_one.py": LESSON, "glossary.py": GLOSSARY, "exercises/01_one.py": SHEET, "teaching/01_one.md": NOTES}
    for name, text in texts.items():
        file = tmp_path / "course" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_bold_words_and_times_are_named_once_each(root):
    assert style.warnings(root) == [
        "01_one.py: **far away** is no term of the glossary; if it is stress, put it into `stress`",
        "01_one.py: exercise 'By hand: all of it' takes 60 minutes; if it does, put its title into `long or short`",
        "01_one.py: the version for 25 minutes takes 14; if it may, put `25 minutes` into `long or short`",
    ]


def test_an_author_who_means_it_is_not_asked_again(root):
    waivers = 'stress: [here, far away]\n#     long or short: ["By hand: all of it", 25 minutes]'
    (root / "course" / "01_one.py").write_text(LESSON.replace("stress: [here]", waivers), encoding="utf-8")
    assert style.warnings(root) == []
