"""Formulas as MathML, which browsers show without a script."""

import math_core

from courseware.publish.errors import FormulaError

__all__ = ["mathml"]


def mathml(body: str, display: bool) -> str:
    """The `<math>` element for a formula in LaTeX, as a block of its own with `display`.

    Raises `FormulaError` for what cannot be shown, an unknown command for instance.
    """
    try:
        return math_core.LatexToMathML(fancy_error=False).convert_with_local_state(body, displaystyle=display)
    except math_core.LatexError as error:
        raise FormulaError(f"the formula {body.strip()!r} cannot be shown: {error}") from error
