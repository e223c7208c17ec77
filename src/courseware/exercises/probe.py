"""All that a check does to a student's `nn.Module` or training loop, in one call that returns plain data.

In a notebook `probe` runs in the kernel, under the time limit. When a submission is graded, it runs in the student's
process and the findings cross the wire (`Probe.to_list`, `Probe.of_list`): numbers, texts and tensors, nothing that
the judge would execute. The tested class goes through the same function, so that the judge compares like with like.
"""

import contextlib
import dataclasses
import inspect
import linecache
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from courseware.exercises import reading

__all__ = ["Elsewhere", "Probe", "layers", "probe", "probe_loop"]

STEPS, RATE = 3, 0.1  # of the short training at the end
MOVED = 1e-12  # less is the noise of rounding
STUB = ("", "your turn")  # what an unwritten part raises NotImplementedError with
MANY = 200  # weights, and things that are not registered


class Elsewhere:
    """A student's class or function that lives in another process: the judge asks it to be probed there."""

    def probed(
        self, arguments: tuple, named: Mapping[str, Any], state: "State", inputs: tuple, seed: int, method: str
    ) -> "Probe":
        """As `probe`."""
        raise NotImplementedError

    def probed_loop(self, recipe: list, state: "State", arguments: tuple, seed: int) -> "Probe":
        """As `probe_loop`."""
        raise NotImplementedError


State = list[tuple[str, Tensor]]


@dataclass
class Probe:
    """What was found, as far as it went.

    Attributes
    ----------
    stage : what it was at when it stopped, one of `STAGES`; empty if it got to the end
    error : what was raised there, in words
    stub : whether that says that a part is not written yet
    line, source : where it was raised in the student's code; 0 if unknown
    kind : what the answer or the result is, if it is not what was asked
    class_name : the name of the class
    modules : in which the class and those that it is derived from were written, up to nn.Module
    names : of the entries of the state_dict
    trainable : those of them that are parameters
    loose : pairs of an attribute and what it is, for weights that are kept where nn.Module does not see them
    fresh, again : the state at the start, of two modules that were made with different seeds
    single : the output of a fresh module in float32, in evaluation mode
    outputs : in float64 with the given state: in evaluation mode, and in training mode
    gradients : of one number made of the output: for the first input, then for each of `trainable`; empty tensors
        where there is none
    first : the output of a fresh module in float64, in training mode
    moved : parameters that three steps of gradient descent moved
    """

    stage: str = ""
    error: str = ""
    stub: bool = False
    line: int = 0
    source: str = ""
    kind: str = ""
    class_name: str = ""
    modules: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    trainable: list[str] = field(default_factory=list)
    loose: list[list[str]] = field(default_factory=list)
    fresh: list[Tensor] = field(default_factory=list)
    again: list[Tensor] = field(default_factory=list)
    single: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    gradients: list[Tensor] = field(default_factory=list)
    first: list[Tensor] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)

    def to_list(self) -> list:
        """Texts, numbers, tensors and lists of them, in the order of the attributes."""
        return [getattr(self, each.name) for each in dataclasses.fields(self)]

    @classmethod
    def of_list(cls, given: Any) -> "Probe":
        """What `to_list` wrote, from somebody who may have written anything. Raises ValueError if it is not that."""
        fields, blank = dataclasses.fields(cls), cls()
        if not isinstance(given, list) or len(given) != len(fields):
            raise ValueError("a probe must be a list of its attributes")
        probed = cls()
        for each, value in zip(fields, given, strict=True):
            setattr(probed, each.name, _as_before(each.name, value, getattr(blank, each.name)))
        if not probed._is_complete():
            raise ValueError("a probe must hold what its stage comes after")
        return probed

    def _is_complete(self) -> bool:
        """Whether everything is there that was found before its stage."""
        if self.stage not in STAGES:
            return False
        passed = STAGES.index(self.stage)

        def before(stage: str, *lengths: tuple[list, int]) -> bool:
            return passed <= STAGES.index(stage) or all(len(found) == number for found, number in lengths)

        return (
            set(self.trainable) <= set(self.names)
            and before("state", (self.fresh, len(self.names)), (self.again, len(self.names)))
            and before("changed", (self.single, 1))
            and before("double", (self.outputs, 2))
            and before("gradient", (self.gradients, 1 + len(self.trainable)))
            and before("start", (self.first, 1))
        )


# In their order. A loop begins and ends with "loop …".
STAGES = (
    *("loop", "loop changed", "loop ended", "class", "constructor", "state", "forward", "changed", "load", "double"),
    *("gradient", "start", ""),
)
TENSORS = ("fresh", "again", "single", "outputs", "gradients", "first")


def _as_before(name: str, value: Any, blank: Any) -> Any:
    """A value of the kind that an attribute has. Raises ValueError for another one."""
    if type(value) is not type(blank):
        raise ValueError(f"{name} must be a {type(blank).__name__}")
    if isinstance(value, str):
        return value[:2000]
    if isinstance(value, list):
        if name in TENSORS:
            right = all(isinstance(item, Tensor) for item in value)
        elif name == "loose":
            right = all(isinstance(item, list) and [type(part) for part in item] == [str, str] for item in value)
        else:
            right = all(isinstance(item, str) for item in value)
        if not right:
            raise ValueError(f"{name} must hold other things")
    return value


def probe(
    make: Callable[..., Any],
    arguments: tuple,
    named: Mapping[str, Any],
    state: State,
    inputs: tuple,
    seed: int,
    method: str = "forward",
) -> Probe:
    """Make a module twice, look at its state, run it, load `state` into it, run and train it.

    Parameters
    ----------
    make : the student's class
    arguments, named : what it is made with
    state : names and values that the tested module's state_dict has, floating-point ones in float64
    inputs : of `forward`, the first a floating-point tensor
    seed : of the random weights, and of the number that the output is made into
    method : another one that is called with them in place of `forward`

    Raises
    ------
    Whatever stops it from outside; what the student's code raises is written down.
    """
    probed = Probe(class_name=str(getattr(make, "__name__", ""))[:60])
    try:
        with _ordinary_torch():
            _look(probed, make, arguments, named, state, inputs, seed, method)
    except BaseException as error:  # one that stops it from outside is raised again by the guard
        _note(probed, error, make)
    return probed


@contextlib.contextmanager
def _ordinary_torch() -> Iterator[None]:
    """Gradients on and float32, whatever the notebook has set for itself."""
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)


def _look(
    probed: Probe,
    make: Any,
    arguments: tuple,
    named: Mapping[str, Any],
    state: State,
    inputs: tuple,
    seed: int,
    method: str,
) -> None:
    def called(module: Any, inputs: tuple) -> Any:
        return module(*inputs) if method == "forward" else getattr(module, method)(*inputs)

    probed.stage = "class"
    if not isinstance(make, type):
        probed.kind = "a module that was made already" if isinstance(make, nn.Module) else _kind(make)
        return
    if not issubclass(make, nn.Module):
        probed.kind = "a class of its own"
        return

    probed.modules = [str(each.__module__)[:200] for each in make.__mro__[: make.__mro__.index(nn.Module)]][:MANY]
    probed.stage = "constructor"
    torch.default_generator.manual_seed(seed)
    module = make(*arguments, **named)
    torch.default_generator.manual_seed(seed + 1)
    other = make(*arguments, **named)
    # Functions of nn.Module are called by the class: a student's class may have others of these names.
    probed.stage = "state"
    probed.loose = _loose(module)[:MANY]
    own, others = _state_of(module), _state_of(other)
    if list(own) != list(others) or len(own) > MANY:
        raise ValueError(f"the state_dict must have the same names each time, {MANY} at most")
    probed.names = list(own)
    parameters = dict(nn.Module.named_parameters(module, remove_duplicate=False))
    probed.trainable = [name for name in probed.names if name in parameters and parameters[name].requires_grad]
    probed.fresh, probed.again = ([_plain(value) for value in each.values()] for each in (own, others))

    probed.stage = "forward"
    nn.Module.eval(module)
    with torch.no_grad():
        output = called(module, tuple(_copy(value, torch.float32) for value in inputs))
        if not isinstance(output, Tensor):
            probed.kind = reading.kind_of(output)
            return
        probed.single = [_plain(output)]

        probed.stage = "changed"
        given = tuple(_copy(value, torch.float32) for value in inputs)
        called(module, given)
        if _changed(given, inputs):
            return

    probed.stage = "load"
    if {name: tuple(value.shape) for name, value in own.items()} != {n: tuple(v.shape) for n, v in state}:
        return
    nn.Module.double(module)
    nn.Module.load_state_dict(module, dict(state))

    probed.stage = "double"
    for training in (False, True):
        nn.Module.train(module, training)
        nn.Module.load_state_dict(module, dict(state))  # a batch norm in training changes it
        torch.default_generator.manual_seed(seed)
        given = tuple(_copy(value, torch.float64) for value in inputs)
        with torch.no_grad():
            probed.outputs.append(_plain(called(module, given)))
        if _changed(given, inputs):  # a fresh module need not show it: it may add 0
            probed.stage = "changed"
            return

    probed.stage = "gradient"
    nn.Module.load_state_dict(module, dict(state))
    torch.default_generator.manual_seed(seed)
    given = tuple(_copy(value, torch.float64) for value in inputs)
    given[0].requires_grad_()
    weights = dict(nn.Module.named_parameters(module, remove_duplicate=False))
    reached = [given[0], *(weights[name] for name in probed.trainable)]
    loss = _one_number(called(module, given), seed)
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss, reached, allow_unused=True)
        probed.gradients = [torch.zeros(0) if g is None else _plain(g) for g in gradients]
    else:
        probed.gradients = [torch.zeros(0)] * len(reached)

    probed.stage = "start"
    nn.Module.double(other)
    nn.Module.train(other)
    torch.default_generator.manual_seed(seed)
    with torch.no_grad():
        probed.first = [_plain(called(other, tuple(_copy(value, torch.float64) for value in inputs)))]
    probed.moved = _moved(other, probed.trainable, inputs, seed, called)
    probed.stage = ""


def _moved(module: nn.Module, trainable: list[str], inputs: tuple, seed: int, called: Callable) -> list[str]:
    """The parameters that a short training moves."""
    weights = dict(nn.Module.named_parameters(module, remove_duplicate=False))
    before = {name: weights[name].detach().clone() for name in trainable}
    for _ in range(STEPS):
        loss = _one_number(called(module, tuple(_copy(value, torch.float64) for value in inputs)), seed)
        if not loss.requires_grad:
            break
        gradients = torch.autograd.grad(loss, [weights[name] for name in trainable], allow_unused=True)
        with torch.no_grad():
            for name, gradient in zip(trainable, gradients, strict=True):
                if gradient is not None:
                    weights[name].sub_(RATE * gradient)
    return [name for name in trainable if (weights[name].detach() - before[name]).abs().max() > MOVED]


def _one_number(output: Tensor, seed: int) -> Tensor:
    """A number that depends on every entry of an output, on each in another way."""
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(output.shape, generator=generator, dtype=torch.float64)
    return (output * factors).sum() / max(output.numel(), 1) ** 0.5


def _state_of(module: nn.Module) -> dict[str, Tensor]:
    """The state_dict, as nn.Module makes it."""
    return {str(name)[:200]: value for name, value in nn.Module.state_dict(module).items() if isinstance(value, Tensor)}


def _loose(module: nn.Module) -> list[list[str]]:
    """Weights that are kept where nn.Module does not see them: plain tensors, and modules in plain lists."""
    found = []
    for path, each in nn.Module.named_modules(module):
        for name, value in vars(each).items():
            if name in _OF_MODULES:
                continue
            if what := _holds(value):
                found.append([f"{path}.{name}".lstrip("."), what])
    return found


_OF_MODULES = frozenset(vars(nn.Module()))  # what every module has


def _holds(value: Any) -> str:
    if isinstance(value, Tensor):
        return "tensor" if value.is_floating_point() else ""
    if isinstance(value, dict):
        kind, values = "dict", list(value.values())
    elif isinstance(value, list | tuple):
        kind, values = "tuple" if isinstance(value, tuple) else "list", list(value)
    else:
        return ""
    if any(isinstance(item, nn.Module) for item in values[:MANY]):
        return f"{kind} of modules"
    if any(isinstance(item, Tensor) for item in values[:MANY]):
        return f"{kind} of tensors"
    return ""


def _copy(value: Any, dtype: torch.dtype) -> Any:
    if not isinstance(value, Tensor):
        return value
    return value.detach().to(dtype, copy=True) if value.is_floating_point() else value.detach().clone()


def _changed(given: tuple, inputs: tuple) -> bool:
    pairs = ((a, _copy(b, a.dtype)) for a, b in zip(given, inputs, strict=True) if isinstance(a, Tensor))
    return not all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


def _plain(value: Any) -> Tensor:
    """A plain copy of a tensor. Raises TypeError for anything else."""
    plain = reading.result(value, torch.zeros(1)) if isinstance(value, Tensor) else None
    if not isinstance(plain, Tensor):
        raise TypeError(f"a tensor is asked, this is {reading.kind_of(value)}")
    return plain


def _kind(make: Any) -> str:
    return "a function" if isinstance(make, types.FunctionType | types.BuiltinFunctionType) else reading.kind_of(make)


# ---------------------------------------------------------------------------------------------------- training loops


def layers(recipe: Sequence[Sequence[Any]]) -> nn.Sequential:
    """A network from a recipe of plain data: names of torch.nn and what they are made with, `[["Linear", 3, 1]]`."""
    made = []
    for name, *arguments in recipe:
        layer = getattr(nn, str(name), None)
        if not (isinstance(layer, type) and issubclass(layer, nn.Module)):
            raise ValueError(f"a recipe must name layers of torch.nn, got {name!r}")
        made.append(layer(*arguments))
    return nn.Sequential(*made)


def probe_loop(loop: Callable[..., Any], recipe: list, state: State, arguments: tuple, seed: int) -> Probe:
    """Call a training loop on a network with `state`: `loop(module, *arguments)`; what became of the weights.

    `fresh` of the findings has the weights afterwards and `again` those before, `names` their names; `outputs` what
    the loop returned, if it was a tensor, a list of numbers or a number, else `kind` says what it was.
    """
    probed = Probe(class_name=str(getattr(loop, "__name__", ""))[:60], stage="loop")
    module = layers(recipe).double()
    module.load_state_dict(dict(state))
    probed.again = [_plain(value) for value in module.state_dict().values()]
    before = [_plain(value) if isinstance(value, Tensor) else value for value in arguments]
    try:
        torch.default_generator.manual_seed(seed)
        with _ordinary_torch():
            returned = loop(module, *arguments)
        probed.names = list(module.state_dict())
        probed.fresh = [_plain(value) for value in module.state_dict().values()]
        read = reading.result(returned, torch.zeros(1))
        if isinstance(read, Tensor):
            probed.outputs = [read]
        else:
            probed.kind = read.kind
        pairs = zip(before, arguments, strict=True)
        is_kept = all(torch.equal(a, b.detach()) for a, b in pairs if isinstance(b, Tensor))
        probed.stage = "loop ended" if is_kept else "loop changed"
    except BaseException as error:
        _note(probed, error, loop)
    return probed


# ------------------------------------------------------------------------------------------------------------- errors


def _note(probed: Probe, error: BaseException, make: Any) -> None:
    """Write down an error: its name and text, and where in the student's own code it was raised."""
    try:
        message = " ".join(str(error)[:2000].split())
    except Exception:  # an exception of the student's own, whose text cannot be made
        message = ""
    probed.error = ": ".join(filter(None, (reading.type_name(error), message)))[:300]
    probed.stub = isinstance(error, NotImplementedError) and message in STUB
    namespaces = _namespaces(make)
    traceback = error.__traceback__
    while traceback is not None:
        code, namespace = traceback.tb_frame.f_code, traceback.tb_frame.f_globals
        if any(namespace is each for each in namespaces):
            probed.line = traceback.tb_lineno
            probed.source = linecache.getline(code.co_filename, probed.line).strip()[:160]
        traceback = traceback.tb_next


def _namespaces(make: Any) -> list[dict]:
    """The names of the notebook that a class or a function was written in."""
    functions = [value for value in vars(make).values()] if isinstance(make, type) else [make]
    functions = [inspect.unwrap(each) for each in functions if isinstance(each, types.FunctionType)]
    return [each.__globals__ for each in functions]
