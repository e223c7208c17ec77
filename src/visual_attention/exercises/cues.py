"""The exercises of lesson 1: cues, and pooling as attention without a query.

Right answers come from `visual_attention.pooling` and `visual_attention.lessons.cues.model`. Wrong ones are written
out, so that a check can name the mistake.
"""

import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F

from courseware.exercises import tools
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.lessons.cues.data import desk_scene, search_display
from visual_attention.lessons.cues.model import cue_weights, surprise
from visual_attention.pooling import soft_pool

__all__ = [
    "ALL",
    "crowd",
    "gradients",
    "knob",
    "shuffle",
    "soft_pooling",
    "two_cues",
    "two_poolings",
    "whose_query",
]

Tensor = torch.Tensor

# The window of exercises 1, 2 and 6.
WINDOW = torch.tensor([1.0, 3.0, 2.0, 0.0], dtype=torch.float64)
QUARTERS = torch.full((4,), 0.25)
THIRDS = torch.tensor([1.0, 1.0, 1.0, 0.0]) / 3
WINNER = torch.tensor([0.0, 1.0, 0.0, 0.0])
IN_PROPORTION = WINDOW / WINDOW.sum()

PROPORTIONAL = (
    "These weights are in proportion to the values, (1, 3, 2, 0)/6. The maximum listens to one entry only: "
    "multiply your weights by x and see whether 3 comes out."
)

# --------------------------------------------------------------------------------------------------

two_poolings = Exercise(
    "two_poolings",
    "By hand: two poolings as weighted averages",
    (
        Value(
            "average_weights",
            QUARTERS,
            (
                Mistake(
                    "no division",
                    torch.ones(4),
                    "Weights of 1 give the sum, 6. They have to sum to 1.",
                ),
                Mistake(
                    "proportional to the values",
                    IN_PROPORTION,
                    "These weights are in proportion to the values. The average does not look at the values: each "
                    "entry has the same say.",
                ),
                Mistake(
                    "zero left out", THIRDS, "The fourth entry is 0, but it counts too: it has a say like the others."
                ),
            ),
            decimals=2,
            remark="They do not depend on x: average pooling uses no cue.",
        ),
        Value(
            "average",
            1.5,
            (
                Mistake("sum", 6.0, "6 is the sum: divide by the number of entries."),
                Mistake("zero left out", 2.0, "2 is 6/3: the entry that is 0 counts too."),
            ),
            decimals=2,
        ),
        Value(
            "max_weights",
            WINNER,
            (
                Mistake("proportional to the values", IN_PROPORTION, PROPORTIONAL),
                Mistake(
                    "the value as its weight",
                    torch.tensor([0.0, 3.0, 0.0, 0.0]),
                    "Only the winner counts, but its weight is 1, not its value: 3 · 3 would be 9.",
                ),
                Mistake(
                    "the smallest",
                    torch.tensor([0.0, 0.0, 0.0, 1.0]),
                    "That picks the last entry, the smallest one.",
                ),
                Mistake(
                    "softmax at β = 1",
                    WINDOW.softmax(dim=0),
                    "That is softmax(x): soft pooling at β = 1. The maximum is its limit for β → ∞.",
                ),
                Mistake("average", QUARTERS, "These give every entry the same say: that is average pooling."),
            ),
            decimals=2,
            remark="They do depend on x: the key is the activation itself, and the winner takes all.",
        ),
        Value(
            "maximum",
            3.0,
            (
                Mistake(
                    "proportional to the values",
                    (IN_PROPORTION @ WINDOW).item(),
                    "2.33 comes from weights in proportion to the values. Is 2.33 the largest entry of x?",
                ),
                Mistake(
                    "place instead of value", 1.0, "1 is the place of the maximum (or its weight): give its value."
                ),
                Mistake(
                    "place, counted from 1", 2.0, "The largest entry stands second, but 2 is its place: give its value."
                ),
                Mistake(
                    "softmax at β = 1",
                    soft_pool(WINDOW, 1.0, dim=0).item(),
                    "That is soft pooling at β = 1. The maximum is its limit for β → ∞.",
                ),
            ),
            decimals=2,
        ),
    ),
    hints=(
        "An average and a maximum are both sums of the four entries, each with a weight in front. What is the "
        "weight of an entry that has no influence?",
        "Average: every entry has the same say, and the weights sum to 1. Maximum: one entry has all the say, "
        "and its value has to come out unchanged.",
        "`average_weights = [1/4, …]`. For the other list: the largest entry of x stands second.",
    ),
)

# --------------------------------------------------------------------------------------------------

_POOLINGS = ("the average", "the maximum", "the minimum", "nothing of the three")

knob = Exercise(
    "knob",
    "Predict: which β is which pooling?",
    (
        Choice(
            "zero",
            Question(
                r"is for $\beta = 0$",
                dict(
                    zip(
                        _POOLINGS,
                        (
                            "All exponents are 0, all weights 1/4.",
                            "The maximum needs weight 1 on the 3. At β = 0 every exponent is 0: what are the "
                            "weights then?",
                            "The minimum is at β → −∞. At β = 0 no entry is preferred, neither large nor small.",
                            "exp(0) = 1 for every entry: four equal weights are one of the three.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "one",
            Question(
                r"for $\beta = 1$",
                dict(
                    zip(
                        _POOLINGS,
                        (
                            "Equal weights need equal exponents; here they are 1, 3, 2, 0.",
                            "The 3 gets e³/31.2 = 0.64 of the weight, not all of it.",
                            "A positive β prefers large entries.",
                            "Something between the average and the maximum, nearer to the maximum.",
                        ),
                        strict=True,
                    )
                ),
                right="d",
            ),
        ),
        Choice(
            "large",
            Question(
                r"for $\beta \to \infty$",
                dict(
                    zip(
                        _POOLINGS,
                        (
                            "A larger β makes the weights less equal, not more.",
                            "The largest exponent runs away from the others and takes all the weight.",
                            "The largest exponent belongs to the largest entry as long as β is positive.",
                            "exp(β · 3) leaves exp(β · 2) behind by a factor e^β, which grows without end.",
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
        Choice(
            "negative",
            Question(
                r"for $\beta \to -\infty$",
                dict(
                    zip(
                        _POOLINGS,
                        (
                            "The average is at β = 0.",
                            "With a minus the order of the exponents turns round.",
                            "The largest exponent now belongs to the smallest entry.",
                            "exp(−|β| · 0) leaves all others behind: one entry takes it all.",
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Value(
            "pooled",
            soft_pool(WINDOW, 1.0, dim=0).item(),
            (
                Mistake("average", 1.5, "1.5 is the average, the result for β = 0."),
                Mistake("maximum", 3.0, "3 is the maximum, the result for β → ∞."),
                Mistake(
                    "proportional to the values",
                    (IN_PROPORTION @ WINDOW).item(),
                    "2.33 comes from weights in proportion to x. The weights are in proportion to exp(x).",
                ),
                Mistake(
                    "log of the sum",
                    WINDOW.logsumexp(dim=0).item(),
                    "3.44 is log(Σ exp x), larger than every entry: no average can be that. Weigh x with exp(x)/Σ.",
                ),
                Mistake(
                    "not divided",
                    (WINDOW.exp() @ WINDOW).item(),
                    "77.75 is the sum above the line. Divide by the sum of the powers, e⁰ among them.",
                ),
                Mistake(
                    "one power left out",
                    (WINDOW.exp() @ WINDOW / (WINDOW.exp().sum() - 1)).item(),
                    "The entry 0 adds nothing above the line, but its power e⁰ = 1 belongs to the sum below.",
                ),
                Mistake(
                    "a weight", WINDOW.softmax(dim=0)[1].item(), "0.64 is the weight of the 3. Weigh all four entries."
                ),
                Mistake(
                    "sign of β",
                    soft_pool(WINDOW, -1.0, dim=0).item(),
                    "That is the result for β = −1: a positive β prefers large entries.",
                ),
            ),
            decimals=2,
        ),
    ),
    hints=(
        "Write down the four exponents βx for each β before you think of weights.",
        "A softmax looks at differences of exponents only. Equal exponents give equal weights; a lead that "
        "grows without end leaves everything to the leader.",
        "For `pooled` the weights are e¹, e³, e² and e⁰ over their sum, 31.19: `(2.718 * 1 + …) / 31.19`.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


def _windows(generator: torch.Generator) -> Iterable[tuple]:
    yield WINDOW.float(), 1.0
    yield torch.tensor([0.5, 2.0, 1.0]), 1000.0
    for n, beta in ((4, 0.0), (3, 2.0), (5, -1.5), (4, 1000.0), (4, -1000.0), (30, 0.7)):
        # Different entries: at β = 1000 the logarithm of two equal powers is lost in float32.
        yield (torch.randperm(61, generator=generator)[:n] - 30) / 10, beta


def _odd_windows() -> Iterable[tuple[str, tuple]]:
    yield "small entries share the weight even at β = 1000", (torch.tensor([0.001, 0.0, -0.001]), 1000.0)
    yield "small entries share the weight even at β = −1000", (torch.tensor([0.001, 0.0, -0.001]), -1000.0)
    yield "two entries are nearly alike and their powers overflow", (torch.tensor([0.8, 0.5, 0.799]), 1000.0)
    yield "two negative entries are nearly alike, β = −1000", (torch.tensor([-0.8, -0.5, -0.799]), -1000.0)
    yield "all entries are negative, so every power underflows", (torch.tensor([-3.0, -1.0, -2.0]), 1000.0)
    yield "all entries are positive and β is negative", (torch.tensor([3.0, 1.0, 2.0]), -1000.0)
    yield "two largest entries", (torch.tensor([2.0, -1.0, 2.0]), 1000.0)
    yield "one entry only", (torch.tensor([-2.5]), -1000.0)
    yield "large entries, moderate β", (torch.tensor([200.0, 199.0, 198.0]), 1.0)


def _powers(exponents: Tensor, x: Tensor) -> Tensor:
    power = exponents.exp()
    return (power / power.sum()) @ x


def _only_an_end(x: Tensor, beta: float) -> Tensor:
    """The average as long as β is small, the largest or the smallest entry where it is large."""
    if abs(beta) <= 30:
        return soft_pool(x, beta, dim=0)
    return x.max() if beta > 0 else x.min()


soft_pooling = Exercise(
    "soft_pooling",
    "Implement: soft pooling that survives β = 1000",
    (
        Function(
            "soft_pool",
            "soft_pool(x, beta) → one number: x averaged with the weights softmax(beta · x), without torch.softmax",
            lambda x, beta: soft_pool(x, beta, dim=0),
            _windows,
            (
                Mistake(
                    "overflow",
                    lambda x, beta: _powers(beta * x, x),
                    "For large β the exponentials overflow to inf, and inf/inf is nan. Which number may be "
                    "subtracted from all exponents without changing a weight?",
                ),
                Mistake(
                    "overflow in float64",
                    lambda x, beta: _powers(beta * x.double(), x.double()),
                    "float64 reaches farther, but at β = 1000 its exponentials overflow too, and inf/inf is nan. "
                    "Which number may be subtracted from all exponents without changing a weight?",
                ),
                Mistake(
                    "nan replaced by 0",
                    lambda x, beta: _powers(beta * x, x).nan_to_num(0.0),
                    "nan became 0. That hides the fault: at β = 1000 the maximum should come out.",
                ),
                Mistake(
                    "largest x subtracted",
                    lambda x, beta: _powers(beta * (x - x.max()), x),
                    "The largest x was subtracted. For a negative β the largest exponent belongs to the smallest x, "
                    "and exp still overflows: subtract the largest of β · x.",
                ),
                Mistake(
                    "mean or smallest subtracted",
                    lambda x, beta: _powers(beta * (x - x.mean()), x),
                    "The mean exponent was subtracted, or the smallest. Others still overflow: subtract the largest.",
                ),
                Mistake(
                    "largest size subtracted",
                    lambda x, beta: _powers(beta * x - (beta * x).abs().max(), x),
                    "The largest |βx| was subtracted. Where all exponents are negative, every power becomes 0 and 0/0 "
                    "is nan: subtract the largest exponent itself.",
                ),
                Mistake(
                    "only an end where β is large",
                    _only_an_end,
                    "For large β the largest (or smallest) entry is returned. What counts is β · x: small entries, or "
                    "two that are nearly alike, still share the weight at β = 1000.",
                ),
                Mistake(
                    "exponents cut off",
                    lambda x, beta: _powers((beta * x).clamp(max=80.0), x),
                    "Cutting the exponents off makes different entries equal: the two largest now share the weight.",
                ),
                Mistake(
                    "exponents cut off on both sides",
                    lambda x, beta: _powers((beta * x).clamp(-80.0, 80.0), x),
                    "Cutting the exponents off makes different entries equal. Subtract the largest exponent instead.",
                ),
                Mistake(
                    "first subtracted",
                    lambda x, beta: _powers(beta * (x - x[0]), x),
                    "The first exponent was subtracted. Others may be far larger and overflow: subtract the largest.",
                ),
                Mistake(
                    "size of beta",
                    lambda x, beta: soft_pool(x, abs(beta), dim=0),
                    "For a negative β the smallest entries count for most. Here the sign of β is lost.",
                ),
                Mistake(
                    "beta ignored",
                    lambda x, beta: soft_pool(x, 1.0, dim=0),
                    "This is the answer for β = 1. Where does β enter?",
                ),
                Mistake(
                    "weights multiplied by beta",
                    lambda x, beta: beta * x.softmax(dim=0) @ x,
                    "β multiplies the result here. It belongs into the exponent.",
                ),
                Mistake(
                    "the weights themselves",
                    lambda x, beta: (beta * x).softmax(dim=0),
                    "These are the weights. The entries of x still have to be averaged with them.",
                ),
                Mistake(
                    "sign of beta",
                    lambda x, beta: soft_pool(x, -beta, dim=0),
                    "The sign of β is turned: with a positive β the large entries count for more.",
                ),
                Mistake(
                    "the average",
                    lambda x, beta: x.mean(),
                    "That is the average, the result for β = 0. Where does β enter?",
                ),
                Mistake(
                    "always the maximum",
                    lambda x, beta: x.max(),
                    "That is the limit β → ∞. At other β the other entries count too.",
                ),
                Mistake(
                    "log of the sum",
                    lambda x, beta: (beta * x).logsumexp(dim=0) / beta,
                    "log(Σ exp(βx))/β is another smooth maximum, but no average of x: at β = 0 it is not defined.",
                ),
            ),
            edge_cases=_odd_windows,
            forbidden=(tools.SOFTMAX,),
            remark="What is left under exp is at most 0: no overflow, and one power is exactly 1.",
        ),
    ),
    hints=(
        "Which step overflows at β = 1000? Print what goes into `torch.exp`.",
        "The same number may be added to all exponents: every power is multiplied by the same factor, which "
        "cancels in the division. So the largest exponent may be made 0. Mind which one it is when β is "
        "negative.",
        "`scores = beta * x`, and nothing goes into `torch.exp` that is larger than 0.",
    ),
)

# --------------------------------------------------------------------------------------------------

NO_WISH = "Who would say what is looked for? Nothing else enters the weights than training or the activations."

_QUERIES = (
    "no query: the weights do not depend on what somebody wants to know",
    "the query is computed from the very input that is attended to",
    "the query is a learned vector (or starts as one), the same for every picture",
)

whose_query = Exercise(
    "whose_query",
    "Classify: is there a query, and whose?",
    (
        Choice(
            "max_pooling",
            Question(
                "the largest activation of each window goes on.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "Saliency alone: the strongest wins, whatever anybody wants to know.",
                            (
                                "The content enters as a key. A query would say which content counts; here the "
                                "strongest "
                                "always wins. Max pooling is not smarter for lack of one."
                            ),
                            "Nothing in max pooling is learned.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "average_pooling",
            Question(
                "global average pooling: the mean over all places.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "No query and no key either: the weights are 1/N.",
                            "The weights are 1/N for every input.",
                            "Nothing in average pooling is learned.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "fully_connected",
            Question(
                "a matrix, learned, times the input.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "Learned weights, the same for every input: no content is compared with any wish.",
                            NO_WISH + " The weights of the matrix stay as they are for every input.",
                            (
                                "Its rows are learned vectors, but they are the weights themselves. A query is "
                                "compared with "
                                "keys, and the weights come out of that comparison."
                            ),
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "detr",
            Question(
                "a detector has 100 vectors, learned in training. Each of them attends over the picture's features "
                "and reports one object, or none (DETR's object queries).",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "Each of the 100 vectors is compared with the picture's features: that is a query.",
                            "The keys and values come from the picture. The 100 vectors are the same for every "
                            "picture.",
                            "Learned in training, the same for every picture: as if each had its own standing "
                            "question.",
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Choice(
            "class_token",
            Question(
                "a transformer for pictures gets one extra learned vector beside the patches. It attends over them "
                "in every layer, and the answer is read off it at the end.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "The extra vector attends over the patches, so it is compared with their keys: a query.",
                            (
                                "Not at the start: what makes it different from the patches is that it is learned. "
                                "(From the "
                                "second layer on it has mixed with the picture.)"
                            ),
                            (
                                "It starts as a learned vector, 'what is in this picture?', and mixes with the picture "
                                "from layer to layer."
                            ),
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Choice(
            "self_attention",
            Question(
                "every place of a feature map attends over all places; query, key and value are three linear maps "
                "of the same features.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            (
                                "It has no query from outside, but a query needs no outside: every place computes "
                                "its own, from "
                                "its own features."
                            ),
                            "Every place asks, with a query made from its own features.",
                            (
                                "The linear map is learned; what goes through it is the picture. Another picture "
                                "gives other "
                                "queries."
                            ),
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
        Choice(
            "squeeze_excitation",
            Question(
                "the picture's features are averaged to one vector; two small layers turn it into a weight for "
                "each channel.",
                dict(
                    zip(
                        _QUERIES,
                        (
                            "The pooled vector decides which channels count, and it differs from picture to picture.",
                            "One query for the whole picture, from its own average.",
                            "The two small layers are learned; their input is the picture's own average.",
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
    ),
    hints=(
        "Ask of each layer: if somebody wanted to know something else about the same picture, where would "
        "that wish come in?",
        "Learned does not mean query. A query is compared with keys; fixed weights are compared with nothing. "
        "Where something is compared, ask where it comes from: from this input, or from training.",
        "Sort first: which of the seven layers compare two vectors at all? The first three of the list do not.",
    ),
)

# --------------------------------------------------------------------------------------------------

_SHUFFLED = (
    "nothing at all (the layer is *invariant*)",
    "the output's places are put into the same order, and nothing else (it is *equivariant*)",
    "the numbers themselves change",
)

shuffle = Exercise(
    "shuffle",
    "Predict, then run: shuffle the pixels",
    (
        Choice(
            "global_average",
            Question(
                "the mean over all places.",
                dict(
                    zip(
                        _SHUFFLED,
                        (
                            "A mean does not know in which order it was added up.",
                            "There is one number per channel: no places are left that could be reordered.",
                            "Neither the entries nor their weights 1/N change.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "global_max",
            Question(
                "the maximum over all places.",
                dict(
                    zip(
                        _SHUFFLED,
                        (
                            "The largest entry is the largest wherever it stands.",
                            "There is one number per channel: no places are left that could be reordered.",
                            "The set of entries is the same, so is its largest.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "convolution",
            Question(
                "a 3×3 convolution.",
                dict(
                    zip(
                        _SHUFFLED,
                        (
                            "A convolution adds up a neighbourhood, and the shuffle gives each place new neighbours.",
                            "It moves along with *shifts*. A shuffle gives each place new neighbours.",
                            "Its weights belong to places in a neighbourhood, and the neighbours are new.",
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Choice(
            "attention",
            Question(
                "plain softmax self-attention over all places, as in the cell below.",
                dict(
                    zip(
                        _SHUFFLED,
                        (
                            "There is still one output for each place, and the places have moved.",
                            "Each place compares its features with all others, wherever they are: it takes its "
                            "output along.",
                            (
                                "Positions do not matter to it: weights come from features, and no position is "
                                "among them. That "
                                "is why transformers are given position encodings."
                            ),
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
    ),
    hints=(
        "Let two pixels change places. What in the output depends on where they stand?",
        "A set has no order, and sums and maxima over all places are functions of the set. A layer with an "
        "output for each place can still take that output along, unless it looks at neighbours.",
        "For each layer: one number for all places, or one for each? If one for each: does it know its neighbours?",
    ),
)

# --------------------------------------------------------------------------------------------------

gradients = Exercise(
    "gradients",
    "Gradients: who gets the blame?",
    (
        Value(
            "of_mean",
            QUARTERS,
            (
                Mistake(
                    "not divided",
                    torch.ones(4),
                    "That is the gradient of the sum. The mean is the sum divided by 4.",
                ),
                Mistake(
                    "one-hot",
                    WINNER,
                    "That is the gradient of the maximum. The mean listens to everybody.",
                ),
                Mistake(
                    "proportional to the values",
                    IN_PROPORTION,
                    "These weights are in proportion to the values. The mean grows alike with each of its entries.",
                ),
                Mistake("the value", torch.full((4,), 1.5), "1.5 is the mean. How fast does it grow with each entry?"),
                Mistake(
                    "zero left out", THIRDS, "The fourth entry is 0, but the mean grows with it as with the others."
                ),
            ),
            decimals=2,
            remark="The pooling weights of exercise 1.",
        ),
        Value(
            "of_max",
            WINNER,
            (
                Mistake(
                    "the value", torch.tensor([0.0, 3.0, 0.0, 0.0]), "3 is the value. How fast does it grow with x?"
                ),
                Mistake("proportional to the values", IN_PROPORTION, PROPORTIONAL),
                Mistake(
                    "uniform",
                    QUARTERS,
                    "That is the gradient of the mean. Does the maximum move when the 1 moves a little?",
                ),
                Mistake("all ones", torch.ones(4), "The other entries may move a little: the maximum does not see it."),
                Mistake(
                    "softmax",
                    WINDOW.softmax(dim=0),
                    "That is softmax(x), the gradient of log Σ exp(x), a smooth maximum. The maximum has one winner.",
                ),
            ),
            decimals=2,
            remark="The pooling weights of exercise 1 again.",
        ),
        Value(
            "of_tie",
            torch.tensor([0.0, 0.5, 0.5, 0.0]),
            (
                Mistake(
                    "one-hot always, first",
                    torch.tensor([0.0, 1.0, 0.0, 0.0]),
                    "One-hot: right without a tie, and it is what x.max(dim=0) does. torch.amax treats equals alike.",
                ),
                Mistake(
                    "one-hot always, last",
                    torch.tensor([0.0, 0.0, 1.0, 0.0]),
                    "One-hot: right without a tie. torch.amax treats equals alike.",
                ),
                Mistake(
                    "one for each",
                    torch.tensor([0.0, 1.0, 1.0, 0.0]),
                    "Both are largest, but together they share one unit: with 1 and 1 the maximum would grow twice "
                    "as fast as both of them.",
                ),
                Mistake(
                    "the value", torch.tensor([0.0, 3.0, 3.0, 0.0]), "3 is the value. How fast does it grow with x?"
                ),
                Mistake(
                    "uniform",
                    QUARTERS,
                    "That is the gradient of the mean: the 1 and the 0 have no part in the maximum.",
                ),
                Mistake(
                    "nothing",
                    torch.zeros(4),
                    "At the tie there is no derivative, but torch.amax gives one of the subgradients: their entries "
                    "sum to 1.",
                ),
            ),
            decimals=2,
            remark="Shared between the equals. max(dim) and max_pool give it all to one of them.",
        ),
        Choice(
            "why",
            Question(
                "`x.amax()` and `x.max(dim=0).values` give different gradients at the tie. Why?",
                {
                    "one of them is a bug": "Both are documented and both are subgradients.",
                    "rounding": "The two entries are exactly equal: no rounding is involved.",
                    (
                        "at a tie the maximum has no derivative: any sharing between the two is a subgradient, "
                        "and each function chooses one"
                    ): (
                        "A small step up of either entry raises the maximum, a small step down of either does not "
                        "lower "
                        "it: there is no derivative, and any sharing of one unit will do."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Raise one entry by 0.01. How much does the pooled value rise?",
        "The derivative with respect to an entry is its weight, as long as the weights stay as they are. At a "
        "tie the maximum has a kink: step up, then step down.",
        "`torch.autograd.grad(…, x)` returns a tuple with one entry: unpack it.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _desks(generator: torch.Generator) -> Iterable[tuple]:
    for n, d, a, b in ((3, 1, 1.0, 3.0), (3, 2, 2.0, 0.5), (5, 2, 0.0, 2.0), (4, 3, 1.5, 0.0), (20, 4, 0.7, 1.3)):
        yield _tenths((n,), 0, 1, generator), _tenths((n, d), 0, 1, generator), _tenths((d,), 0, 1, generator), a, b


def _odd_desks() -> Iterable[tuple[str, tuple]]:
    saliency, query = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([1.0, 0.3])
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    yield "both strengths are 0", (saliency, keys, query, 0.0, 0.0)
    yield "a query of zeros", (saliency, keys, torch.zeros(2), 2.0, 3.0)
    yield "one thing only", (saliency[:1], keys[:1], query, 2.0, 3.0)
    yield "two things alike", (saliency[[0, 1, 1]], keys[[0, 1, 1]], query, 2.0, 3.0)
    yield "negative saliency", (torch.tensor([-0.5, 0.4, -1.5]), keys, query, 2.0, 1.0)
    yield "negative keys", (saliency, torch.tensor([[1.0, -2.0], [-1.0, 0.5], [-0.5, -0.5]]), query, 1.0, 2.0)
    yield "a negative query", (saliency, keys, torch.tensor([-1.0, 0.5]), 1.0, 2.0)
    yield (
        "as many features as things",
        (saliency, torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.5], [2.0, 1.0, 0.0]]), saliency, 1.0, 2.0),
    )
    yield "one cue is much stronger", (saliency, keys, query, 20.0, 0.1)


def _scores(saliency: Tensor, keys: Tensor, query: Tensor, a: float, b: float) -> Tensor:
    return a * saliency + b * (keys @ query)


def _softmax_of(score: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *arguments: score(*arguments).softmax(dim=0)


def _tie(strength: float) -> float:
    """The intent at which cup and book score alike."""
    scene = desk_scene()
    cup, book = scene.names.index("red cup"), scene.names.index("book")
    fit = scene.keys @ scene.queries["something to read"]
    return (strength * (scene.saliency[cup] - scene.saliency[book]) / (fit[book] - fit[cup])).item()


two_cues = Exercise(
    "two_cues",
    "Implement: two cues, one softmax",
    (
        Function(
            "desk_weights",
            "desk_weights(saliency, keys, query, a, b) → the n weights, which sum to 1",
            lambda saliency, keys, query, a, b: cue_weights(
                saliency, keys, query, saliency_strength=a, intent_strength=b
            ),
            _desks,
            (
                Mistake("scores", _scores, "These are the scores. The softmax over the things is missing."),
                Mistake(
                    "divided by the sum, without exp",
                    lambda s, k, q, a, b: _scores(s, k, q, a, b) / _scores(s, k, q, a, b).sum(),
                    "The scores are divided by their sum. A softmax takes their exponentials first: scores may be "
                    "negative, weights may not.",
                ),
                Mistake(
                    "not normalised",
                    lambda s, k, q, a, b: _scores(s, k, q, a, b).exp(),
                    "The exponentials still have to be divided by their sum.",
                ),
                Mistake(
                    "saliency left out",
                    lambda s, k, q, a, b: (b * (k @ q)).softmax(dim=0),
                    "Saliency is missing: with b = 0 the cup would not stand out any more.",
                ),
                Mistake(
                    "query left out",
                    lambda s, k, q, a, b: (a * s).softmax(dim=0),
                    "The query is missing: the weights are the same whatever is looked for.",
                ),
                Mistake(
                    "multiplied instead of added",
                    lambda s, k, q, a, b: (a * s * b * (k @ q)).softmax(dim=0),
                    "The two cues are multiplied. Then nothing stands out unless it is looked for: add them.",
                ),
                Mistake(
                    "two softmaxes",
                    lambda s, k, q, a, b: ((a * s).softmax(dim=0) + (b * (k @ q)).softmax(dim=0)) / 2,
                    "Two softmaxes, averaged: each cue then keeps half of the attention, however weak it is. One "
                    "softmax of the sum lets the stronger cue win.",
                ),
                Mistake(
                    "strengths swapped",
                    lambda s, k, q, a, b: _scores(s, k, q, b, a).softmax(dim=0),
                    "a and b are swapped: a belongs to saliency, b to the intent.",
                ),
                Mistake(
                    "strengths ignored",
                    lambda s, k, q, a, b: _scores(s, k, q, 1.0, 1.0).softmax(dim=0),
                    "This is the answer for a = b = 1. Where do the strengths enter?",
                ),
                Mistake(
                    "a left out",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q, 1.0, b)),
                    "The strength a is missing in front of the saliency.",
                ),
                Mistake(
                    "b left out",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q, a, 1.0)),
                    "The strength b is missing in front of the dot product of query and key.",
                ),
                Mistake(
                    "strengths outside the softmax",
                    lambda s, k, q, a, b: a * s.softmax(dim=0) + b * (k @ q).softmax(dim=0),
                    "The strengths stand in front of the weights here, so the weights sum to a + b. They belong in "
                    "front of the cues, and one softmax follows.",
                ),
                Mistake(
                    "product of two softmaxes",
                    lambda s, k, q, a, b: (a * s).softmax(dim=0) * (b * (k @ q)).softmax(dim=0),
                    "The product of two softmaxes has the right proportions, but no longer sums to 1.",
                ),
                Mistake(
                    "saliency subtracted",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q, -a, b)),
                    "Saliency is subtracted: what stands out gets less. Add the two cues.",
                ),
                Mistake(
                    "cosine",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, F.normalize(k, dim=1), F.normalize(q, dim=0), a, b)),
                    "Query and keys are brought to length 1 here. The plain dot product is asked.",
                ),
                Mistake(
                    "scaled by √d",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q / math.sqrt(len(q)), a, b)),
                    "The dot product is divided by √d. The formula of this exercise has no such scale.",
                ),
                Mistake(
                    "mean instead of sum",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q / len(q), a, b)),
                    "This takes the mean over the d features; a dot product is their sum.",
                ),
                Mistake(
                    "distance",
                    _softmax_of(lambda s, k, q, a, b: a * s - b * (k - q).square().sum(dim=1)),
                    "The keys are compared by their distance from the query. The dot product is asked.",
                ),
                Mistake(
                    "winner takes all",
                    lambda s, k, q, a, b: F.one_hot(_scores(s, k, q, a, b).argmax(), len(s)).to(s.dtype),
                    "The best thing takes all the weight here. A softmax leaves the others their share.",
                ),
            ),
            edge_cases=_odd_desks,
        ),
        Value(
            "tie",
            _tie(3.0),
            (
                Mistake(
                    "saliency of the book forgotten",
                    3.0,
                    "At b = 3 the book is ahead already: it stands out a little itself (0.2).",
                ),
                Mistake("strength forgotten", _tie(1.0), "0.8 is the tie for a = 1. Here saliency counts three times."),
                Mistake(
                    "saliencies added", 3.6, "3.6 adds the two saliencies. The book's is on its own side: subtract it."
                ),
            ),
            decimals=2,
            remark="Only the two scores matter: the softmax keeps their order.",
        ),
    ),
    hints=(
        "One score for each thing, then one softmax for all of them. The strengths stand in front of the "
        "cues, not in front of the weights.",
        "`keys` has a row for each thing: a matrix times a vector is all dot products at once. For `tie` "
        "forget the softmax: equal weights are equal scores.",
        "`scores = a * saliency + …`",
    ),
)

# --------------------------------------------------------------------------------------------------
# A crowd of 16.


def _target(search: str) -> float:
    display = search_display(16, search)
    return cue_weights(surprise(display.features), display.keys)[0].item()


crowd = Exercise(
    "crowd",
    "Prove and check: lost in the crowd",
    (
        Value(
            "feature",
            _target("feature"),
            (
                Mistake(
                    "equal shares", 1 / 16, "1/16 would be an equal share. The odd one's colour is rare: exp(s) = 16."
                ),
                Mistake(
                    "the others counted once",
                    16 / (16 + 16 / 15),
                    "0.938 is 16/(16 + 16/15): all fifteen others belong into the sum, not one of them.",
                ),
                Mistake(
                    "saliency without the softmax",
                    math.log(16),
                    "2.773 = log 16 is the target's saliency. The weight is its exponential over the sum of all.",
                ),
                Mistake(
                    "pops out, so all", 1.0, "It pops out, but the crowd of fifteen keeps something too: add them up."
                ),
            ),
            remark="One half for every N: the odd one counts as much as the whole crowd.",
        ),
        Value(
            "conjunction",
            _target("conjunction"),
            (
                Mistake(
                    "equal shares",
                    1 / 16,
                    "1/16 would be an equal share. The target is less surprising than the others: more bars share "
                    "its colour, and more its posture.",
                ),
                Mistake(
                    "as if it popped out",
                    0.5,
                    "That is the feature search. Here 9 bars are red and 8 are upright: neither is rare.",
                ),
                Mistake(
                    "rare as a pair",
                    16 / (16 + 8 * 16 / 8 + 7 * 16 / 7),
                    "This takes the share of the *pair* (1 of 16 is red and upright). The model looks at one feature "
                    "at a time: that is just why it cannot find a pair.",
                ),
                Mistake(
                    "1/(N + 1)",
                    1 / 17,
                    "0.059 is 1 of 17 parts. The others have 17 parts together, so the target has 1 of 18.",
                ),
            ),
            remark="1/(N + 2): lost in the crowd.",
        ),
        Value(
            "intent",
            math.log(17),
            (
                Mistake(
                    "only equal to one other",
                    math.log(17) / 2,
                    "Both scores rise: the target's by 2b, the others' by b. The difference is b, not 2b.",
                ),
                Mistake(
                    "1/N instead of 1/(N + 2)",
                    math.log(15),
                    "log 15 belongs to equal shares, 1 against 15. The target starts with less: 1 against 17.",
                ),
                Mistake(
                    "N + 2",
                    math.log(18),
                    "log 18: the target has 1 of 18 parts, the others 17. One half means as much as they have.",
                ),
                Mistake("N", math.log(16), "log 16: how many parts have the others together, when the target has 1?"),
                Mistake("no logarithm", 17.0, "17 is e^b. Which b is that?"),
                Mistake("logarithm to base 10", math.log10(17), "log₁₀ 17. The natural logarithm is asked: e^b = 17."),
                Mistake("logarithm to base 2", math.log2(17), "log₂ 17. The natural logarithm is asked: e^b = 17."),
            ),
            remark="e^b = N + 1: twice the crowd needs only log 2 = 0.69 more.",
        ),
    ),
    hints=(
        "Work with exp(saliency) instead of the saliency: what is e to the power of −log of a share?",
        "exp(saliency) is 1 over the product of two shares. Add it up for the target and for each group of "
        "others; a common factor cancels.",
        "Feature search, N = 16: the target has 16, each of the others 16/15. How much have all fifteen together?",
    ),
)

ALL = (
    two_poolings,
    knob,
    soft_pooling,
    whose_query,
    shuffle,
    gradients,
    two_cues,
    crowd,
)
