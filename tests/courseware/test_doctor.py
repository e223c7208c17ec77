import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from courseware import doctor
from courseware.doctor import Finding, check_packages, check_python, report

INSTALLED = {"good": "1.5", "old": "1.0", "local": "2.13.0+cpu"}


def findings(*requirements):
    return check_packages(requirements, INSTALLED.get, {}.get)


def test_a_package_of_the_right_version_is_fine():
    assert findings("good>=1.4,<2") == [Finding("good", "1.5")]


def test_a_missing_package_comes_with_the_line_that_installs_it():
    [finding] = findings("absent>=3")
    assert finding.state == "not installed"
    assert finding.remedy == f'{sys.executable} -m pip install "absent>=3"'


def test_a_wrong_version_names_both():
    [finding] = findings("old>=1.4,<2")
    assert "1.0" in finding.state
    assert ">=1.4" in finding.state
    assert finding.remedy.endswith('-m pip install "old<2,>=1.4"')


def test_a_build_for_one_machine_satisfies_the_pinned_version():
    assert findings("local==2.13.0") == [Finding("local", "2.13.0+cpu")]


def test_a_package_that_cannot_be_imported_is_installed_anew():
    [finding] = check_packages(["good>=1.4"], INSTALLED.get, {"good": "ImportError: no symbol"}.get)
    assert finding.state == "1.5, but it cannot be imported: ImportError: no symbol"
    assert finding.remedy.endswith('-m pip install --no-deps --force-reinstall "good>=1.4"')


@pytest.mark.parametrize(
    ("distribution", "module"),
    [("scikit-learn", "sklearn"), ("pillow", "PIL"), ("jupyterlab-rise", "jupyterlab_rise"), ("torch", "torch")],
)
def test_a_package_is_tried_by_its_module(distribution, module):
    assert doctor.module_of(distribution) == module
    assert doctor.import_error(distribution) is None


def test_a_broken_package_says_in_one_line_what_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "broken_thing").mkdir()
    (tmp_path / "broken_thing" / "__init__.py").write_text("raise RuntimeError('two\\nlines')")
    information = tmp_path / "broken_thing-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-thing\nVersion: 1.0\n")
    (information / "RECORD").write_text("broken_thing/__init__.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    [finding] = check_packages(["broken-thing"])
    assert finding.state == "1.0, but it cannot be imported: RuntimeError: two lines"


def test_a_course_that_is_not_installed_is_said_with_its_packages(monkeypatch):
    def absent():
        raise metadata.PackageNotFoundError("courseware")

    monkeypatch.setattr(doctor, "course_distribution", absent)
    monkeypatch.setattr(doctor, "check_lab_extensions", list)
    first, *others = doctor.check_environment()
    assert first.state == "only found on the path, not installed"
    assert "constraints.txt" in first.remedy
    assert {"Python", "torch", "anywidget"} <= {finding.subject for finding in others}
    monkeypatch.setattr(doctor, "PYPROJECT", Path("nowhere", "pyproject.toml"))
    assert len(doctor.check_environment()) == 1


LIGHT = """
import importlib, pkgutil, sys
import visual_attention
from courseware import doctor
from courseware.exercises import journal, questions
from courseware.notebook import explorer, peak_memory, progress_bar, quiz
for module in pkgutil.walk_packages(visual_attention.__path__, "visual_attention."):
    if "__main__" not in module.name:
        importlib.import_module(module.name)
print(*{"jupyterlab", "jupyterlab_rise", "jupytext", "nbclient", "nbconvert", "nbformat"} & set(sys.modules))
"""


def test_lessons_and_sheets_need_nothing_of_jupyterlab():
    # VS Code and Colab bring a notebook of their own: see docs/colab.md.
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_an_extra_or_another_python_asks_for_is_left_out():
    assert findings('absent>=3; extra == "test"', 'absent>=3; python_version < "3"') == []


@pytest.mark.parametrize(("version", "fine"), [("3.10.9", False), ("3.11.0", True), ("3.15.0rc1", True)])
def test_python_is_compared_with_what_the_course_asks_for(version, fine):
    assert (check_python(">=3.11", version).remedy is None) is fine


@pytest.mark.parametrize(
    ("program", "fine"), [("python", True), (sys.executable, True), ("/somewhere/else/python", False)]
)
def test_the_kernel_has_to_be_this_python(monkeypatch, program, fine):
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: KernelSpec(argv=[program]))
    assert (doctor.check_kernel().remedy is None) is fine


def test_a_missing_kernel_comes_with_the_line_that_installs_it(monkeypatch):
    def missing(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", missing)
    assert "ipykernel install --sys-prefix --name python3" in doctor.check_kernel().remedy


def test_a_missing_lab_extension_is_found():
    [finding] = doctor.check_lab_extensions({"no-such-extension": "its-package"})
    assert finding.state == "not installed"
    assert '"its-package"' in finding.remedy


def test_a_disabled_lab_extension_is_found(monkeypatch):
    import jupyterlab_server.config

    page = {"federated_extensions": [], "disabledExtensions": ["anywidget"]}
    monkeypatch.setattr(jupyterlab_server.config, "get_page_config", lambda *_: page)
    [finding] = doctor.check_lab_extensions({"anywidget": "anywidget"})
    assert finding.state == "disabled"
    assert "labextension enable anywidget" in finding.remedy


def test_the_live_slides_extension_is_installed_with_the_course():
    assert doctor.check_lab_extensions({"courseware-live-slides": None}) == [
        Finding("JupyterLab extension courseware-live-slides", "enabled")
    ]


@pytest.mark.parametrize("change", ["nothing", "another text", "a missing file"])
def test_an_extension_from_before_a_git_pull_is_found(tmp_path, change):
    installed = tmp_path / "installed"
    shutil.copytree(doctor.OWN_EXTENSION, installed)
    if change == "another text":
        (installed / "static" / "keys.js").write_text("// as it was")
    elif change == "a missing file":
        (installed / "static" / "notes.html").unlink()
    assert doctor.own_extension_is_current(installed) is (change == "nothing")


def test_every_module_of_the_extension_is_there():
    static = doctor.OWN_EXTENSION / "static"
    asked = {
        name
        for path in static.iterdir()
        for name in re.findall(r"""["'](?:\./)?([\w-]+\.(?:js|css|html))["']""", path.read_text(encoding="utf-8"))
    }
    asked -= {"explorer.js", "explorer.css"}  # they lie with the pictures that they show
    assert asked | {"remoteEntry.js"} == {path.name for path in static.iterdir()}


def test_the_installed_distribution_is_the_only_list_of_requirements():
    distribution = doctor.course_distribution()
    assert any(line.startswith("jupyterlab") for line in distribution.requires)


@pytest.mark.parametrize(
    ("seen", "status", "said"),
    [
        ([Finding("a", "1.0")], 0, "Everything that the course needs is here."),
        ([Finding("a", "1.0"), Finding("b", "not installed", "pip install b")], 1, "1 of 2 wrong"),
    ],
)
def test_the_report_says_what_is_wrong_and_how_to_mend_it(capsys, seen, status, said):
    assert report(seen) == status
    printed = capsys.readouterr().out
    assert said in printed
    for finding in seen:
        assert finding.remedy is None or finding.remedy in printed
