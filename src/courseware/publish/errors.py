"""What publishing raises."""

__all__ = ["ExportError", "FormulaError"]


class ExportError(ValueError):
    """The course cannot be shown as it must be; the message says what is wrong, and where."""


class FormulaError(ExportError):
    """A formula has no MathML."""
