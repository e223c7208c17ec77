"""For every test: one thread for torch, no time limit by hypothesis (a busy machine is no fault of the code), and
no look at the progress of whoever runs them as a student. For some: the course's pages, made once."""

import os
import signal
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

# Before anything imports torch, and for every kernel that a test starts. Threads of several processes that share the
# cores wait for each other by spinning: a notebook of half a minute then takes ten.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSEWARE_JOURNAL"] = "off"

# A shell that starts the tests in the background has them ignore Ctrl+C, and every kernel with them; there are tests
# of the interrupt button.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("course", deadline=None)
settings.load_profile("course")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of pytest-xdist share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def pages_of_text(shared_folder: Path) -> Path:
    """The pages of the whole course in all languages, without outputs: no notebook is run.

    A link that leads nowhere, a formula that cannot be shown or anything else that Sphinx warns of fails the build.
    """
    from courseware.project import project_root
    from courseware.publish.course import read_courses
    from courseware.publish.pages import write_pages

    folder = shared_folder / "pages_of_text"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            made = folder.with_name("pages_in_the_making")
            made.mkdir()
            write_pages(read_courses(project_root(Path(__file__))), made)
            made.rename(folder)
    return folder


EXPORT_LIMIT = 1800  # seconds, on a busy machine

# ---- which tests are slow: those that drive a browser, run notebooks, train, export, grade, or read every picture
SLOW = (
    "tests/browser/",
    "tests/courseware/test_build.py",
    "tests/courseware/test_checking_hostile.py",
    "tests/courseware/test_citations.py",
    "tests/courseware/test_classroom.py",
    "tests/courseware/test_export.py",
    "tests/courseware/test_grading",
    "tests/courseware/test_missing_names.py",
    "tests/courseware/test_no_solution_leaks.py",
    "tests/courseware/test_pages.py",
    "tests/courseware/test_recipes.py",
    "tests/courseware/test_teaching.py",
    "tests/courseware/test_time_limit.py",
    "tests/notebooks/test_everywhere.py",
    "tests/notebooks/test_learned_attention.py",
    "tests/notebooks/test_lessons.py",
    "tests/notebooks/test_notebooks.py::test_a_cell",
    "tests/notebooks/test_notebooks.py::test_nbval",
    "tests/notebooks/test_read_only_elsewhere.py",
    "tests/notebooks/test_run_",
    "tests/notebooks/test_translated_notebooks.py",
    "tests/visual_attention/test_credits.py",
    "tests/visual_attention/test_datasets",
    "tests/visual_attention/test_exercise",
    "tests/visual_attention/test_explorers",
    "tests/visual_attention/test_scenes.py",
    "tests/visual_attention/test_wrong_answers.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SLOW) or "_claims.py" in item.nodeid:
            item.add_marker("slow")
        if exports(item):
            item.add_marker(pytest.mark.timeout(EXPORT_LIMIT))
    # Files go to processes as these become free. First those that need the whole course exported, which keeps two
    # processors busy by itself while the others wait for it; then the other long ones; short ones fill the end.
    items.sort(key=lambda item: (not exports(item), item.get_closest_marker("slow") is None))


def exports(item: pytest.Item) -> bool:
    return "site" in getattr(item, "fixturenames", ())


# ---- what the tests cost: processor time, of every process that a test starts and waits for
USED = pytest.StashKey[dict[str, float]]()


def processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    before = processor_seconds()
    result = yield
    used, file = item.config.stash[USED], item.nodeid.partition("::")[0]
    used[file] = used.get(file, 0.0) + processor_seconds() - before
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a worker of pytest-xdist: it tells the process that prints
        session.config.workeroutput["used"] = session.config.stash[USED]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist: a worker has ended
def pytest_testnodedown(node) -> None:
    used = node.config.stash[USED]
    for file, seconds in getattr(node, "workeroutput", {}).get("used", {}).items():
        used[file] = used.get(file, 0.0) + seconds


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    used = config.stash[USED]
    if sum(used.values()) < 60:
        return
    terminalreporter.section("processor time")
    terminalreporter.line(f"{sum(used.values()) / 60:.1f} minutes, of these")
    for file, seconds in sorted(used.items(), key=lambda entry: -entry[1])[:25]:
        terminalreporter.line(f"{seconds / 60:6.1f} {file}")
