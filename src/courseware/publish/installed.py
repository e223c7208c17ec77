"""Files that other distributions bring, found without importing these."""

from importlib import metadata
from pathlib import Path

from courseware.project import INSTALL_EXPORT
from courseware.publish.errors import ExportError

__all__ = ["REVEAL", "STIX_TWO_MATH", "installed"]

REVEAL = "sphinx-revealjs", "sphinx_revealjs/_static/revealjs"  # with Source Sans Pro
STIX_TWO_MATH = "ziamath", "ziamath/fonts/STIXTwoMath-Regular.ttf"


def installed(distribution: str, path: str) -> Path:
    """Where `path` of a distribution lies; raises `ExportError` if it is not installed."""
    try:
        return Path(str(metadata.distribution(distribution).locate_file(path)))
    except metadata.PackageNotFoundError as error:
        raise ExportError(f"exporting needs the package {distribution}; install it with: {INSTALL_EXPORT}") from error
