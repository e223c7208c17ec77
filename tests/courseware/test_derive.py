"""Course text to notebooks."""

import nbformat
import pytest

from courseware.text import derive

SHEET = '''\
# %% [markdown]
# # Exercises

# %%
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    y = 2 * x
    return y
    ### END SOLUTION

# %%
### BEGIN SOLUTION
a, b = 1, 2
scale = 3  # a remark
scale += 1
### END SOLUTION
check(a, b)

# %% [markdown]
# <!-- SOLUTION -->
# Because it is so.
'''


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_unsolved_sheet_has_places_for_answers():
    notebook = derive.unsolved(SHEET)
    assert sources(notebook) == [
        "# Exercises",
        'def double(x):\n    """Twice x."""\n    raise NotImplementedError("your turn")',
        "a = ...  # your answer\nb = ...  # your answer\nscale = ...  # your answer\ncheck(a, b)",
    ]
    nbformat.validate(notebook)


def test_a_step_on_the_way_is_not_called_an_answer():
    sheet = SHEET.replace("a, b = 1, 2", "a, b = 1, 2  # a step on the way")
    assert sources(derive.unsolved(sheet))[2].startswith(
        "a = ...  # a step on the way\nb = ...  # a step on the way\nscale = ...  # your answer\n"
    )


def test_unsolved_sheet_holds_no_line_of_a_solution():
    text = nbformat.writes(derive.unsolved(SHEET))
    for line in ("y = 2 * x", "return y", "a, b = 1, 2", "scale += 1", "Because", "SOLUTION"):
        assert line not in text


def test_solved_sheet_has_the_solutions_and_no_marks():
    assert sources(derive.solved(SHEET)) == [
        "# Exercises",
        'def double(x):\n    """Twice x."""\n    y = 2 * x\n    return y',
        "a, b = 1, 2\nscale = 3  # a remark\nscale += 1\ncheck(a, b)",
        "Because it is so.",
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("### BEGIN SOLUTION\na = 1", "BEGIN SOLUTION' stands alone"),
        ("a = 1\n### END SOLUTION", "END SOLUTION' stands alone"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "stands alone"),
        ("### BEGIN SOLUTION\nprint(1)\n### END SOLUTION", "must assign the names of the answer"),
    ],
)
def test_wrong_marks_are_refused(cell, message):
    with pytest.raises(ValueError, match=message):
        derive.unsolved(f"# %%\n{cell}\n")


def test_a_lesson_must_not_hold_marks():
    with pytest.raises(ValueError, match="must not hold solution marks"):
        derive.lesson(SHEET)


def test_ids_depend_on_the_content_only():
    one = derive.lesson("# %%\na = 1\n\n# %%\nb = 2\n\n# %%\na = 1\n")
    two = derive.lesson("# %%\nnew = 0\n\n# %%\na = 1\n\n# %%\nb = 2\n\n# %%\na = 1\n")
    assert [cell.id for cell in two.cells[1:]] == [cell.id for cell in one.cells]
    assert len({cell.id for cell in two.cells}) == 4


def test_metadata_reaches_the_cells():
    notebook = derive.lesson('# %% tags=["x"] slideshow={"slide_type": "slide"}\na = 1\n')
    assert notebook.cells[0].metadata == {"tags": ["x"], "slideshow": {"slide_type": "slide"}}
    assert notebook.metadata.kernelspec.name == "python3"


def test_same_source_ignores_outputs_and_sees_edits():
    one, two = derive.lesson("# %%\na = 1\n"), derive.lesson("# %%\na = 1\n")
    two.cells[0].execution_count = 7
    two.cells[0].outputs = [nbformat.v4.new_output("stream", text="hello")]
    assert derive.same_source(one, two)
    two.metadata.language_info = {"name": "python", "version": "3.11.2"}  # JupyterLab writes these on saving
    two.metadata.kernelspec.display_name = "Python 3"
    two.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    assert derive.same_source(one, two)
    two.cells[0].source = "a = 2"
    assert not derive.same_source(one, two)


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: notebook.metadata.kernelspec.update(name="julia"),
        lambda notebook: notebook.metadata.pop("kernelspec"),
        lambda notebook: notebook.metadata.rise.update(theme="black"),
        lambda notebook: notebook.cells[0].metadata.update(tags=["x"]),
        lambda notebook: notebook.cells[0].update(id="other"),
        lambda notebook: notebook.cells[0].pop("id"),
    ],
)
def test_same_source_sees_what_derivation_sets(change):
    one, two = derive.lesson("# %%\na = 1\n"), derive.lesson("# %%\na = 1\n")
    change(two)
    assert not derive.same_source(one, two)


def test_only_the_students_sheet_begins_a_journal():
    text = "# %% [markdown]\n# # Title\n\n# %%\nimport math\n\n# %%\nx = 1\n"
    cells = [cell.source for cell in derive.unsolved(text, "01_cues").cells]
    assert cells[1].startswith("import math\n")
    assert cells[1].endswith('\njournal.begin("01_cues")')
    assert cells[2] == "x = 1"
    for how in ("lesson", "solved"):
        assert not any("journal" in cell.source for cell in derive.derived(how, "01_cues")(text).cells)
