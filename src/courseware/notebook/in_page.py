"""A widget that computes in the page as one piece of HTML, without a kernel."""

import json
from typing import Any

__all__ = ["in_page"]


def in_page(name: str, description: dict[str, Any], *, still: str, style: str, script: str) -> str:
    """The widget `name` by its description, its script, and `still`, HTML for where no script runs.

    `script` ends in ``export default { ..., mountExports }`` and finds the parts by classes that begin with
    ``courseware-`` and the name.
    """
    # "<" inside the data must not be able to close the element.
    told = json.dumps(description, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="courseware-{name}-export"><style>{style}</style>'
        f'<div class="courseware-{name}-host">{still}</div>'
        f'<script type="application/json" class="courseware-{name}-description">{told}</script>'
        f'<script type="module">{script.replace("export default", "const module =")}\n'
        "module.mountExports(document);</script></div>"
    )
