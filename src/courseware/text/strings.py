"""What code shows to a reader: the texts in it that are translated, found by reading the code.

Of a lesson these are the words of its figures, explorers and checks, of its questions, tables and alternative texts in
code cells, and what its front matter says of it; of the machinery, feedback and labels. An f-string becomes a text with
places: ``f"{items} items"`` is "{items} items". Docstrings, errors for authors, names and drawing options are left out
by `SILENT` and its like; what is left and is not shown is "translated" by the same text.
"""

import ast
import functools
import importlib
import itertools
import re
import string
from collections.abc import Iterator
from pathlib import Path

from courseware.project import read, settings
from courseware.text import syllabus

__all__ = ["of_lesson", "of_machinery", "of_scripts", "of_text"]

Texts = list[tuple[str, str]]  # each with where it stands

# Calls of code cells whose texts are shown through the catalogue; what a cell prints is not.
SHOWING = {"show", "Table", "Question"}
# Keyword arguments that are shown; the others are names, colours and places.
SHOWN = {
    "title",
    "label",
    "labels",
    "xlabel",
    "ylabel",
    "feedback",
    "remark",
    "names",
    "options",
    "text",
    "words",
    "alt",
    "form",
    "shape",
}
# Calls whose first argument is a name for code.
NAMED = {"Value", "Choice", "Mistake", "Exercise", "Function", "Module", "Slider", "Menu", "Pad", "Finding"}
NO_WORDS = {"__all__", "STYLE", "SCRIPT", "POLICY"}  # what stands in these is for programs
TOLD = {"VoteRefused"}  # errors that a phone shows
# Calls that show none of their texts.
SILENT = {
    *("getattr", "hasattr", "setattr", "join", "split", "partition", "rpartition", "replace", "removeprefix", "encode"),
    *("removesuffix", "startswith", "endswith", "compile", "fullmatch", "search", "match", "sub", "findall", "print"),
    *("axis", "spines", "set_gid", "set_facecolor", "set_visible", "ImportError", "open", "joinpath", "einsum", "pop"),
    *("set_label_position", "set_ticks_position", "tick_params", "get_cmap", "photograph", "files", "relpath", "warn"),
}
# Words of the machinery that no rule finds: kinds of exercises, what a list of works and a checklist say, and what
# stands on the menus of a drawing pad; "right", which is also a place.
ALSO = (
    *("warm-up", "core", "stretch", "{passed} of {all}", "† as we recall it; check the paper."),
    "right",
    *("with", "pen", "rubber", "move", "colour"),
)
SCRIPTED = re.compile(r'(?:\bsay\(|\b(?:text|help): )\s*"([^"]+)"')
# What an expression holds besides what it is about.
PLAIN = ("self", "float", "int", "str", "item", "else", "if", "for", "in", "round", "len", "rstrip")
# Words that place things on a figure.
PLACED = {"center", "centre", "left", "right", "top", "bottom", "baseline", "equal", "auto", "seed"}
FILLED = re.compile(r"\{(?::[^{}]*)?\}")  # a place without a name, which `str.format` fills
NAMES_OF_CODE = re.compile(r"[\w.]*[_.\d][\w.]*|#\w+|[A-Z_]+|[a-z]+[A-Z]\w*")
# Files of the machinery whose texts students meet, by the room they are in.
ROOMS = ("exercises", "notebook", "publish", "question_bank", "text", "votes")
ONLY = {
    "question_bank": ("read", "text"),
    "votes": ("page", "poll", "server"),
    "publish": ("phrases",),
    "text": ("folds", "syllabus", "tables"),
    "notebook": ("drawing_pad", "explorer", "microscope", "quiz", "missing_names"),
}


def of_lesson(root: Path, stem: str) -> Texts:
    """The texts that the code of a lesson or page shows, each once."""
    texts: Texts = []
    name = stem.partition("_")[2]
    for place in _packages(root, stem):
        files = [place.with_suffix(".py")] if place.with_suffix(".py").exists() else sorted(place.glob("*.py"))
        for file in files:
            texts += _in_module(file.read_text(encoding="utf-8"), f"{name}/{file.name}", file.parent.name == name)
    for file in (root / "course" / f"{stem}.py", syllabus.sheet_of(root, stem)):
        if file.exists():
            texts += of_text(file)
    return _each_once(texts)


def of_machinery(root: Path) -> list[tuple[str, Texts]]:
    """The texts of the machinery, and those of the course's library beside its lessons; each with its catalogue."""
    source = Path(__file__).resolve().parents[1]
    machinery: Texts = []
    for room in ROOMS:
        for file in sorted((source / room).glob("*.py")):
            if room not in ONLY or file.stem in ONLY[room]:
                machinery += _in_module(file.read_text(encoding="utf-8"), f"{room}/{file.name}")
    found = [("courseware", _each_once([*machinery, *of_scripts(), *((text, "") for text in ALSO)]))]
    said = settings(root)
    library = _of_table(said["table"]) if said.get("table") else []
    library += [(text, "pyproject.toml") for text in said.get("also_shown", ())]
    for module in said.get("shown", ()):
        file = root / "src" / f"{module.replace('.', '/')}.py"
        if file.exists():
            library += _in_module(file.read_text(encoding="utf-8"), file.name)
    if library:
        found.append(("library", _each_once(library)))
    return found


def of_scripts() -> Texts:
    """The texts of live slides and of votes, which their scripts hand to `say`, or name `text` or `help`."""
    folder = Path(__file__).resolve().parents[1] / "present" / "labextension" / "prebuilt" / "static"
    return [
        (text, f"present/{file.name}")
        for file in sorted(folder.glob("*.js"))
        for text in dict.fromkeys(SCRIPTED.findall(file.read_text(encoding="utf-8")))
    ]


def _of_table(name: str) -> Texts:
    """The cells of the table that grows by lessons, as `courseware.text.tables` shows them."""
    table = importlib.import_module(name)
    texts = [(row.name, "table, name") for row in table.ROWS]
    for columns in table.COLUMNS.values():
        for heading, show in columns.items():
            texts += [(heading, "table, heading"), *((show(row), f"table, {heading}") for row in table.ROWS)]
    return [(text, where) for text, where in texts if re.search(r"[A-Za-z]{2}", re.sub(r"\$[^$]*\$", "", text))]


def _packages(root: Path, stem: str) -> Iterator[Path]:
    """Where the code of a lesson lies: its folder, and the module of its checks."""
    said, name = settings(root), stem.partition("_")[2]
    if folder := said.get("experiments"):
        yield root / "src" / folder.replace(".", "/") / name
    sheet = syllabus.sheet_of(root, stem)
    if sheet.exists() and (found := syllabus.CHECKS.search(sheet.read_text(encoding="utf-8"))):
        yield root / "src" / found["package"].replace(".", "/") / found["module"]


def _each_once(texts: Texts) -> Texts:
    return list({text: (text, where) for text, where in reversed(texts)}.values())[::-1]


@functools.lru_cache(maxsize=256)
def _in_module(code: str, where: str, lone: bool = False) -> tuple[tuple[str, str], ...]:
    return tuple((text, where) for text in _Reader(lone).read(ast.parse(code)))


def of_text(file: Path) -> Texts:
    """The texts of the code cells of a lesson, a sheet or a test, and of its front matter."""
    notebook = read(file)
    front = notebook.metadata.get("lesson", {})
    texts = [(str(front[what]), "front matter") for what in ("afterwards you can", "you move") if what in front]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            texts += [(text, "code cell") for text in _Reader(lone=False).read(tree)]
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and _name(call) in SHOWING:
                    texts += [(text, "code cell") for text in _Reader(lone=True).read(call)]
    return texts


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


class _Reader(ast.NodeVisitor):
    """Collects the texts below a node.

    A lone word in lower case is mostly a name: with `lone` it is taken, as labels are, otherwise only where it is the
    key of a dictionary with words that are none, one of two words in a sentence, or handed to `words`.
    """

    def __init__(self, lone: bool) -> None:
        self.texts: list[str] = []
        self.lone = lone

    def _with(self, lone: bool, *nodes: ast.AST | None) -> None:
        before, self.lone = self.lone, lone
        for node in nodes:
            if node is not None:
                self.visit(node)
        self.lone = before

    def read(self, node: ast.AST) -> list[str]:
        self.visit(node)
        return self.texts

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _is_said(node.value) and (self.lone or not _is_lone(node.value)):
            number = itertools.count(1)
            self.texts.append(FILLED.sub(lambda _: f"{{it{next(number)}}}", node.value))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._with(self.lone, node.body, node.orelse)

    def visit_Dict(self, node: ast.Dict) -> None:
        told = any(isinstance(n, ast.Constant) and " " in str(n.value) for n in (*node.keys, *node.values))
        self._with(self.lone or told, *node.keys)
        self._with(self.lone, *node.values)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = ""
        names: dict[str, str] = {}
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
            elif isinstance(part, ast.FormattedValue):
                expression = ast.unparse(part.value)
                name = names.setdefault(expression, _place(expression, list(names.values())))
                text += f"{{{name}}}"
                self._with(True, part.value)
        if _is_said(re.sub(r"\{\w+\}", "", text)):
            self.texts.append(text)

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node)
        if name in SILENT:
            self.visit(node.func)
            return
        self.visit(node.func)
        self._with(self.lone or name in ("words", "markdown"), *(node.args[1:] if name in NAMED else node.args))
        for keyword in node.keywords:
            self._keyword(keyword)

    def _keyword(self, keyword: ast.keyword) -> None:
        if keyword.arg is None or keyword.arg in SHOWN:
            self.visit(keyword.value)
        elif not isinstance(keyword.value, ast.Constant | ast.IfExp) or _is_sentence(keyword.value):
            self._with(False, keyword.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for each in _without_docstring(node.body):
            self.visit(each)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        is_enum = any(isinstance(base, ast.Name) and base.id == "Enum" for base in node.bases)
        self._with(self.lone or is_enum, *_without_docstring(node.body))

    def visit_Module(self, node: ast.Module) -> None:
        for each in _without_docstring(node.body):
            self.visit(each)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and target.id in NO_WORDS for target in node.targets):
            self.visit(node.value)
            for target in node.targets:  # a label, where it is the key of what it labels
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.JoinedStr):
                    self.visit(target.slice)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """An error is for authors; one of the module's own is caught in it, and says what a student gave."""
        if isinstance(node.exc, ast.Call) and (_name(node.exc).startswith("_") or _name(node.exc) in TOLD):
            self._with(True, *node.exc.args)

    def visit_Assert(self, node: ast.Assert) -> None: ...

    def visit_Compare(self, node: ast.Compare) -> None: ...

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if told else body


def _is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(re.search(r" .*[.?!]$", str(node.value)))


def _is_said(text: str) -> bool:
    """Whether a text is one for people: words, and no name of code, no markup, no colour."""
    text = " ".join(text.split())  # a label may be broken into lines
    if not re.search(r"[A-Za-z]{2}", text) or text.startswith(("<", "data:", "http", "background:", "courseware-")):
        return False
    if " " in text:
        return ":" not in text or not re.fullmatch(r"[\w-]+:[^ ].*", text)
    if text in PLACED or NAMES_OF_CODE.fullmatch(text.rstrip(".:?!")):
        return False
    return bool(re.fullmatch(r"[A-Za-z][a-z]{2,}(?:[-–][a-z]+)?[.:?!]?", text))


def _is_lone(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z-]+", text))


def _place(expression: str, taken: list[str]) -> str:
    """A name for what fills a place: the last word of its expression, with a number if it is taken."""
    found = [name for name in re.findall(r"[a-z]\w+", expression) if name not in PLAIN]
    name = found[-1] if found else (expression if expression in string.ascii_letters else "it")
    number, chosen = 2, name
    while chosen in taken:
        chosen, number = f"{name}{number}", number + 1
    return chosen
