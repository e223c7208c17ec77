"""Numbers in a lesson's text: is each one computed in the notebook, cited from a work, or flagged as recalled?

A number counts as

- **computed** if an output prints it, or prints a value that rounds to it, or if it is a number in a code cell
  (comments and strings aside). A decimal of one or two digits must stand so in the same section, from one heading
  to the next, since such numbers meet by chance; any other may stand anywhere in the notebook. With a unit the value
  may be printed unscaled: 62.5 % as 0.625, 2.5 million as 2,514,944. Signs are not compared. The words for a static
  picture are typed by hand and no output, and what a microscope or a drawing pad lists are numbers to begin with, so
  many that any decimal would be among them;
- **cited** if its paragraph, list item or table cites a work. A paragraph that ends in a colon speaks for the list,
  table or formula that follows;
- **recalled** if, in the same way, the words "as we recall it" or "check the paper" stand there, or the mark †, which a
  lesson explains by these words once;
- **structural** if one of `RULES` says so: it numbers, names or measures out something and reports no result;
- **unsupported** otherwise.

Numbers in words, in code spans, in the targets of links and in the list under a heading "References" are not looked
at.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nbformat import NotebookNode

__all__ = ["RULES", "Number", "numbers"]

NO_RESULTS = ("[picture:", "Microscope: ", "Drawing pad: ")
NUMBER = re.compile(r"(?<![\w.])(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w]*\d)")
UNIT = re.compile(r"(?:\\?\s|\*\*|\$)*(?P<unit>%|points?\b|dB\b|GB\b|MB\b|ms\b|M\b|G\b|million\b|times\b|×(?!\s*\d))")
SCALES = {"%": (100,), "M": (1e-6,), "MB": (1e-6,), "million": (1e-6,)}
SCALES |= {"G": (1e-9,), "GB": (1e-9,)}

CITED = re.compile(r"\[[^\]]*\]\((?:\.\./)?references\.ipynb#\w+\)")
RECALLED = re.compile(r"†|as we recall|check the (?:paper|book)", re.IGNORECASE)
HIDDEN = re.compile(
    r"(?P<ticks>`+).+?(?P=ticks)"  # code
    r"|\]\([^)]*\)"  # where a link leads
    r"|</?[a-zA-Z!][^>\n]*>"  # HTML
    r"|\\(?:tfrac|frac|sqrt)(?=\d)",  # \frac12: the digits stay
    re.DOTALL,
)

# What a number may be besides a result. Kept short: each has an example and a counterexample in the tests.
RULES: dict[str, re.Pattern[str]] = {
    # Table 10, tables 1 to 4, eq. 2 to 4, figure 5, section 3.3
    "place in a work": re.compile(
        r"\b(?:tables?|eq\.|figures?|sections?) \d+(?:\.\d+)?(?:(?:,| to| and) \d+)*", re.IGNORECASE
    ),
    # the minutes that a slide or a lesson takes
    "minutes": re.compile(r"Lecturer, \d+½? min|\b\d+ minutes in a lecture"),
    # ResNet-50, top-5, CIFAR-100; of a licence, CC BY 2.0
    "name": re.compile(r"\b[A-Za-z]\w*-\d+\b|\bCC BY \d\.\d"),
    # 3×3, 16 × 24, 4 \times 14 \times 14
    "size": re.compile(r"\d+(?: ?(?:×|\\times) ?\d+)+"),
    # of a work or an event
    "year": re.compile(r"(?<![\d,.])(?:18[89]\d|19\d\d|20[0-2]\d)(?![\d,.]*\d)(?! *(?:%|×))"),
    # 2^20, 10^{10}
    "exponent": re.compile(r"(?<=\^)\{?\d+\}?"),
}
SMALL = 12  # a whole number up to here, without a unit, counts or numbers things


class Printed(NamedTuple):
    """A number in an output or in code: its size without sign, and its decimals."""

    value: float
    decimals: int


@dataclass(frozen=True)
class Number:
    """One number in the text of a notebook.

    Attributes
    ----------
    cell : int
        The index of its Markdown cell.
    text : str
        As written, with its unit.
    sentence : str
        What stands around it.
    kind : str
        "computed", "cited", "recalled", "structural" or "unsupported".
    rule : str
        The rule that makes a number structural, else empty.
    """

    cell: int
    text: str
    sentence: str
    kind: str
    rule: str = ""


def numbers(notebook: NotebookNode) -> list[Number]:
    """Every number in the Markdown cells of an executed notebook, in order."""
    sections = _sections(notebook)
    everywhere = [number for section in sections for number in _printed(section)]
    found: list[Number] = []
    index = 0
    for section in sections:
        here = _printed(section)
        for cell in section:
            if cell.cell_type == "markdown":
                for block, flags in _blocks(cell.source):
                    found += _classified(index, block, flags, here, everywhere)
            index += 1
    return found


def _sections(notebook: NotebookNode) -> list[list[NotebookNode]]:
    sections: list[list[NotebookNode]] = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            sections.append([])
        sections[-1].append(cell)
    return sections


# ------------------------------------------------------------------------------------------------- in the text
def _blocks(source: str) -> Iterator[tuple[str, str]]:
    """Paragraphs, list items, tables and formulas, each with the text that may cite a work for it."""
    before = ""
    for part in re.split(r"\n\s*\n", source):
        if before.strip() == "## References" and part.startswith("- "):
            continue
        lines = part.splitlines()
        items: list[list[str]] = []
        for line in lines:
            begins = re.match(r"\s*(?:[-*]|\d+\.)\s", line)
            if begins or not items:
                items.append([])
            items[-1].append(line)
        introduction = before if before.rstrip().endswith(":") else ""
        for item in items:
            block = "\n".join(item)
            yield block, introduction + "\n" + block
        # The formula or list between a colon and a table does not end what the colon announces.
        before = part


def _classified(index: int, block: str, flags: str, here: list[Printed], everywhere: list[Printed]) -> Iterator[Number]:
    blank = CITED.sub(lambda link: " " * len(link[0]), block)
    blank = HIDDEN.sub(lambda hidden: " " * len(hidden[0]), blank)
    spans = [(rule, match.span()) for rule, pattern in RULES.items() for match in pattern.finditer(blank)]
    for match in NUMBER.finditer(blank):
        unit = UNIT.match(blank, match.end())
        text = match["digits"] + (f" {unit['unit']}" if unit else "")
        rule = next((rule for rule, (start, end) in spans if start <= match.start() < end), "")
        if not rule and not unit and "." not in match["digits"] and _value(match["digits"]) <= SMALL:
            rule = "small whole number"
        if rule:
            kind = "structural"
        elif _is_printed(
            match["digits"], unit["unit"] if unit else "", here if _common(match["digits"]) else everywhere
        ):
            kind = "computed"
        elif CITED.search(flags):
            kind = "cited"
        elif RECALLED.search(flags):
            kind = "recalled"
        else:
            kind = "unsupported"
        yield Number(index, text, _around(block, match.start()), kind, rule)


def _around(block: str, place: int) -> str:
    """The sentence or the line of a table at a place."""
    start = max(block.rfind(end, 0, place) for end in (". ", "? ", ": ", "; ", "\n")) + 1
    stops = [stop for end in (". ", "? ", "; ", "\n") if (stop := block.find(end, place)) >= 0]
    return block[start : min(stops, default=len(block)) + 1].strip()


# ---------------------------------------------------------------------------------------- in outputs and in code
def _value(digits: str) -> float:
    return float(digits.replace(",", ""))


def _decimals(digits: str) -> int:
    mantissa, _, exponent = digits.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _common(digits: str) -> bool:
    """Whether a number has a decimal point and so few digits that it may be met by chance."""
    return "." in digits and len(re.sub(r"\D", "", digits.partition("e")[0]).lstrip("0")) < 3


def _printed(cells: list[NotebookNode]) -> list[Printed]:
    digits: set[str] = set()
    for cell in cells:
        if cell.cell_type == "code":
            digits.update(_literals(cell.source))
            for output in cell.get("outputs", []):
                text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
                if text.startswith(NO_RESULTS):
                    continue
                digits.update(re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?", text))
    return [Printed(_value(text), _decimals(text)) for text in digits]


def _literals(source: str) -> Iterator[str]:
    """The numbers in code, without those in comments and strings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NUMBER:
            yield token.string.replace("_", "").lower()


def _is_printed(digits: str, unit: str, printed: list[Printed]) -> bool:
    value, decimals = _value(digits), _decimals(digits)
    half = 0.5 * 10.0**-decimals * (1 + 1e-9)
    for scale in (1, *SCALES.get(unit, ())):
        for number in printed:
            size = number.value * scale
            if abs(size - value) <= 1e-9 * value:
                return True
            # Rounding: only from a value that was printed with more digits. A whole number without a unit must be
            # printed as it is.
            rounds = scale != 1 or number.decimals > decimals
            if rounds and (decimals > 0 or unit) and abs(size - value) <= half:
                return True
    return False
