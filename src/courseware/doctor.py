"""Is everything that the course needs installed, in the right version?

The requirements are read from the installed distribution itself, or from the checkout's `pyproject.toml` where the
course is on the path without being installed, so there is no second list to keep.
"""

import filecmp
import importlib
import json
import platform
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

COMMAND = "courseware"
PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
# JupyterLab's name for an extension, and the distribution that brings it (None: the course's own).
LAB_EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
    "jupyterlab-rise": "jupyterlab_rise",
    "courseware-live-slides": None,
}
OWN_EXTENSION = Path(__file__).parent / "present" / "labextension" / "prebuilt"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : str
        What was looked at, such as ``"numpy"``.
    state : str
        What was found, such as ``"2.4.6"`` or ``"not installed"``.
    remedy : str or None
        The line that mends it, or None if nothing is wrong.
    """

    subject: str
    state: str
    remedy: str | None = None


def pip_install(*what: str) -> str:
    """The line that installs `what` into this very Python, quoted so that a shell leaves ``>`` alone."""

    def quote(item: str) -> str:
        return item if item.startswith("-") else f'"{item}"'

    return " ".join([sys.executable, "-m", "pip", "install", *map(quote, what)])


def course_distribution() -> metadata.Distribution:
    """The installed distribution that brings the ``courseware`` command.

    Raises
    ------
    metadata.PackageNotFoundError
        If none does: the package was not installed, only found on the path.
    """
    for script in metadata.entry_points(group="console_scripts", name=COMMAND):
        if script.dist is not None:
            return script.dist
    raise metadata.PackageNotFoundError(COMMAND)


def reinstall_course() -> str:
    """The line that installs the course's own distribution anew, from its checkout if it came from one."""
    distribution = course_distribution()
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    # pip writes {"url": "file:///...", "dir_info": {"editable": true}} for a checkout (PEP 610).
    if origin.get("dir_info", {}).get("editable"):
        return pip_install("--no-deps", "--force-reinstall", "-e", url2pathname(urlsplit(origin["url"]).path))
    return pip_install("--no-deps", "--force-reinstall", distribution.name)


def installed_version(name: str) -> str | None:
    """The version of the distribution `name`, or None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_python(requires: str, version: str) -> Finding:
    """Compare a Python `version` with the specifier `requires`, such as ``">=3.11"``."""
    if SpecifierSet(requires).contains(version, prereleases=True):
        return Finding("Python", version)
    return Finding("Python", f"{version}, but {requires} is needed", "install a newer Python and start again")


def module_of(distribution: str) -> str | None:
    """The module to import to see whether an installed `distribution` works, or None if it brings none."""
    # Not metadata.packages_distributions(): that reads the records of every distribution there is.
    files = metadata.files(distribution) or ()
    modules = {file.parts[0] for file in files if len(file.parts) == 2 and file.name == "__init__.py"}
    own = re.sub(r"[-.]+", "_", distribution).lower()
    return own if own in modules else min((name for name in modules if not name.startswith("_")), default=None)


def import_error(distribution: str) -> str | None:
    """What goes wrong when the module of an installed `distribution` is imported, in one line; None if nothing."""
    module = module_of(distribution)
    if module is None:
        return None
    try:
        importlib.import_module(module)
    except Exception as error:  # a broken installation may raise anything
        return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return None


def check_packages(
    requirements: Iterable[str],
    version_of: Callable[[str], str | None] = installed_version,
    error_of: Callable[[str], str | None] = import_error,
) -> list[Finding]:
    """Compare what is installed with `requirements`, one finding for each that applies here.

    Parameters
    ----------
    requirements : iterable of str
        Requirement lines as in a distribution's metadata; those of an extra are left out.
    version_of : callable
        From a distribution's name to its installed version, or None.
    error_of : callable
        From the name of a distribution in the right version to what goes wrong when it is imported, or None.
    """
    findings = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        version = version_of(requirement.name)
        if version is None:
            findings.append(Finding(requirement.name, "not installed", pip_install(wanted)))
        elif not requirement.specifier.contains(version, prereleases=True):
            state = f"{version}, but {requirement.specifier} is needed"
            findings.append(Finding(requirement.name, state, pip_install(wanted)))
        elif error := error_of(requirement.name):
            remedy = pip_install("--no-deps", "--force-reinstall", wanted)
            findings.append(Finding(requirement.name, f"{version}, but it cannot be imported: {error}", remedy))
        else:
            findings.append(Finding(requirement.name, version))
    return findings


def check_kernel(name: str = "python3") -> Finding:
    """Whether Jupyter knows the kernel `name` and would start it with this very Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = f"{sys.executable} -m ipykernel install --sys-prefix --name {name}"
    try:
        program = KernelSpecManager().get_kernel_spec(name).argv[0]
    except NoSuchKernel:
        return Finding("kernel", f"Jupyter knows no kernel {name!r}", remedy)
    # Jupyter itself puts the running Python in the place of these names.
    if program in (sys.executable, "python", "python3", f"python3.{sys.version_info[1]}"):
        return Finding("kernel", name)
    return Finding("kernel", f"{name!r} starts another Python: {program}", remedy)


def own_extension_is_current(installed: Path, source: Path = OWN_EXTENSION) -> bool:
    """Whether the folder `installed` holds every file of `source` as it is there.

    pip copies the extension, for an editable install too: a `git pull` alone leaves the old one in place.
    """
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    return not any(filecmp.cmpfiles(installed, source, files, shallow=False)[1:])


def check_lab_extensions(wanted: Mapping[str, str | None] = LAB_EXTENSIONS) -> list[Finding]:
    """Whether JupyterLab finds each of the `wanted` extensions and has it enabled.

    `wanted` maps an extension's name to the distribution that brings it, or to None for the course's own.
    """
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_page_config

    paths = jupyter_path("labextensions")
    config = get_page_config(paths)
    installed = {extension["name"] for extension in config["federated_extensions"]}
    # JupyterLab takes the first of several; hence reversed.
    folders = {name: Path(path, name) for path in reversed(paths) for name in installed if Path(path, name).is_dir()}
    disabled = set(config["disabledExtensions"])
    findings = []
    for name, distribution in wanted.items():
        subject = f"JupyterLab extension {name}"
        if name in disabled:
            remedy = f"{sys.executable} -m jupyter labextension enable {name}"
            findings.append(Finding(subject, "disabled", remedy))
        elif name not in installed:
            if distribution is None:
                remedy = reinstall_course()
            else:
                remedy = pip_install("--no-deps", "--force-reinstall", distribution)
            findings.append(Finding(subject, "not installed", remedy))
        elif distribution is None and not own_extension_is_current(folders[name]):
            findings.append(Finding(subject, "not the one of this version of the course", reinstall_course()))
        else:
            findings.append(Finding(subject, "enabled"))
    return findings


def check_environment() -> list[Finding]:
    """Everything that can be looked at without starting anything: Python, packages, kernel, extensions."""
    findings = []
    try:
        distribution = course_distribution()
        requires_python, requirements = distribution.metadata["Requires-Python"], distribution.requires or []
    except metadata.PackageNotFoundError:
        folder = PYPROJECT.parent
        remedy = pip_install("-c", str(folder / "constraints.txt"), "-e", str(folder))
        findings.append(Finding("the course", "only found on the path, not installed", remedy))
        if not PYPROJECT.is_file():
            return findings
        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        requires_python, requirements = project["requires-python"], project["dependencies"]
    findings.append(check_python(requires_python, platform.python_version()))
    findings += check_packages(requirements)
    # Without these two the next questions cannot be asked, and the findings above say how to get them.
    if installed_version("jupyterlab") is not None and installed_version("ipykernel") is not None:
        findings.append(check_kernel())
        findings += check_lab_extensions()
    return findings


def report(findings: Iterable[Finding]) -> int:
    """Print the `findings`, each wrong one with the line that mends it; 1 if something is wrong, else 0."""
    findings = list(findings)
    width = max((len(finding.subject) for finding in findings), default=0)
    for finding in findings:
        mark = "ok   " if finding.remedy is None else "WRONG"
        print(f"{mark}  {finding.subject:<{width}}  {finding.state}")
        if finding.remedy is not None:
            print(f"       mend it with:  {finding.remedy}")
    wrong = sum(finding.remedy is not None for finding in findings)
    print(f"\n{wrong} of {len(findings)} wrong" if wrong else "\nEverything that the course needs is here.")
    return 1 if wrong else 0
