"""A real Chromium and a real JupyterLab for the browser tests.

The server runs on a copy of the project, so nothing that a test does can change a committed notebook.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbformat import NotebookNode
from playwright.sync_api import Page

from courseware.exercises import journal
from courseware.present import kept
from courseware.project import lessons, project_root
from courseware.publish.export import export
from courseware.text import derive
from courseware.text.execute import execute

# Of the same engine first the one without windows: a new page costs it a tenth of the processor time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
START_LIMIT = 60  # seconds until the server answers
LOAD_LIMIT = 60  # seconds until a page is usable
RUN_LIMIT = 240  # seconds until a notebook has run


@pytest.fixture(scope="session")
def base_url() -> None:
    """No base address: the tests open full ones.

    pytest-playwright 0.10 has a fixture of this name that pytest 9.2 warns about, and warnings are errors.
    """


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """pytest-playwright's options, with the Chromium of this machine and with no way to the network."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail(
            "The browser tests need Chromium. Install it (Debian, Ubuntu: apt install chromium; macOS: brew "
            "install --cask chromium), or set CHROMIUM to the path of a Chromium or Chrome.",
            pytrace=False,
        )
    return {
        **browser_type_launch_args,
        "executable_path": program,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--use-fake-device-for-media-stream",  # a camera that shows a test picture
            "--use-fake-ui-for-media-stream",  # and that is allowed without a question
        ],
    }


@dataclass(frozen=True)
class LabServer:
    """A running ``courseware lab``.

    Attributes
    ----------
    root : Path
        The copy of the project that it serves; tests may write notebooks under ``root / "notebooks"``.
    start_page : str
        The address that the command printed, token included.
    cache : Path or None
        The cache folder that it was given, if any.
    """

    root: Path
    start_page: str
    cache: Path | None = None

    def address(self, page: str) -> str:
        """The address of `page`, such as ``"lab/tree/notebooks/x.ipynb?reset"``, with the token."""
        base = re.match(r"https?://[^/]+/", self.start_page)[0]
        token = self.start_page.partition("token=")[2]
        return f"{base}{page}{'&' if '?' in page else '?'}token={token}"


def wait_for_server(process: subprocess.Popen, log: Path) -> str:
    """The address that `process` prints into `log`, as soon as the server there answers."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if printed := re.search(r"http://\S+token=\w+", log.read_text()):
            try:
                with urllib.request.urlopen(printed[0], timeout=10):
                    return printed[0]
            except urllib.error.URLError:
                pass  # printed, but not listening yet
        time.sleep(0.2)
    pytest.fail(f"courseware lab did not start within {START_LIMIT} s; it said:\n{log.read_text()}")


@pytest.fixture(scope="session")
def first_port(worker_id: str) -> int:
    """A hundred ports for each process of pytest-xdist: two servers that start at once would find the same one free."""
    return 8888 + 100 * int(worker_id.removeprefix("gw") if worker_id != "master" else 0)


@contextmanager
def serving(root: Path, settings: Path, port: int, *arguments: str, cache: Path | None = None) -> Iterator[LabServer]:
    """``courseware`` with these arguments on the project at `root`, until the end of the block."""
    # Settings and the arrangement of windows stay out of the home folder of whoever runs the tests.
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(settings)}
    environment.pop(journal.VARIABLE, None)  # a student's progress is kept, in this copy
    if cache is not None:
        environment["XDG_CACHE_HOME"] = str(cache)
    log = root / "server.log"
    command = [sys.executable, "-m", "courseware.cli", *arguments, "--port", str(port), "--no-browser"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--", "--LabApp.expose_app_in_browser=True"],
            cwd=root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield LabServer(root, wait_for_server(process, log), cache)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, first_port: int, cache_home: Path) -> Iterator[LabServer]:
    """``courseware lab`` on a copy of the notebooks, for the whole test session."""
    root = tmp_path_factory.mktemp("project")
    project = project_root(Path(__file__))
    shutil.copytree(project / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("*progress*.json"))
    shutil.copytree(project / "course" / "exercises", root / "course" / "exercises")
    with serving(root, tmp_path_factory.mktemp("jupyter"), first_port, "lab", cache=cache_home) as server:
        yield server


@pytest.fixture(scope="module")
def presented(
    tmp_path_factory: pytest.TempPathFactory, first_port: int, cache_home: Path, site: Path
) -> Iterator[LabServer]:
    """``courseware present 05 --dark`` on a copy of the project; its start page is the deck."""
    root = tmp_path_factory.mktemp("presented")
    project = project_root(Path(__file__))
    for folder in ("notebooks", "course"):
        shutil.copytree(project / folder, root / folder, ignore=shutil.ignore_patterns("*progress*.json"))
    settings = tmp_path_factory.mktemp("jupyter")
    with serving(root, settings, first_port + 50, "present", "05", "--dark", cache=cache_home) as server:
        yield server


class LabPage:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, lab: LabServer) -> None:
        self.page = page
        self.lab = lab

    def open(self, path: str) -> None:
        """Open the notebook at `path` (relative to the root) in a fresh layout, and wait for its kernel."""
        self.page.goto(self.lab.address(f"lab/tree/{path}?reset"))
        self.page.wait_for_function(
            """path => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                const kernel = panel?.sessionContext?.session?.kernel;
                return panel?.context?.path === path && panel.context.isReady
                    && kernel?.connectionStatus === "connected" && kernel.status === "idle";
            }""",
            arg=path,
            timeout=1000 * LOAD_LIMIT,
        )

    def run_all(self, limit: float = RUN_LIMIT) -> None:
        """Run every cell and wait for the last one, at most `limit` seconds."""
        # Not awaited here: evaluate() knows no time limit, and wait_for_function() does.
        self.page.evaluate(
            """() => {
                window.runState = "running";
                jupyterapp.commands.execute("notebook:run-all-cells").then(() => {
                    window.runState = "done";
                });
            }"""
        )
        self.page.wait_for_function('window.runState === "done"', timeout=1000 * limit)

    def errors(self) -> list[str]:
        """``"cell number: exception: message"`` for each error output in the notebook's model."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets.flatMap((cell, number) =>
                (cell.model.outputs?.toJSON() ?? [])
                    .filter((output) => output.output_type === "error")
                    .map((output) => `cell ${number}: ${output.ename}: ${output.evalue}`))"""
        )


class SlidesPage:
    """A notebook that is open as live slides."""

    def __init__(self, page: Page, lab: LabServer) -> None:
        self.page = page
        self.lab = lab

    def open(self, path: str, limit: float = RUN_LIMIT) -> None:
        """Open the slides of the notebook at `path`, run it, and wait for both (at most `limit` seconds)."""
        self.open_running(path)
        self.wait_until_run(limit)

    def open_running(self, path: str) -> None:
        """Open the slides of the notebook at `path` and come back as soon as one is shown: its cells run."""
        self.open_address(self.lab.address(f"rise/{path}?run"))

    def open_address(self, address: str) -> None:
        """Open the slides at `address` and come back as soon as one is shown."""
        self.page.goto(address)
        self.page.wait_for_selector(".rise-enabled .reveal section.present section.present", timeout=1000 * LOAD_LIMIT)

    def open_unrun(self, path: str) -> None:
        """Open the slides of the notebook at `path` as they are before a kernel has run: with its kept explorers."""
        [pictures] = slides_cache(self.lab.cache).glob(f"{Path(path).stem}-*")
        self.open_address(self.lab.address(f"rise/{path}?pictures={pictures.name}"))

    def wait_until_run(self, limit: float = RUN_LIMIT) -> None:
        """Wait until every cell has run, or one has failed, at most `limit` seconds."""
        self.page.wait_for_selector("body[data-notebook-run=done]", timeout=1000 * limit)

    @property
    def current(self) -> str:
        """The name of the slide that is shown: ``"slide-<column>-<row>"``, both from 0."""
        return self.page.locator(".reveal section.present > section.present").get_attribute("id")

    def go_to(self, heading: str, moves: int = 200) -> None:
        """From the first slide on by the space bar, until a slide with this `heading` is shown."""
        self.page.keyboard.press("Home")
        self.page.wait_for_selector("#slide-0-0.present")
        shown = self.page.locator("section.present > section.present").get_by_role("heading", name=heading)
        for _ in range(moves):
            if shown.count():
                return
            self.page.keyboard.press("Space")
        pytest.fail(f"no slide has the heading {heading!r}")

    def errors(self) -> list[str]:
        """The text of each error that a cell of the deck shows."""
        shown = self.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
        return shown.all_text_contents()


@pytest.fixture
def lab_page(page: Page, lab: LabServer) -> LabPage:
    """A browser page for a notebook in JupyterLab; call its ``open`` first."""
    return LabPage(page, lab)


@pytest.fixture
def slides_page(page: Page, lab: LabServer) -> SlidesPage:
    """A browser page for a notebook as live slides; call its ``open`` first."""
    return SlidesPage(page, lab)


@pytest.fixture(scope="session")
def lab_page_class() -> type[LabPage]:
    """For fixtures that keep one opened notebook for several tests."""
    return LabPage


@pytest.fixture(scope="session")
def serving_class():
    """For fixtures that start a server of their own."""
    return serving


@pytest.fixture(scope="session")
def slides_page_class() -> type[SlidesPage]:
    """The same for live slides."""
    return SlidesPage


@pytest.fixture(scope="session")
def cache_home(shared_folder: Path) -> Path:
    """The cache folder of the servers that tests start: that of whoever runs them stays as it is."""
    return shared_folder / "cache"


@pytest.fixture(scope="session")
def site(shared_folder: Path, cache_home: Path) -> Path:
    """The whole course as `courseware export` writes it: once, whichever process of pytest-xdist comes first."""
    folder = shared_folder / "site"
    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as patch:
        if not folder.exists():
            startup = folder.with_name("ipython") / "profile_default" / "startup"
            startup.mkdir(parents=True)
            (startup / "watch.py").write_text(WATCH_FIGURES.format(report=str(folder.with_name("figures.jsonl"))))
            patch.setenv("IPYTHONDIR", str(startup.parents[1]))
            patch.setattr("courseware.publish.export.execute", Runs(slides_cache(cache_home)))
            export(folder, url="https://github.com/owner/name", progress=False)
    return folder


# Runs in every kernel before the first cell. The figures of all languages have the same colours.
WATCH_FIGURES = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).resolve().parents[1] / "visual_attention")!r})
import figure_contrast
if Path.cwd().name == "notebooks":
    figure_contrast.watch({{report!r}})
"""


# These lessons are run in every language. Of the others, a translated page shows the explorers of the English run.
RUN_IN_EVERY_LANGUAGE = ("01_cues", "05_squeeze_excitation")


class Runs:
    """In place of `courseware.text.execute.execute`: what need not be run again is taken as it is stored.

    Exercise sheets and solutions have no explorers, so their pages show what the stored outputs show; and that these
    are what a fresh run gives, tests/notebooks sees to. The same holds for translated lessons but for their explorers,
    whose hundreds of pictures take most of the time of an export: they come from the lesson's English run.
    """

    def __init__(self, kept_in: Path) -> None:
        self.kept_in = kept_in
        self.lessons = {lesson.stem: concurrent.futures.Future() for lesson in lessons()}

    def __call__(self, notebook: NotebookNode, *, folder: Path, **options) -> NotebookNode:
        if folder.name == "notebooks":
            return self.in_english(notebook, folder, **options)
        stored = as_stored(notebook, folder)
        if stored is None:
            return execute(notebook, folder=folder, **options)
        found, path = stored
        if folder.name in ("exercises", "solutions"):
            return found
        if path.stem not in self.lessons or path.stem in RUN_IN_EVERY_LANGUAGE:
            return execute(notebook, folder=folder, **options)
        # Notebooks begin in reading order, English first: the run that is waited for is on, and waits for none.
        return with_explorers_of(found, self.lessons[path.stem].result())

    def in_english(self, notebook: NotebookNode, folder: Path, **options) -> NotebookNode:
        stored = as_stored(notebook, folder)
        run = self.lessons.get(stored[1].stem) if stored else None
        try:
            done = execute(notebook, folder=folder, **options)
        except BaseException as error:
            if run:
                run.set_exception(error)
            raise
        if run:
            run.set_result(done)
            # The same run serves the live slides: the pictures of its explorers are kept where these look for them.
            kept.write(done, self.kept_in / kept.folder(stored[1]).name)
        return done


def as_stored(notebook: NotebookNode, folder: Path) -> tuple[NotebookNode, Path] | None:
    """The notebook of `folder` that has the cells of `notebook`, with its outputs, and where it lies."""
    for path in folder.glob("*.ipynb"):
        if derive.same_source(found := nbformat.read(path, as_version=4), notebook):
            return found, path
    return None


def with_explorers_of(stored: NotebookNode, run: NotebookNode) -> NotebookNode:
    """`stored` with what moves in a page (explorers, microscopes, drawing pads) as it is in `run`, cell by cell."""
    for cell, other in zip(stored.cells, run.cells, strict=True):
        pages = [output.get("data", {}).get("text/html", "") for output in other.get("outputs", [])]
        if any("<script" in page for page in pages):
            cell.outputs = other.outputs
    return stored


def slides_cache(home: Path) -> Path:
    """Where a server whose cache folder is `home` looks for kept pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        return kept.cache()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What makes the README's pictures is no test: it runs when somebody wants them."""
    if collection_path.name == "test_screenshots.py" and not config.getoption("--screenshots", None):
        return True
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="write the README's pictures into this folder")
