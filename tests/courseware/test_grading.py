"""A round of grading with nbgrader: released sheets, submissions of every kind, scores and feedback."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import html5lib
import nbformat
import pytest
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook, MissingEntry
from traitlets.config import Config

from courseware.cli import main
from courseware.exercises.points import POINTS
from courseware.grading.parallel import judge_all
from courseware.grading.plugin import Judge, judge, outputs, run
from courseware.grading.release import source_notebook
from courseware.grading.session import Limits, Session
from courseware.grading.submissions import harmless
from courseware.project import UserError
from courseware.text import citations, derive, marks
from courseware.text.build import BIBLIOGRAPHY
from courseware.text.tables import Place

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "course" / "exercises").glob("[0-9][0-9]_*.py"))
SHEET = "02_kernel_regression"
WORKS = citations.read_bibliography(ROOT / BIBLIOGRAPHY)
FULL = {
    "hand_example": 3,
    "predictions": 2,
    "units": 3,
    "rows_and_columns": 3,
    "weights": 5,
    "votes": 5,
    "far_query": 5,
    "leave_one_out": 5,
    "bounds": 5,
    "local_line": 5,
}


def nbgrader(folder, *arguments):
    """The command line, as a grader types it."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory with every sheet released."""
    folder = tmp_path_factory.mktemp("grading")
    assert main(["release", "--course-dir", str(folder), "--seed", "11"]) == 0
    done = nbgrader(folder, "generate_assignment", "*")
    assert done.returncode == 0, done.stderr
    return folder


def released(course, stem):
    return nbformat.read(course / "release" / stem / f"{stem}.ipynb", as_version=4)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def unlinked(cell):
    """The cell's text; in Markdown, a link to a notebook is its words only."""
    if cell.cell_type == "code":
        return cell.source
    return re.sub(r"\[([^]]+)\]\([^)]+\.ipynb[^)]*\)", r"\1", cell.source)


# ---- what is released


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_released_notebooks_are_the_sheets_that_students_know(course, sheet):
    text = sheet.read_text(encoding="utf-8")
    notebook, known = released(course, sheet.stem), derive.unsolved(text)
    known.cells = [cell for cell in known.cells if "../solutions/" not in cell.source]
    marks.resolve(known, Place(ROOT, Path("notebooks", "exercises", f"{sheet.stem}.ipynb")))
    citations.resolve(known, WORKS)
    assert [(cell.cell_type, cell.source.strip()) for cell in notebook.cells] == [
        (cell.cell_type, unlinked(cell).strip()) for cell in known.cells
    ]
    assert not re.search(r"\.ipynb|\[@", "\n".join(cell.source for cell in notebook.cells))
    # An id that is made of a solution could be tried out, letter by letter.
    pairs = zip(notebook.cells, known.cells, strict=True)
    assert all(
        cell.id == same.id for cell, same in pairs if cell.cell_type == "code" and "test-" not in str(grade_id(cell))
    )
    tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert len(tests) == len(re.findall(r"^# ## \d+ · ", text, flags=re.MULTILINE))
    assert all(cell.metadata.nbgrader.points in POINTS.values() for cell in tests)
    assert all(cell.metadata.nbgrader.locked and not cell.metadata.editable for cell in tests)
    assert len(answers) == sum("### BEGIN SOLUTION" in cell.source for cell in derive.marked(text).cells)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_solution_gets_full_points_apart_from_its_judge(sheet):
    notebook = source_notebook(sheet.read_text(encoding="utf-8"), seed=5, works=WORKS)
    earned, most = {}, {}
    with Session(Limits(cell_seconds=300), withheld_packages=["visual_attention.exercises"]) as session:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                [output] = judge(session, cell.source)
                earned[grade_id(cell)] = output.data["text/plain"]
                most[grade_id(cell)] = f"{float(cell.metadata.nbgrader.points)}"
            elif cell.cell_type == "code":
                assert [output for output in run(session, cell.source) if output.output_type == "error"] == []
    assert earned == most


def test_the_points_are_those_of_the_documentation(course):
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d\d_\w+) \| (\d+) \| (\d+) \|$", page, flags=re.MULTILINE)
    points = {
        sheet.stem: [
            cell.metadata.nbgrader.points
            for cell in released(course, sheet.stem).cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        ]
        for sheet in SHEETS
    }
    assert listed == [(stem, str(len(each)), str(sum(each))) for stem, each in points.items()]


def test_every_promise_of_the_documentation_has_a_test():
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    rows = page[page.index("| a submission cannot | test |") : page.index("Not promised:")].strip().split("\n")[2:]
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for row in rows:
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        assert [name for name in names if f"def {name}(" not in tests] == []


def test_hidden_tests_differ_from_release_to_release_and_follow_the_seed():
    text = SHEETS[1].read_text(encoding="utf-8")
    one, same, other = (source_notebook(text, seed, WORKS) for seed in (1, 1, 2))
    assert [cell.source for cell in one.cells] == [cell.source for cell in same.cells]
    assert [cell.source for cell in one.cells] != [cell.source for cell in other.cells]


def test_a_second_release_renews_the_sheets_and_keeps_the_graders_settings(tmp_path, capsys):
    assert main(["release", "--course-dir", str(tmp_path), "3"]) == 0
    out = capsys.readouterr().out
    assert "nbgrader generate_assignment 03_learned_attention" in out
    assert [path.name for path in (tmp_path / "source").iterdir()] == ["03_learned_attention"]
    config, notebook = tmp_path / "nbgrader_config.py", next(tmp_path.glob("source/*/*.ipynb"))
    config.write_text("mine")
    notebook.write_text("")
    assert main(["release", "--course-dir", str(tmp_path), "03"]) == 0
    assert config.read_text() == "mine"
    assert nbformat.read(notebook, as_version=4).cells


def test_the_course_itself_is_no_course_directory(capsys):
    assert main(["release", "--course-dir", str(ROOT)]) == 2
    assert "must be a folder of its own" in capsys.readouterr().err


IMPORT = "# %%\nfrom visual_attention.exercises import learned_attention as exercise\n\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# %%\na = 1\n", "must import its checks"),
        (IMPORT + "# %%\nexercise.train.check(w=w)\n", "must check every exercise"),
        (IMPORT + "# %%\nexercise.train.check(w=w + 1)\n", "one name for each of"),
        (IMPORT + "# %%\nexercise.train.check(w=score)\n", "hidden tests use the name score"),
    ],
)
def test_sheets_that_cannot_be_judged_elsewhere_are_refused(text, message):
    with pytest.raises(UserError, match=message):
        source_notebook(text, seed=1, works=WORKS)


def test_a_link_to_the_solved_sheet_is_not_released():
    text = SHEETS[2].read_text(encoding="utf-8")
    linked = text + "\n# %% [markdown]\n# The [solved sheet](../solutions/03_learned_attention.ipynb).\n"
    assert len(source_notebook(linked, seed=1, works=WORKS).cells) == len(derive.marked(linked).cells) - linked.count(
        "](../solutions/"
    )
    assert "solutions/" not in nbformat.writes(source_notebook(linked, seed=1, works=WORKS))


def test_a_solution_and_its_check_need_a_cell_each():
    text = (ROOT / "course" / "exercises" / "03_learned_attention.py").read_text(encoding="utf-8")
    joined = text.replace("### END SOLUTION\n\n# %%\nexercise.train", "### END SOLUTION\nexercise.train")
    assert joined != text
    with pytest.raises(UserError, match="both a solution and a check"):
        source_notebook(joined, seed=1, works=WORKS)


# ---- a round

RIGHT = {
    grade_id(cell): "\n".join(line for line in cell.source.split("\n") if "SOLUTION" not in line)
    for cell in source_notebook(
        (ROOT / "course" / "exercises" / f"{SHEET}.py").read_text(encoding="utf-8"), 0, WORKS
    ).cells
    if cell.metadata.get("nbgrader", {}).get("solution")
}

WRONG = RIGHT | {
    "answer-hand_example-1": "weights = [0.1353, 0.6065, 0.1353]\nf = 2.5428\nf_narrow = 1.0247",
    "answer-predictions-1": 'squared = "a"\ntriangular = "c"',
    "answer-weights-1": """\
def attention_weights(query, keys, width):
    return torch.softmax(-0.5 * (((query[:, None] - keys) / width) ** 2).sum(dim=2), dim=0)""",
    "answer-far_query-1": """\
def mended_weights(query, keys):
    kernel = (1 - (query[:, None] - keys[None, :]) ** 2).clamp(min=0)
    return kernel / kernel.sum(dim=1, keepdim=True).clamp(min=1e-30)""",
    "answer-bounds-2": 'leaky = "c"\nbias = 0.3**2\ncurved = "a"',
}

LOOPS = RIGHT | {
    "answer-units-1": "metres = centimetres = sigma = 1.0\nwhile True:\n    print('still here')",
    "answer-weights-1": "def attention_weights(query, keys, width):\n    while True:\n        pass",
}

EXITS = RIGHT | {
    "answer-rows_and_columns-1": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(0)",
    "answer-far_query-1": "import os\ndef mended_weights(query, keys):\n    os._exit(0)",
}

GREEDY = RIGHT | {
    "answer-units-1": "pile = []\nwhile True:\n    pile.append(bytearray(10**7))",
    "answer-far_query-1": "def mended_weights(query, keys):\n    return torch.zeros(50 * 10**9)",
    # Each works in an answer that is otherwise right: the output is dropped, the fork refused.
    "answer-weights-1": RIGHT["answer-weights-1"].replace(
        "    return", "    print('no end of it\\n' * 100_000)\n    import os\n    os.fork()\n    return"
    ),
    "answer-leave_one_out-1": RIGHT["answer-leave_one_out-1"].replace(
        "    return", "    print('x\\n' * 10_000)\n    return"
    ),
}

FORGER = {
    "answer-hand_example-1": """\
import builtins, sys
from courseware import grading
from courseware.exercises import function, questions, report
from courseware.grading import plugin, session, wire, worker
class Everything:
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a, **k: Everything()
    def __call__(self, *a, **k): return Everything()
    def __repr__(self): return "1000"
    def __float__(self): return 1000.0
for module in (function, questions, report, grading, plugin, session, wire, worker):
    for name in list(vars(module)):
        if name[0] != "_" and callable(getattr(module, name)):
            setattr(module, name, Everything())
report.State.NOT_YET = report.State.NOT_ATTEMPTED = report.State.RIGHT
builtins.isinstance = lambda *a: True
builtins.all = lambda *a: True
torch.allclose = torch.equal = lambda *a, **k: True
exercise.hand_example.check = lambda *a, **k: 1000
score = judge = Everything()
weights = f = f_narrow = Everything()""",
    "answer-predictions-1": "squared = triangular = Everything()",
    "answer-weights-1": "attention_weights = exercise.weights.questions[0].reference",
    "answer-far_query-1": "def mended_weights(*a):\n    return Everything()",
}

READER = {
    "answer-hand_example-1": """\
import glob, importlib.util, os, pathlib
course = pathlib.Path({course!r})
seen = []
def read(path):
    try:
        seen.append(open(path).read())
    except OSError as error:
        seen.append(type(error).__name__)
for path in [
    course / "submitted" / "right" / {sheet!r} / ({sheet!r} + ".ipynb"),
    course / "source" / {sheet!r} / ({sheet!r} + ".ipynb"),
    course / "gradebook.db",
    {root!r} + "/course/exercises/" + {sheet!r} + ".py",
    {root!r} + "/notebooks/solutions/" + {sheet!r} + ".ipynb",
    {root!r} + "/src/visual_attention/exercises/kernel_regression.py",
]:
    read(path)
try:
    (course / "gradebook.db").unlink()
except OSError as error:
    seen.append(type(error).__name__)
print("seen:", seen)
weights = [0.1543, 0.6914, 0.1543]""",
    "answer-weights-1": """\
from visual_attention.exercises.kernel_regression import ALL
attention_weights = ALL[4].questions[0].reference""",
}


def submit(course, student, answers, change=lambda notebook: None):
    notebook = released(course, SHEET)
    known = {grade_id(cell) for cell in notebook.cells}
    assert set(answers) <= known
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]
    change(notebook)
    folder = course / "submitted" / student / SHEET
    folder.mkdir(parents=True)
    (folder / f"{SHEET}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def forge(notebook):
    """Tests that say what one likes, worth more, of a version to come; one is gone, one is new."""
    for cell in list(notebook.cells):
        data = cell.metadata.get("nbgrader", {})
        if data.get("grade"):
            cell.source = "1000"
            data |= {"points": 1000, "schema_version": 99, "locked": False}
        if grade_id(cell) == "test-units":
            notebook.cells.remove(cell)
    extra = {"grade": True, "grade_id": "test-mine", "points": 1000, "solution": False, "locked": True, "task": False}
    metadata = {"nbgrader": extra | {"schema_version": 3, "cell_type": "code"}}
    stolen = {"nbgrader": extra | {"schema_version": 3, "cell_type": "code", "grade_id": "test-bounds"}}
    notebook.cells.append(nbformat.v4.new_code_cell("1000", metadata=metadata))
    notebook.cells.append(nbformat.v4.new_code_cell("1000", metadata=stolen))


@pytest.fixture(scope="module")
def graded(course):
    """The scores by student and exercise after a round, and what nbgrader said."""
    config = course / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8")
    for setting, value in (("cell_seconds", 15), ("call_seconds", 8), ("memory_mb", 512)):
        text, count = re.subn(rf"c\.Judge\.{setting} = \d+", f"c.Judge.{setting} = {value}", text)
        assert count == 1
    config.write_text(text, encoding="utf-8")
    submit(course, "a-damaged", {})
    (course / "submitted" / "a-damaged" / SHEET / f"{SHEET}.ipynb").write_text('{"cells": [')
    submit(course, "b-forger", FORGER, forge)
    reader = dict(READER)
    reader["answer-hand_example-1"] = reader["answer-hand_example-1"].format(
        course=str(course), root=str(ROOT), sheet=SHEET
    )
    submit(course, "c-reader", reader)
    submit(course, "d-loops", LOOPS)
    submit(course, "e-exits", EXITS)
    submit(course, "f-greedy", GREEDY)
    submit(course, "empty", {})
    submit(course, "right", RIGHT)
    submit(course, "wrong", WRONG)
    log = nbgrader(course, "autograde", SHEET)
    feedback = nbgrader(course, "generate_feedback", SHEET, "--student", "wrong")
    assert feedback.returncode == 0, feedback.stderr
    scores = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(SHEET):
            [notebook] = submission.notebooks
            scores[submission.student.id] = {
                grade.name.removeprefix("test-"): grade.auto_score for grade in notebook.grades
            }
            assert not any(grade.needs_manual_grade for grade in notebook.grades) or submission.student.id[0] == "a"
    return scores, log


def test_a_right_submission_gets_all_points_and_an_empty_one_none(graded):
    scores, _ = graded
    assert scores["right"] == FULL
    assert sum(FULL.values()) == 41
    assert scores["empty"] == dict.fromkeys(FULL, 0)


def test_a_wrong_submission_loses_what_is_wrong_and_no_more(graded):
    scores, _ = graded
    assert scores["wrong"] == FULL | {
        "hand_example": 2,  # two of three numbers
        "predictions": 1,  # one of two letters
        "weights": 0,
        "far_query": 0,
        "bounds": 4.17,  # the function, a number and a letter: 5 · (5 + 3 + 2) / (2 + 5 + 3 + 2)
    }


@pytest.mark.parametrize(
    ("student", "lost"),
    [
        ("d-loops", ["units", "weights"]),
        ("e-exits", ["rows_and_columns", "far_query"]),
        ("f-greedy", ["units", "far_query", "weights"]),
    ],
)
def test_loops_exits_memory_and_forks_cost_their_own_exercise(graded, student, lost):
    scores, _ = graded
    assert scores[student] == FULL | dict.fromkeys(lost, 0)


def test_forgery_earns_nothing(graded):
    scores, _ = graded
    assert scores["b-forger"] == dict.fromkeys(FULL, 0)


def test_reading_earns_nothing_and_finds_nothing(graded, course):
    scores, _ = graded
    assert scores["c-reader"] == dict.fromkeys(FULL, 0) | {"hand_example": 1}  # one number of three, typed in
    notebook = nbformat.read(course / "autograded" / "c-reader" / SHEET / f"{SHEET}.ipynb", as_version=4)
    [printed] = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output][:1]
    assert printed == f"seen: {['FileNotFoundError'] * 7}\n"


def test_a_file_that_is_no_notebook_stops_nobody_else(graded, course):
    scores, log = graded
    assert log.returncode != 0
    assert "a-damaged" in log.stderr.splitlines()[-2]
    assert set(scores) - {"a-damaged"} == {path.name for path in (course / "autograded").iterdir()}
    assert len(scores) == 9
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook, pytest.raises(MissingEntry):
        gradebook.find_grade("test-mine", SHEET, SHEET, "b-forger")


def test_feedback_names_the_mistake_and_the_points(graded, course):
    page = (course / "feedback" / "wrong" / SHEET / f"{SHEET}.html").read_text(encoding="utf-8")
    assert "2 of 3 points" in page
    assert "Score: 28.17 / 41.0" in page


def test_the_feedback_keeps_the_reports_own_styles(graded, course):
    page = (course / "feedback" / "wrong" / SHEET / f"{SHEET}.html").read_text(encoding="utf-8")
    assert "border-left:4px solid" in page


def test_a_settings_file_of_an_older_release_is_named(course, tmp_path):
    judge_class = Judge(config=Config({"Judge": {"isolate": True}}))
    with pytest.raises(ValueError, match="run_submissions_unprotected"):
        judge_class.limits  # noqa: B018  # reading it is what raises
    assert "isolate" not in (course / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "c.Judge.run_submissions_unprotected = False" in (course / "nbgrader_config.py").read_text(encoding="utf-8")


def test_a_link_is_not_collected(course, tmp_path):
    inbound = tmp_path / "visual_attention" / "inbound"
    for student in ("honest", "linker", "folder"):
        folder = inbound / f"{student}+{SHEET}+2030-01-01 00:00:00 UTC+1"
        if student == "folder":
            folder.symlink_to(course / "source" / SHEET)
            continue
        folder.mkdir(parents=True)
        source = course / "source" / SHEET / f"{SHEET}.ipynb"
        if student == "honest":
            (folder / source.name).write_text(json.dumps(released(course, SHEET)), encoding="utf-8")
        else:
            (folder / source.name).symlink_to(source)
    done = nbgrader(
        course, "collect", SHEET, f"--Exchange.root={tmp_path}", "--CourseDirectory.submitted_directory=collected"
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (course / "collected").rglob("*.ipynb")] == [f"{SHEET}.ipynb"]
    assert (course / "collected" / "honest" / SHEET / f"{SHEET}.ipynb").is_file()
    assert done.stderr.count("is a link or no file") == 2


# ---- pages

DANGEROUS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<div title='\n\n<script>alert(1)</script>'>",
    "<b onclick=alert(1)>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<textarea><script>alert(1)</script></textarea>",
    "<!-- --><script>alert(1)</script>",
    "<style>@import 'x'</style>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "`code` <script>alert(1)</script>",
    "$a<script>alert(1)</script>b$",
    "```\n<script>\n```\n<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](y)',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "# head <img src=x onerror=alert(1)>",
    "$\\href{javascript:alert(1)}{x}$",
]
SAFE = [
    "a < b and c > d",
    "$a < b$ & $x_1$",
    "**bold** <b>bold</b> <details><summary>x</summary>y</details>",
    "`x < y`",
]


@pytest.mark.parametrize("text", DANGEROUS)
@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_no_script_is_left_on_a_page(text, kind):
    cell = {"cell_type": kind, "metadata": {"raw_mimetype": "text/html", "tags": ["<script>"]}, "source": text}
    notebook = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {"title": "<script>x</script>"}, "cells": [cell]}
    )
    harmless(notebook)
    exporter = HTMLExporter(template_name="basic", embed_images=False)
    page = html5lib.parse(exporter.from_notebook_node(notebook)[0], namespaceHTMLElements=False)
    for element in page.iter():
        assert element.tag not in ("script", "style", "iframe", "svg", "form", "textarea", "object", "embed", "math")
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in ("href", "src"):
            address = re.sub(r"[\x00-\x20]", "", element.attrib.get(name, "")).lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:"))
    assert not [text for text in page.itertext() if "\\href" in text and "$" in text] or page.find(".//pre") is not None


@pytest.mark.parametrize("text", SAFE)
def test_plain_text_stays_as_it_is(text):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    harmless(notebook)
    assert notebook.cells[0].source == text


def test_the_sheets_own_text_stays_as_it_is(course):
    for sheet in SHEETS:
        notebook, before = released(course, sheet.stem), released(course, sheet.stem)
        harmless(notebook)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in before.cells]


# ---- the judge's own work


def test_the_judges_own_work_ends():
    source = "### BEGIN HIDDEN TESTS\n{}\nscore()\n### END HIDDEN TESTS"
    with Session(Limits(notebook_seconds=20)) as session:
        [output] = judge(session, source.format("raise RecursionError('deep')"))
        assert output.evalue == "the answer could not be judged (RecursionError)"
        start = time.monotonic()
        loop = "while True:\n    try:\n        print(end='')\n    except Exception:\n        pass"
        [output] = judge(session, source.format(loop))
        assert output.evalue == "the 20 s for the whole notebook are used up"
        assert time.monotonic() - start < 40


def test_a_process_that_dies_costs_nothing_but_time(tmp_path):
    """One of the two that judge is killed by the first submission it gets; nothing is missing in the end."""
    tasks = {f"{number}": [(f"print({number})", False)] for number in range(4)}

    def judged(name, cells, *others, once=tmp_path / "once"):
        with contextlib.suppress(FileExistsError):
            once.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return name, outputs(cells, *others)

    done = judge_all(tasks, Limits(), [], [], jobs=2, judged=judged)
    assert {name: [cell[0].text for cell in result] for name, result in done.items()} == {
        name: [f"{name}\n"] for name in tasks
    }
