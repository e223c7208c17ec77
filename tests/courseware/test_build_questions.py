"""Questions that ask for a class or a training loop: right ones, wrong ones and what is said, here and in grading."""

import time

import pytest
import torch
from torch import nn

from courseware.exercises.build import Case, Loop, Module, Training
from courseware.exercises.points import worth
from courseware.exercises.probe import Probe, layers
from courseware.exercises.questions import Exercise, Mistake
from courseware.exercises.report import State
from courseware.grading import score
from courseware.grading.session import Limits, Session

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"


class Gate(nn.Module):
    """The tested block of these tests: a gate for each channel, and a scale that starts at 0, beside a shortcut."""

    def __init__(self, channels, hidden=2):
        super().__init__()
        self.down = nn.Linear(channels, hidden)
        self.up = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.zeros(1))
        self.register_buffer("shift", torch.tensor([0.5]))

    def forward(self, x):
        gate = self.up(self.down(x.mean(dim=(2, 3))).tanh()).sigmoid()
        return x + self.scale * x * (gate + self.shift)[:, :, None, None]


def cases(generator):
    yield Case((torch.randn(2, 3, 4, 5, generator=generator),), (3,))
    yield Case((torch.randn(3, 4, 2, 2, generator=generator),), (4,), {"hidden": 3})


def edge_cases():
    yield "a batch of one", Case((torch.rand(1, 3, 3, 2),), (3,))


SOURCE = """class Answer(nn.Module):
    def __init__(self, channels, hidden=2):
        super().__init__()
        self.down = nn.Linear(channels, hidden)
        self.up = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.zeros(1))
        self.register_buffer("shift", torch.tensor([0.5]))

    def forward(self, x):
        z = x.mean(dim=(2, 3))
        gate = torch.sigmoid(self.up(torch.tanh(self.down(z)))) + self.shift
        return x + self.scale * x * gate[:, :, None, None]
"""

OTHER_STYLE = """def part(n, m):
    return nn.Linear(n, m)

class Answer(nn.Module):
    def __init__(self, channels, hidden=2):
        nn.Module.__init__(self)
        self.scale = nn.Parameter(torch.tensor([0.0]))
        self.up, self.down = part(hidden, channels), part(channels, hidden)
        self.register_buffer("shift", torch.full((1,), 0.5))

    def forward(self, x):
        n, c, h, w = x.shape
        z = x.flatten(2).sum(2) / (h * w)
        hidden = F.linear(z, self.down.weight, self.down.bias).tanh()
        gate = 1 / (1 + torch.exp(-F.linear(hidden, self.up.weight, self.up.bias)))
        return x * (1 + self.scale * (gate + self.shift)).reshape(n, c, 1, 1)
"""


def answer_of(source):
    namespace = {}
    exec(HEAD + source, namespace)
    return namespace["Answer"]


class NoSigmoid(Gate):
    def forward(self, x):
        gate = self.up(self.down(x.mean(dim=(2, 3))).tanh())
        return x + self.scale * x * (gate + self.shift)[:, :, None, None]


QUESTION = Module(
    "Gate",
    "Gate(channels, hidden) → a module that gates the channels of (N, C, H, W)",
    Gate,
    cases,
    (Mistake("no sigmoid", NoSigmoid, "The sigmoid is missing."),),
    edge_cases=edge_cases,
    starts_as_identity=True,
    seconds=3,
)


def changed(*pairs):
    source = SOURCE
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


DOWN = "self.down = nn.Linear(channels, hidden)"
RETURN = "return x + self.scale * x * gate[:, :, None, None]"
# A name, what the student wrote, and words of the sentence that comes back.
WRONG = {
    "a function": (
        "def Answer(channels, hidden=2):\n    return nn.Linear(3, 3)",
        "A class is asked, this is a function",
    ),
    "no nn.Module": ("class Answer:\n    def __init__(self, *a, **k): pass", "begin with class Answer(nn.Module)"),
    "no super": (changed(("super().__init__()", "pass")), "begin with super().__init__()"),
    "constructor raises": (changed((DOWN, "1 / 0")), "The constructor raised ZeroDivisionError: division by zero"),
    "without its argument": (
        changed((", hidden=2", ""), (DOWN, "hidden = 2; " + DOWN)),
        "unexpected keyword argument 'hidden'",
    ),
    "a list": (
        changed((DOWN, "self.layers = [nn.Linear(channels, hidden)]"), ("self.down(z)", "self.layers[0](z)")),
        "self.layers is a plain list of modules",
    ),
    "a plain tensor": (changed(("nn.Parameter(torch.zeros(1))", "torch.zeros(1)")), "self.scale is a plain tensor"),
    "another name": (
        changed(("self.down", "self.first")),
        "lacks down.weight of shape (2, 3), down.bias of shape (2,)",
    ),
    "one too many": (
        changed((DOWN, f"{DOWN}; self.extra = nn.Linear(2, 2)")),
        "holds more than is asked: extra.weight",
    ),
    "wrong shape": (
        changed(("nn.Linear(hidden, channels)", "nn.Linear(channels, hidden)")),
        "up.weight has the shape (2, 3)",
    ),
    "a buffer": (
        changed(("self.scale = nn.Parameter(torch.zeros(1))", 'self.register_buffer("scale", torch.zeros(1))')),
        "scale is no parameter that training moves: is it a buffer",
    ),
    "fixed": (
        changed(("nn.Parameter(torch.zeros(1))", "nn.Parameter(torch.zeros(1), False)")),
        "scale is no parameter that",
    ),
    "trained constant": (
        changed(
            ('self.register_buffer("shift", torch.tensor([0.5]))', "self.shift = nn.Parameter(torch.tensor([0.5]))")
        ),
        "shift is a parameter, and should be a buffer",
    ),
    "no forward": (changed(("def forward", "def forwards")), "It has no forward"),
    "forward raises": (changed((RETURN, "return x @ gate")), "forward raised RuntimeError"),
    "returns nothing": (
        changed((RETURN, "x * gate[:, :, None, None]")),
        "forward returned None: did you forget return?",
    ),
    "returns a text": (changed((RETURN, "return 'x'")), "forward returned an object of type str"),
    "wrong shape of result": (
        changed((RETURN, "return gate")),
        "The result has the shape (2, 3), expected was (2, 3, 4, 5)",
    ),
    "wrong dtype": (changed((RETURN, RETURN + ".double()")), "From float32 it makes float64"),
    "in place": (
        changed((RETURN, "x += self.scale * x * gate[:, :, None, None]; return x")),
        "changes its input in place",
    ),
    "no sigmoid": (changed(("torch.sigmoid(", "(")), "The sigmoid is missing."),
    "not gated": (changed((RETURN, "return x + self.scale * x")), "the output is another one"),
    "in training only": (
        changed((RETURN, RETURN.replace("self.scale", "(2 if self.training else 1) * self.scale"))),
        "In evaluation mode it is right, and not in training mode",
    ),
    "cut off": (changed(("self.down(z)", "self.down(z).detach()")), "no gradient reaches down.weight, down.bias"),
    "input cut off": (changed(("z = x", "z = x.detach()")), "the gradient of the input is not"),
    "no identity": (changed(("torch.zeros(1)", "torch.ones(1)")), "A new module must return what it is given"),
    "same start": (
        changed((DOWN, DOWN + "; nn.init.constant_(self.down.weight, 0.1)")),
        "down.weight starts with the same",
    ),
    "nothing to learn from": (
        changed((DOWN, DOWN + "; nn.init.zeros_(self.down.weight); nn.init.zeros_(self.down.bias)")),
        "starts with the same numbers",
    ),
    "float32 only": (
        changed((RETURN, "return x + self.scale * (x * gate[:, :, None, None] @ torch.eye(x.shape[3]))")),
        "It runs in float32 and not in float64",
    ),
    "one picture only": (
        changed(("z = x.mean(dim=(2, 3))", "z = x[:1].mean(dim=(2, 3))")),
        "the output is another one",
    ),
    "square maps only": (
        changed(("z = x.mean(dim=(2, 3))", "z = x.mean(dim=(2, 3)) * x.shape[2] / x.shape[3]")),
        "another one",
    ),
    "not finite": (changed((RETURN, RETURN + " / 0")), "numbers are nan or infinite"),
}


@pytest.fixture(scope="module")
def session():
    with Session(Limits(cell_seconds=20, call_seconds=30, notebook_seconds=3000, memory_mb=512)) as session:
        session.run(HEAD)
        yield session


@pytest.mark.parametrize("source", [SOURCE, OTHER_STYLE], ids=["plain", "other style"])
def test_right_classes_pass_under_twenty_seeds(source):
    for seed in (None, *range(20)):
        finding = QUESTION.judge(answer_of(source), seed)
        assert finding.state is State.RIGHT, (seed, finding)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_class_is_rejected_with_a_sentence_that_names_what_is_wrong(name):
    source, words = WRONG[name]
    finding = QUESTION.judge(answer_of(source))
    assert finding.state is State.NOT_YET
    assert words in finding.message, finding
    assert "Traceback" not in str(finding)
    assert len(finding.message) < 500
    assert len(finding.details) <= 6


def test_both_factors_at_zero_are_seen_where_the_tested_block_moves():
    class Zero(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.inner = nn.Linear(channels, channels)
            self.outer = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return x + self.outer * self.inner(x)

    class Both(Zero):
        def __init__(self, channels):
            super().__init__(channels)
            nn.init.zeros_(self.inner.weight)
            nn.init.zeros_(self.inner.bias)

    def cases(generator):
        return [Case((torch.randn(4, 3, generator=generator),), (3,))]

    question = Module("Zero", "Zero(channels)", Zero, cases, starts_as_identity=True)
    assert question.judge(Zero).state is State.RIGHT
    finding = question.judge(Both)
    assert "starts with the same numbers" in finding.message
    named = Module("Zero", "", Zero, cases, (Mistake("both at zero", Both, "Both are 0."),), starts_as_identity=True)
    assert named.judge(Both).mistake == "both at zero"

    class Constant(Zero):  # a start that is not drawn, as the tested one's: then the short training tells
        def __init__(self, channels):
            super().__init__(channels)
            nn.init.constant_(self.inner.weight, 0.1)
            nn.init.zeros_(self.inner.bias)

    question = Module("Zero", "", Constant, cases, starts_as_identity=True)
    assert "does not move outer, inner.weight, inner.bias" in question.judge(Both).message


class Doubled(nn.Module):
    """Twice the start, which is a parameter; `shares` is a method of its own."""

    def __init__(self, start=2.0):
        super().__init__()
        self.start = nn.Parameter(torch.tensor(float(start)))

    def shares(self, x):
        return torch.softmax(self.start * x, dim=1)

    def forward(self, x):
        return x * self.shares(x)


class OtherShares(Doubled):
    def shares(self, x):
        return torch.softmax(self.start * x, dim=0)

    def forward(self, x):
        return x * super().shares(x)


class AlwaysTwo(Doubled):
    def __init__(self, start=2.0):
        super().__init__()


def with_shares(generator):
    x = torch.rand(3, 4, generator=generator)
    return [Case((x,), (1.5,)), Case((x,), (1.5,), method="shares")]


def test_another_method_and_what_a_module_was_made_with_are_looked_at():
    question = Module("Doubled", "Doubled(start)", Doubled, with_shares, given=("start",))
    assert question.judge(Doubled).state is State.RIGHT
    finding = question.judge(OtherShares)
    assert finding.message.startswith("forward is right, shares is not. ")
    assert "start starts at 2, and the module was made with 1.5" in question.judge(AlwaysTwo).message


def test_a_stub_is_not_attempted_and_a_missing_forward_is_named():
    stub = "class Answer(nn.Module):\n    def __init__(self, channels, hidden=2):\n        super().__init__()\n        "
    stub += 'raise NotImplementedError("your turn")\n\n    def forward(self, x):\n        '
    stub += 'raise NotImplementedError("your turn")\n'
    assert QUESTION.judge(answer_of(stub)).state is State.NOT_ATTEMPTED
    assert QUESTION.judge(...).state is State.NOT_ATTEMPTED
    half = changed((SOURCE[SOURCE.index("z = x") :], 'raise NotImplementedError("your turn")\n'))
    assert "forward is not written yet" in QUESTION.judge(answer_of(half)).message


@pytest.mark.parametrize("answer", [None, 3, "Gate", [1], torch.ones(2), Gate(3)])
def test_what_is_no_class_is_told_so(answer):
    finding = QUESTION.judge(answer)
    assert finding.state is State.NOT_YET
    assert "A class is asked" in finding.message


def test_an_answer_that_was_made_to_fit_fails_on_fresh_inputs():
    seen = {}
    for case in cases(torch.Generator().manual_seed(0)):
        seen[tuple(case.inputs[0].shape)] = case.inputs[0]
    for _, case in edge_cases():
        seen[tuple(case.inputs[0].shape)] = None

    class Fitted(Gate):
        def forward(self, x):
            known = seen.get(tuple(x.shape))
            right = known is None or torch.allclose(known.double(), x.double())
            return super().forward(x) if right else x

    finding = QUESTION.judge(Fitted)
    assert finding.message.startswith("Right on the first inputs, not on others.")
    assert finding.details[-1][0] == "again"


HOSTILE = {
    "endless constructor": (changed((DOWN, "exec('while True: pass')")), "It takes too long"),
    "endless forward": (changed((RETURN, "exec('while True: pass')")), "It takes too long"),
    "garbage state_dict": (SOURCE + "    def state_dict(self, *a, **k):\n        return 3\n", ""),
    "garbage parameters": (SOURCE + "    def named_parameters(self, *a, **k):\n        return 3\n", ""),
    "prints": (changed((RETURN, "print('line\\n' * 10_000)\n        " + RETURN)), ""),
    "exits": (changed((RETURN, "raise SystemExit")), "forward raised SystemExit"),
    "its own exception": (
        "class Odd(BaseException):\n    def __str__(self):\n        raise ValueError\n"
        + changed((RETURN, "raise Odd()")),
        "forward raised Odd",
    ),
    "odd metaclass": (
        "class Meta(type):\n    def __call__(cls, *a, **k):\n        return 7\n"
        + changed(("(nn.Module)", "(nn.Module, metaclass=Meta)")),
        "",
    ),
    "huge result": (changed((RETURN, "return torch.ones(1).expand(10**12)")), "raised TypeError"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_class_gets_a_sentence_and_no_traceback(name, capsys):
    source, words = HOSTILE[name]
    finding = Module(**{**vars(QUESTION), "seconds": 1.5}).judge(answer_of(source), 0)
    assert words in finding.message, finding
    if not words:
        assert finding.state in (State.RIGHT, State.NOT_YET)
    assert capsys.readouterr() == ("", "")


def test_what_a_class_changes_for_everybody_is_put_back():
    source = changed((RETURN, f"torch.set_default_dtype(torch.float16); torch.manual_seed(3); {RETURN}"))
    before, dtype = torch.random.get_rng_state(), torch.get_default_dtype()
    QUESTION.judge(answer_of(source), 0)
    assert torch.get_default_dtype() is dtype
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_a_notebook_has_set_for_itself_does_not_matter():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            assert QUESTION.judge(answer_of(SOURCE), 1).state is State.RIGHT
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(before)


def test_a_class_that_is_made_otherwise_each_time_is_told_so():
    source = "import random\n" + changed(
        (DOWN, DOWN + "; self.add_module(f'x{random.random()}'.replace('.', ''), nn.Linear(1, 1))")
    )
    assert "must have the same names each time" in QUESTION.judge(answer_of(source), 1).message


# ---- training loops


LOOP = """def Answer(module, x, y, steps, lr):
    optimiser, losses = torch.optim.SGD(module.parameters(), lr=lr), []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = F.mse_loss(module(x), y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
"""
BY_HAND = """def Answer(module, x, y, steps, lr):
    losses = []
    for _ in range(steps):
        loss = ((module(x) - y) ** 2).mean()
        losses.append(loss.detach())
        weights = list(module.parameters())
        with torch.no_grad():
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
                weight -= lr * gradient
    return torch.stack(losses)
"""


def trainings(generator):
    network = (("Linear", 3, 4), ("Tanh",), ("Linear", 4, 1))
    for steps in (1, 4):
        x, y = (torch.randn(6, n, generator=generator) for n in (3, 1))
        yield Training(network, (x, y, steps, 0.1))


PILED = LOOP.replace("optimiser.zero_grad()", "pass")
TRAIN = Loop(
    "train",
    "train(module, x, y, steps, lr) → the loss before each step, by SGD on the mean squared error",
    answer_of(LOOP),
    trainings,
    (Mistake("gradients pile up", answer_of(PILED), "The gradients pile up: zero_grad() before backward()."),),
    seconds=3,
)
WRONG_LOOPS = {
    "gradients pile up": (PILED, "The gradients pile up"),
    "no step": (LOOP.replace("optimiser.step()", "pass"), "No weight has changed"),
    "step before backward": (
        LOOP.replace("optimiser.step()", "pass").replace("zero_grad()", "step(); optimiser.zero_grad()"),
        "",
    ),
    "Adam": (LOOP.replace("optim.SGD", "optim.Adam"), "The weights end elsewhere"),
    "one step too many": (LOOP.replace("range(steps)", "range(steps + 1)"), "The weights end elsewhere"),
    "sum": (LOOP.replace("y)", "y, reduction='sum')"), "The weights end elsewhere"),
    "nothing returned": (LOOP.replace("return losses", ""), "The weights are right. It returned None"),
    "losses after": (LOOP.replace("loss.item()", "F.mse_loss(module(x), y).item()"), "what it returned is not"),
    "raises": (LOOP.replace("loss.backward()", "1 / 0"), "It raised ZeroDivisionError: division by zero"),
    "in place": (LOOP.replace("return losses", "y += 1; return losses"), "changes its arguments in place"),
    "other layers": (LOOP.replace("return losses", "module.append(nn.Linear(1, 1))"), "has other weights"),
    "diverges": (LOOP.replace("lr=lr", "lr=float('inf')"), "nan or infinity"),
    "endless": (LOOP.replace("range(steps)", "iter(int, 1)"), "It takes too long"),
}  # fmt: skip


@pytest.mark.parametrize("source", [LOOP, BY_HAND], ids=["optimiser", "by hand"])
def test_right_loops_pass_under_twenty_seeds(source):
    for seed in (None, *range(20)):
        finding = TRAIN.judge(answer_of(source), seed)
        assert finding.state is State.RIGHT, (seed, finding)


@pytest.mark.parametrize("name", WRONG_LOOPS)
def test_a_wrong_loop_is_rejected_with_a_sentence(name):
    source, words = WRONG_LOOPS[name]
    finding = TRAIN.judge(answer_of(source))
    assert finding.state is State.NOT_YET
    assert words in finding.message, finding


def test_a_stub_of_a_loop_is_not_attempted():
    assert (
        TRAIN.judge(answer_of('def Answer(*a):\n    raise NotImplementedError("your turn")')).state
        is State.NOT_ATTEMPTED
    )
    assert "A function is asked" in TRAIN.judge(3).message


def test_a_recipe_names_layers_only():
    assert [type(layer) for layer in layers([["Linear", 2, 3], ["ReLU"]])] == [nn.Linear, nn.ReLU]
    for name in ("functional", "Parameter", "__loader__", 3):
        with pytest.raises(ValueError, match=r"must name layers of torch\.nn"):
            layers([[name]])


# ---- in grading


@pytest.mark.parametrize("name", ["right", "other style", "stub", *WRONG])
def test_a_check_says_the_same_of_a_class_here_and_there(session, name):
    stub = changed((DOWN, 'raise NotImplementedError("your turn")'))
    source = {"right": SOURCE, "other style": OTHER_STYLE, "stub": stub}.get(name) or WRONG[name][0]
    assert session.run(source).error is None
    here, there = QUESTION.judge(answer_of(source), 5), QUESTION.judge(session.answer("Answer"), 5)
    assert (there.state, there.message, there.mistake) == (here.state, here.message, here.mistake)


@pytest.mark.parametrize("name", [name for name in WRONG_LOOPS if name != "endless"])
def test_a_check_says_the_same_of_a_loop_here_and_there(session, name):
    source = WRONG_LOOPS[name][0]
    assert session.run(source).error is None
    here, there = TRAIN.judge(answer_of(source), 5), TRAIN.judge(session.answer("Answer"), 5)
    assert (there.state, there.message, there.mistake) == (here.state, here.message, here.mistake)


@pytest.mark.parametrize(
    "name", ["garbage state_dict", "prints", "exits", "its own exception", "odd metaclass", "huge result"]
)
def test_a_hostile_class_costs_itself_only(session, name):
    assert session.run(HOSTILE[name][0]).error is None
    here, there = QUESTION.judge(answer_of(HOSTILE[name][0]), 1), QUESTION.judge(session.answer("Answer"), 1)
    assert there.state is here.state, there
    assert session.run("print('alive')").printed == "alive\n"


def test_a_class_that_never_ends_or_ends_its_process_is_wrong_and_the_next_one_is_judged():
    with Session(Limits(cell_seconds=20, call_seconds=2, notebook_seconds=3000, memory_mb=512)) as session:
        session.run(HEAD + "import os")
        for source, words in (
            (HOSTILE["endless forward"][0], "it took longer than 2 s"),
            (changed((RETURN, "os._exit(0)")), "the process ended"),
        ):
            session.run(source)
            finding = QUESTION.judge(session.answer("Answer"), 1)
            assert finding.state is State.NOT_YET
            assert words in finding.message
        session.run(SOURCE)
        assert QUESTION.judge(session.answer("Answer"), 1).state is State.RIGHT


def test_a_process_that_lies_about_its_findings_is_refused():
    good = Probe(stage="state", names=["a"], fresh=[torch.ones(1)]).to_list()
    assert Probe.of_list(good).names == ["a"]
    for place, value in ((0, 3), (3, True), (7, [3]), (9, ["x"]), (8, [["a"]]), (8, [["a", 3]]), (7, "names")):
        with pytest.raises(ValueError, match="must"):
            Probe.of_list([*good[:place], value, *good[place + 1 :]])
    for given in (None, [], good[1:], [*good, 1]):
        with pytest.raises(ValueError, match="must"):
            Probe.of_list(given)
    source = changed(
        (RETURN, "import courseware.grading.worker as w\n        w.probe = lambda *a: 3\n        " + RETURN)
    )
    lie = "\nimport courseware.exercises.probe as p\np.Probe.to_list = lambda self: [1, 2]\n"
    with Session(Limits(cell_seconds=20, call_seconds=30, notebook_seconds=3000, memory_mb=512)) as session:
        session.run(HEAD + source + lie)
        finding = QUESTION.judge(session.answer("Answer"), 1)
        assert finding.state is State.NOT_YET
        assert "the process sent no answer" in finding.message


def test_findings_that_lack_what_their_stage_promises_are_refused():
    """A forged report that says that it got to the end would else crash the judge."""
    forged = Probe(names=["down.weight"], fresh=[torch.ones(2, 3)])
    with pytest.raises(ValueError, match="must hold what its stage comes after"):
        Probe.of_list(forged.to_list())
    for stage in ("nowhere", "start", "gradient", "load"):
        with pytest.raises(ValueError, match="must hold"):
            Probe.of_list(Probe(stage=stage, names=["a"]).to_list())
    assert Probe.of_list(Probe(stage="constructor", error="E").to_list()).error == "E"


def test_a_class_is_worth_more_than_a_function_and_counts_if_it_is_right_for_every_seed():
    exercise = Exercise("gate", "Build: a gate", (QUESTION,))
    assert worth(exercise) == 8
    assert score(exercise, {"Gate": answer_of(SOURCE)}, points=8, seeds=[1, 2]) == 8
    assert score(exercise, {"Gate": answer_of(WRONG["no sigmoid"][0])}, points=8, seeds=[1, 2]) == 0
    assert worth(Exercise("train", "Train", (TRAIN,))) == 5


def test_an_endless_class_ends_within_seconds():
    start = time.monotonic()
    QUESTION.judge(answer_of(HOSTILE["endless constructor"][0]), 0)
    assert time.monotonic() - start < 20
