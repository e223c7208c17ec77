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
from visual_attention.lessons.cues.data import desk_scene
from visual_attention.lessons.cues.model import cue_weights, surprise
from visual_attention.pooling import soft_pool

__all__ = [
    "ALL",
    "crowd",
    "gradients",
    "knob",
    "other_poolings",
    "shuffle",
    "soft_pooling",
    "two_cues",
    "whose_query",
]

Tensor = torch.Tensor

# Where soft pooling is what is asked: whatever in the library does it, or makes its weights.
POOLING_OF_THE_LIBRARY = tools.Tool(
    "the library for its pooling",
    frozenset({"visual_attention.pooling", "visual_attention.lessons.cues.model"}),
    in_sight=True,
)

# --------------------------------------------------------------------------------------------------
# Poolings that the lesson does not have, on the window (2, 5, 1, 0, 4).

WINDOW = torch.tensor([2.0, 5.0, 1.0, 0.0, 4.0], dtype=torch.float64)
FIFTHS = torch.full((5,), 0.2)
LARGEST = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
CORNER = torch.tensor([[2.0, 5.0], [1.0, 4.0]], dtype=torch.float64)  # the four places inside


def _padded_average(corner: Tensor) -> float:
    return F.avg_pool2d(corner[None, None], 3, stride=2, padding=1)[0, 0, 0, 0].item()


other_poolings = Exercise(
    "other_poolings",
    "By hand: three poolings that the lesson does not have",
    (
        Value(
            "median",
            [1, 0, 0, 0, 0],
            (
                Mistake(
                    "middle of the list",
                    [0, 0, 1, 0, 0],
                    "That picks the entry in the middle of the list. The median is in the middle by size: sort first.",
                ),
                Mistake(
                    "the value as its weight",
                    [2, 0, 0, 0, 0],
                    "Only one entry counts, but its weight is 1, not its value: 2 · 2 would be 4.",
                ),
                Mistake("average", FIFTHS, "These give every entry the same say: that is average pooling."),
                Mistake("maximum", LARGEST, "That is max pooling. The median has two entries above it, and two below."),
                Mistake("minimum", [0, 0, 0, 1, 0], "That picks the smallest entry."),
            ),
            decimals=2,
            remark="One winner, as in max pooling: but it wins by being in the middle, not by being large.",
        ),
        Value(
            "top_two",
            [0, 0.5, 0, 0, 0.5],
            (
                Mistake(
                    "not divided",
                    [0, 1, 0, 0, 1],
                    "With these the two largest are added: 9. Their average is asked, and weights sum to 1.",
                ),
                Mistake(
                    "in proportion",
                    [0, 5 / 9, 0, 0, 4 / 9],
                    "These are in proportion to the two values. A plain average gives both the same say.",
                ),
                Mistake(
                    "values as weights",
                    [0, 2.5, 0, 0, 2],
                    "These are the parts that the two contribute, weight times value. Give the weights alone.",
                ),
                Mistake("maximum", LARGEST, "That is the largest alone. The second largest has a say too."),
                Mistake("average", FIFTHS, "These average all five. Three of them are to have no say."),
                Mistake(
                    "first and last place",
                    [0.5, 0.5, 0, 0, 0],
                    "These average the first two entries. Which two are the largest?",
                ),
            ),
            decimals=2,
        ),
        Value(
            "padded",
            _padded_average(CORNER),
            (
                Mistake(
                    "average of the four",
                    3.0,
                    "3 is the average of the four places inside. The layer divides by nine, the five zeros included.",
                ),
                Mistake("sum", 12.0, "12 is the sum. Divide it by the number of places in the window."),
                Mistake("maximum", 5.0, "5 is the maximum. Average pooling is asked."),
                Mistake("divided by five", 12 / 5, "Divided by five, the places outside. The window has nine."),
                Mistake("divided by sixteen", 12 / 16, "A window of 3×3 has nine places, not sixteen."),
            ),
            decimals=2,
        ),
        Value(
            "inside",
            4 / 9,
            (
                Mistake(
                    "a true average",
                    1.0,
                    "It would be 1 if the layer divided by four. What is the weight of one place?",
                ),
                Mistake("one weight", 1 / 9, "That is the weight of one place. There are four inside."),
                Mistake("the others", 5 / 9, "That is what the five places outside have together."),
                Mistake("a quarter", 0.25, "A quarter would be the weight of one place in a true average of the four."),
            ),
            decimals=2,
        ),
        Choice(
            "flat",
            Question(
                "So a picture that is 3 everywhere comes out of this layer",
                {
                    "as 3 everywhere": (
                        "In the middle, yes. At the border the weights of the real places sum to less than 1: what "
                        "do you get for 3 there?"
                    ),
                    "darker at the border, darkest in the corners": (
                        "The zeros outside have a say and no value. With count_include_pad=False the layer divides by "
                        "the places inside, and is an average everywhere."
                    ),
                    "brighter at the border, where fewer places share": (
                        "They would be brighter if the weights inside were larger. All nine places weigh 1/9, "
                        "wherever the window lies."
                    ),
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "What is the weight of an entry that has no influence? And of one that is handed on as it is?",
        "Median: sort the five by size first. A window at the corner still has nine weights of 1/9, five of "
        "which meet a zero.",
        "`median = [1, …]`: 2 stands in the middle of 0, 1, 2, 4, 5. For `padded`: (2 + 5 + 1 + 4)/…",
    ),
)

# --------------------------------------------------------------------------------------------------

_QUERIES = (
    "no query: what stands out or a fixed map decides, and nothing says what is looked for",
    "the query is computed from the very input that is attended to",
    "the query is a learned vector (or starts as one), the same for every picture",
    "the query comes from elsewhere: neither from training alone nor from what is attended to",
)


def _asked(name: str, text: str, right: str, a: str, b: str, c: str, d: str) -> Choice:
    return Choice(name, Question(text, dict(zip(_QUERIES, (a, b, c, d), strict=True)), right))


whose_query = Exercise(
    "whose_query",
    "Classify: is there a query, and whose?",
    (
        _asked(
            "top_k",
            "of each window the two largest activations go on, averaged.",
            "a",
            "Saliency alone: the two strongest win, whatever is looked for.",
            "The content enters as a key: what stands out wins. A query would say *which* content counts, and there is "
            "nobody to say it. Choosing is not asking.",
            "Nothing in it is learned.",
            "Nothing comes in from elsewhere: who would say what is looked for?",
        ),
        _asked(
            "centre",
            "a map of weights, learned once, is laid over every picture: large in the middle, small at the border.",
            "a",
            "Learned weights, the same for every picture: nothing is compared with any wish.",
            "The map is the same whatever the picture shows, so it is not computed from it.",
            "It is learned, but it *is* the weights. A query is what weights are made from, and these are there before "
            "any picture is.",
            "The map comes from training alone.",
        ),
        _asked(
            "detr",
            "a detector has 100 vectors, learned in training. Each of them attends over the picture's features and "
            "reports one object, or none (DETR's object queries).",
            "c",
            "Each of the 100 vectors is compared with the picture's features: that is a query.",
            "The keys and values come from the picture. The 100 vectors are the same for every picture.",
            "Learned in training, the same for every picture: as if each had its own standing question.",
            "They come from training alone, and are the same for every picture.",
        ),
        _asked(
            "class_token",
            "a transformer for pictures gets one extra learned vector beside the patches. It attends over them in "
            "every layer, and the answer is read off it at the end.",
            "c",
            "The extra vector attends over the patches, so it is compared with their keys: a query.",
            "Not at the start: what makes it different from the patches is that it is learned. (From the second layer "
            "on it has mixed with the picture.)",
            "It starts as a learned vector, 'what is in this picture?', and mixes with the picture layer by layer.",
            "It starts from training alone. Only then does it mix with the picture.",
        ),
        _asked(
            "self_attention",
            "every place of a feature map attends over all places; query, key and value are three linear maps of the "
            "same features.",
            "b",
            "It has no query from outside, but a query needs no outside: every place computes its own, from its own "
            "features.",
            "Every place asks, with a query made from its own features.",
            "The linear map is learned; what goes through it is the picture. Another picture gives other queries.",
            "Query, key and value are all made from the same features.",
        ),
        _asked(
            "squeeze_excitation",
            "the picture's features are averaged to one vector; two small layers turn it into a weight for each "
            "channel of the same features.",
            "b",
            "The pooled vector decides which channels count, and it differs from picture to picture.",
            "One query for the whole picture, from its own average: with another vector the same channels would get "
            "other weights.",
            "The two small layers are learned; their input is the picture's own average.",
            "The vector is the average of the very features that are weighed.",
        ),
        _asked(
            "question",
            "a sentence, 'what is to the left of the dog?', becomes a vector, which attends over the picture's places.",
            "d",
            "The vector of the sentence is compared with the places: that is a query.",
            "What is attended to is the picture. The query is made from the sentence.",
            "How a sentence becomes a vector is learned. The vector is another one for every sentence.",
            "Somebody asks: the same picture, another sentence, other weights. That is the wish on the desk.",
        ),
        _asked(
            "tracker",
            "a ball is marked in the first frame of a film; the features of that crop are compared with every place of "
            "the present frame, and the best match is where the ball is now.",
            "d",
            "The crop's features are compared with all places: they are the query.",
            "What is attended to is the present frame. Where does the crop come from?",
            "The crop is another one in every film: it is not learned.",
            "From another picture, in which somebody has marked what is looked for.",
        ),
    ),
    hints=(
        "Ask of each layer: if somebody wanted to know something else about the same picture, where would "
        "that wish come in?",
        "Learned does not mean query. Weights are made from a query; fixed weights are made from nothing. "
        "Where there is a query, ask where it comes from: this input, training, or somebody outside.",
        "Sort first: in which of the eight layers is there a vector that weights are made from? Not in the first two.",
    ),
)

# --------------------------------------------------------------------------------------------------

_SHUFFLED = (
    "nothing at all (the layer is *invariant*)",
    "the output's places are put into the same order, and nothing else (it is *equivariant*)",
    "the numbers themselves change",
)


def _after_shuffle(name: str, text: str, right: str, a: str, b: str, c: str) -> Choice:
    return Choice(name, Question(text, dict(zip(_SHUFFLED, (a, b, c), strict=True)), right))


shuffle = Exercise(
    "shuffle",
    "Predict, then run: shuffle the pixels",
    (
        _after_shuffle(
            "global_max",
            "the maximum over all places.",
            "a",
            "The largest entry is the largest wherever it stands.",
            "There is one number per channel: no places are left that could be reordered.",
            "The set of entries is the same, so is its largest.",
        ),
        _after_shuffle(
            "pointwise",
            "a 1×1 convolution.",
            "b",
            "There is still one output for each place, and the places have moved.",
            "Each place is treated alone, so it takes its output along.",
            "A 1×1 convolution has no neighbours that could be new.",
        ),
        _after_shuffle(
            "convolution",
            "a 3×3 convolution.",
            "c",
            "A convolution adds up a neighbourhood, and the shuffle gives each place new neighbours.",
            "It moves along with *shifts*. A shuffle gives each place new neighbours.",
            "Its weights belong to places in a neighbourhood, and the neighbours are new.",
        ),
        _after_shuffle(
            "gate",
            "each channel, multiplied by the sigmoid of its own average.",
            "b",
            "The factor does not change, but what it multiplies has places, and they have moved.",
            "The average, and so the factor, is the same; the multiplied entries move along.",
            "The average over all places does not know their order. So what could change the numbers?",
        ),
        _after_shuffle(
            "attention",
            "plain softmax self-attention over all places, as in the cell below.",
            "b",
            "There is still one output for each place, and the places have moved.",
            "Each place compares its features with all others, wherever they are: it takes its output along.",
            "Positions do not matter to it: weights come from features, and no position is among them.",
        ),
        _after_shuffle(
            "positions",
            "the same self-attention, after each place has got two more channels: its row and its column.",
            "c",
            "There is still one output for each place, and the places have moved.",
            "It would, if row and column moved along. They are given after the shuffle: the same features stand at "
            "another row and column, and are compared differently.",
            "Now *where* is among the features. That is why transformers are given position encodings.",
        ),
    ),
    hints=(
        "Let two pixels change places. What in the output depends on where they stand?",
        "A set has no order, and sums and maxima over all places are functions of the set. A layer with an "
        "output for each place can still take that output along, unless it knows neighbours or positions.",
        "For each layer: one number for all places, or one for each? If one for each: what besides its own features "
        "does it use?",
    ),
)

# --------------------------------------------------------------------------------------------------
# β from what came out: two entries weigh as 9 to 1 where the result lies nine tenths of the way.

LOG_9 = math.log(9)
BASE_10 = "That is a logarithm to base 10. The powers are those of e: the natural logarithm is asked."

knob = Exercise(
    "knob",
    "Estimate, then invert: which β was it?",
    (
        Choice(
            "estimate",
            Question(
                "Soft pooling of 0 and 1 gave 0.9. Without a calculator: β is about",
                {
                    "0.2": "At β = 0.2 the two weights are nearly equal: the result would be 0.55.",
                    "1": "At β = 1 the larger entry weighs e = 2.7 times as much as the other: 0.73.",
                    "2": "e² is about 7.4, and e^2.2 is 9: nine parts against one.",
                    "9": "At β = 9 the larger entry weighs e⁹, some 8,000 times as much: 0.9999.",
                },
                right="c",
            ),
        ),
        Value(
            "two",
            LOG_9,
            (
                Mistake("no logarithm", 9.0, "The weights are as 9 to 1, so e^β = 9. Which β is that?"),
                Mistake(
                    "9 to 10",
                    math.log(10),
                    "log 10 compares a weight of 0.1 with the whole. It is 0.9 to 0.1 that e^β has to be.",
                ),
                Mistake("log of the result", math.log(0.9), "log 0.9 is no ratio of two weights: 0.9 to what?"),
                Mistake("base 10", math.log10(9), BASE_10),
                Mistake("base 2", math.log2(9), "log₂ 9. The powers are those of e: the natural logarithm is asked."),
                Mistake("sign", -LOG_9, "A negative β prefers the smaller entry, and would give 0.1."),
            ),
            decimals=2,
            remark="With two entries, soft pooling is a sigmoid of β times their difference.",
        ),
        Value(
            "apart",
            LOG_9 / 2,
            (
                Mistake(
                    "difference forgotten",
                    LOG_9,
                    "The weights are as 9 to 1 again, but the exponents differ by 2β, not by β.",
                ),
                Mistake("times the difference", 2 * LOG_9, "2β = log 9: divide by the difference of the entries."),
                Mistake(
                    "divided by 7",
                    LOG_9 / 7,
                    "Divided by the larger entry. Raising both changes no weight: only their difference counts.",
                ),
                Mistake("base 10", math.log10(9) / 2, BASE_10),
                Mistake(
                    "in proportion",
                    math.log(6.8 / 0.2) / 2,
                    "6.8 lies 1.8 above the 5, of a difference of 2. Which weight has the 7?",
                ),
            ),
            decimals=2,
            remark="Entries twice as far apart need half the β: β has the unit 1/x.",
        ),
        Value(
            "many",
            math.log(9 * 48),
            (
                Mistake(
                    "one rival only",
                    LOG_9,
                    "That is β for one zero. Here 48 zeros have a power of e⁰ = 1 each, below the line.",
                ),
                Mistake("49 zeros", math.log(9 * 49), "log 441 counts 49 zeros. One of the 49 places holds the 1."),
                Mistake("half", math.log(48), "log 48 gives the 1 as much as all zeros together: 0.5. Asked is 0.9."),
                Mistake("10 for 9", math.log(10 * 48), "0.9 against 0.1 is 9 to 1, not 10 to 1."),
                Mistake("divided instead", math.log(9 / 48), "More rivals need a larger β, not a smaller one."),
                Mistake("base 10", math.log10(9 * 48), BASE_10),
                Mistake("product of the two", 48 * LOG_9, "The 48 stands inside the logarithm: e^β = 9 · 48."),
                Mistake("no logarithm", 432.0, "432 is e^β. Which β is that?"),
            ),
            decimals=2,
            remark="A β that is sharp among two is soft among 49: it has to grow with the logarithm of the crowd.",
        ),
        Choice(
            "doubled",
            Question(
                "All entries become twice as large, and β half as large. Soft pooling then",
                {
                    "gives the same result": (
                        "The weights are the same: βx has not changed. But what do they average now?"
                    ),
                    "keeps its weights, and its result doubles": (
                        "βx is as before, so are the weights; the entries that they average are twice as large."
                    ),
                    "comes nearer to the average": (
                        "A smaller β alone would do that. Here the entries grow by the same factor: what is βx?"
                    ),
                    "comes nearer to the maximum": (
                        "Larger entries alone would do that. Here β shrinks by the same factor: what is βx?"
                    ),
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "Which weight must the larger entry have for this result? And then the other one?",
        "The ratio of two weights is e to the power of β times the difference of their entries. Many equal rivals add "
        "up below the line.",
        "`two`: weights 0.9 and 0.1, so e^β = 0.9/0.1. For `many`: e^β stands against 48 · e⁰.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


OUT = -math.inf  # what stands at a place outside of the picture


def _windows(generator: torch.Generator) -> Iterable[tuple]:
    yield torch.tensor([[1.0, 3.0, 2.0, 0.0], [2.0, OUT, 4.0, OUT]]), 1.0
    yield torch.tensor([[0.5, 2.0, 1.0], [OUT, -1.0, 0.5]]), 1000.0
    for m, n, beta in ((3, 4, 0.0), (2, 3, 2.0), (4, 5, -1.5), (3, 4, 1000.0), (2, 4, -1000.0), (5, 9, 0.7)):
        # Different entries: at β = 1000 the logarithm of two equal powers is lost in float32.
        x = torch.stack([(torch.randperm(61, generator=generator)[:n] - 30) / 10 for _ in range(m)])
        outside = torch.rand(m, n, generator=generator) < 0.3
        outside[:, 0] = False
        yield x.masked_fill(outside, OUT), beta


def _odd_windows() -> Iterable[tuple[str, tuple]]:
    def windows(*rows: tuple[float, ...]) -> Tensor:
        return torch.tensor(rows)

    yield "places outside at β = 0", (windows((1.0, OUT, 4.0), (OUT, OUT, 2.0)), 0.0)
    yield "places outside at β = −1000", (windows((1.0, OUT, 4.0), (OUT, 3.0, 2.0)), -1000.0)
    yield (
        "small entries share the weight even at β = 1000",
        (windows((0.001, 0.0, -0.001), (0.002, OUT, 0.001)), 1000.0),
    )
    yield (
        "two entries are nearly alike and their powers overflow",
        (windows((0.8, 0.5, 0.799), (0.2, 0.1, OUT)), 1000.0),
    )
    yield "all entries are negative", (windows((-3.0, -1.0, -2.0), (-0.5, OUT, -0.4)), 1000.0)
    yield "one window is far above the others", (windows((200.0, 199.0, 198.0), (0.5, -1.0, 0.0)), 1.0)
    yield "two largest entries", (windows((2.0, -1.0, 2.0), (OUT, 3.0, 3.0)), 1000.0)
    yield "one place inside", (windows((OUT, OUT, -2.5), (OUT, 1.0, OUT)), -1000.0)
    yield "a single window", (windows((1.0, 3.0, OUT, 0.0)), 1.0)
    yield "as many windows as places", (windows((1.0, 2.0, 4.0), (0.0, OUT, 1.0), (3.0, 3.5, -1.0)), 1.0)


def _pooled_inside(x: Tensor, beta: float) -> Tensor:
    """Each window pooled by the library, without its places outside."""
    return torch.stack([soft_pool(row[row.isfinite()], beta, dim=0) for row in x])


def _written_out(x: Tensor, beta: float) -> Tensor:
    """The reference: the same without the library, as a check asks that notices the library."""
    return _below(_exponents(x.double(), beta), x.double(), _row_max(_exponents(x.double(), beta))).to(x.dtype)


def _exponents(x: Tensor, beta: float) -> Tensor:
    return (beta * x).masked_fill(x == OUT, OUT)


def _averaged(exponents: Tensor, x: Tensor) -> Tensor:
    power = exponents.exp()
    return (power * x.masked_fill(x == OUT, 0.0)).sum(dim=1) / power.sum(dim=1)


def _below(exponents: Tensor, x: Tensor, top: Tensor) -> Tensor:
    return _averaged(exponents - top, x)


def _row_max(exponents: Tensor) -> Tensor:
    return exponents.amax(dim=1, keepdim=True)


def _only_an_end(x: Tensor, beta: float) -> Tensor:
    """The average as long as β is small, the largest or the smallest entry where it is large."""
    if abs(beta) <= 30:
        return _pooled_inside(x, beta)
    return x.amax(dim=1) if beta > 0 else x.masked_fill(x == OUT, math.inf).amin(dim=1)


def _outside_multiplied(x: Tensor, beta: float) -> Tensor:
    """Places outside are recognised only after the product with β: right for a positive β."""
    exponents = beta * x
    return _below(exponents, x, _row_max(exponents))


def _nan_left_out(x: Tensor, beta: float) -> Tensor:
    """Weights from β · x as it stands; what has become nan is left out of the sum."""
    power = (beta * x - _row_max(beta * x)).exp()
    return (power / power.sum(dim=1, keepdim=True) * x).nan_to_num(0.0).sum(dim=1)


def _very_low(x: Tensor) -> Tensor:
    return x.masked_fill(x == OUT, -1e9)


VERY_LOW = (
    "The places outside hold a very low number here. That loses as long as β is above 0: at β = 0 it counts as all "
    "entries do, and at a negative β it wins."
)

soft_pooling = Exercise(
    "soft_pooling",
    "Implement: soft pooling at the border, at any β",
    (
        Function(
            "soft_pool",
            "soft_pool(x, beta) → (m,), each window averaged with the weights softmax(beta · x) of its places inside",
            _written_out,
            _windows,
            (
                Mistake(
                    "0 times infinity",
                    lambda x, beta: (
                        (_exponents(x, beta) - _row_max(_exponents(x, beta))).exp()
                        / (_exponents(x, beta) - _row_max(_exponents(x, beta))).exp().sum(dim=1, keepdim=True)
                        * x
                    ).sum(dim=1),
                    "The weights are right, but a weight of 0 times an entry of −∞ is nan. Give the places outside "
                    "some finite number before you multiply.",
                ),
                Mistake(
                    "outside by its product",
                    _outside_multiplied,
                    "Right for a positive β. For a negative one β · (−∞) is +∞, and 0 · (−∞) is nan: set the "
                    "exponents of the places outside to −∞ after the multiplication.",
                ),
                Mistake(
                    "nan left out of the sum",
                    _nan_left_out,
                    "nan became 0 in the sum. Right for a positive β; for a negative one β · (−∞) is +∞, at 0 it is "
                    "nan, and all weights of the window are lost with it: set those exponents to −∞ afterwards.",
                ),
                Mistake("outside very low", lambda x, beta: soft_pool(_very_low(x), beta, dim=1), VERY_LOW),
                Mistake(
                    "outside very low in the exponents",
                    lambda x, beta: _below(beta * _very_low(x), x, _row_max(beta * _very_low(x))),
                    VERY_LOW,
                ),
                Mistake(
                    "outside counts as 0",
                    lambda x, beta: soft_pool(x.masked_fill(x == OUT, 0.0), beta, dim=1),
                    "The places outside count here as entries of 0. They are to have no say: weight 0, not value 0.",
                ),
                Mistake(
                    "overflow",
                    lambda x, beta: _averaged(_exponents(x, beta), x),
                    "For large β the exponentials overflow to inf, and inf/inf is nan. Which number may be "
                    "subtracted from all exponents of a window without changing a weight?",
                ),
                Mistake(
                    "nan replaced by 0",
                    lambda x, beta: _averaged(_exponents(x, beta), x).nan_to_num(0.0),
                    "nan became 0. That hides the fault: at β = 1000 nearly the maximum should come out.",
                ),
                Mistake(
                    "largest of all windows subtracted",
                    lambda x, beta: _below(_exponents(x, beta), x, _exponents(x, beta).max()),
                    "The largest exponent of all windows was subtracted. In a window far below it every power becomes "
                    "0, and 0/0 is nan: each window has a largest exponent of its own.",
                ),
                Mistake(
                    "largest x subtracted",
                    lambda x, beta: _below(_exponents(x, beta), x, beta * x.amax(dim=1, keepdim=True)),
                    "The largest x was subtracted. For a negative β the largest exponent belongs to the smallest x, "
                    "and exp still overflows: subtract the largest of β · x.",
                ),
                Mistake(
                    "over the windows",
                    lambda x, beta: (
                        (
                            (_exponents(x, beta) - _exponents(x, beta).amax(dim=0)).exp() * x.masked_fill(x == OUT, 0.0)
                        ).sum(dim=0)
                        / (_exponents(x, beta) - _exponents(x, beta).amax(dim=0)).exp().sum(dim=0)
                    ),
                    "The sums run over the windows, dim 0. Each window is averaged over its own places, dim 1.",
                ),
                Mistake(
                    "one sum for all windows",
                    lambda x, beta: soft_pool(x[x != OUT], beta, dim=0).expand(len(x)),
                    "All windows share one softmax here. Each has weights of its own, which sum to 1.",
                ),
                Mistake(
                    "only an end where β is large",
                    _only_an_end,
                    "For large β the largest (or smallest) entry is returned. What counts is β · x: small entries, or "
                    "two that are nearly alike, still share the weight at β = 1000.",
                ),
                Mistake(
                    "exponents cut off",
                    lambda x, beta: _averaged(_exponents(x, beta).clamp(max=80.0), x),
                    "Cutting the exponents off makes different entries equal: the two largest now share the weight.",
                ),
                Mistake(
                    "size of beta",
                    lambda x, beta: _pooled_inside(x, abs(beta)),
                    "For a negative β the smallest entries count for most. Here the sign of β is lost.",
                ),
                Mistake(
                    "beta ignored",
                    lambda x, beta: _pooled_inside(x, 1.0),
                    "This is the answer for β = 1. Where does β enter?",
                ),
                Mistake(
                    "sign of beta",
                    lambda x, beta: _pooled_inside(x, -beta),
                    "The sign of β is turned: with a positive β the large entries count for more.",
                ),
                Mistake(
                    "the weights themselves",
                    lambda x, beta: _exponents(x, beta).softmax(dim=1),
                    "These are the weights. The entries of x still have to be averaged with them.",
                ),
                Mistake(
                    "the average",
                    lambda x, beta: _pooled_inside(x, 0.0),
                    "That is the average of the places inside, the result for β = 0. Where does β enter?",
                ),
                Mistake(
                    "always the maximum",
                    lambda x, beta: x.amax(dim=1),
                    "That is the limit β → ∞. At other β the other entries count too.",
                ),
            ),
            seconds=4.0,
            edge_cases=_odd_windows,
            forbidden=(POOLING_OF_THE_LIBRARY, tools.SOFTMAX),
            remark="What is left under exp is at most 0 in each window, and −∞ outside: no overflow, no say.",
        ),
    ),
    hints=(
        "Two things go wrong. Print what goes into `torch.exp` at β = 1000, and what β · (−∞) is at β = 0 and at −1.",
        "Each window may lose the same number from all its exponents: make the largest 0. Places outside need the "
        "exponent −∞ whatever β is, and a finite value, because 0 · ∞ is nan.",
        "`outside = x == …`, then `exponents = (beta * x).masked_fill(…)`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _desks(generator: torch.Generator) -> Iterable[tuple]:
    for n, d, m, v, a, b in (
        (3, 1, 2, 1, 1.0, 3.0),
        (3, 2, 4, 5, 2.0, 0.5),
        (5, 2, 3, 4, 0.0, 2.0),
        (4, 3, 2, 5, 1.5, 0.0),
        (20, 4, 6, 3, 0.7, 1.3),
    ):
        yield (
            _tenths((n,), 0, 1, generator),
            _tenths((n, d), 0, 1, generator),
            _tenths((m, d), 0, 1, generator),
            _tenths((n, v), 0, 9, generator),
            a,
            b,
        )


def _odd_desks() -> Iterable[tuple[str, tuple]]:
    saliency, queries = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([[1.0, 0.3], [0.0, 2.0]])
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    values = torch.tensor([[3.0, 1.0, 0.0, 2.0], [0.0, 4.0, 1.0, 1.0], [5.0, 0.0, 2.0, 7.0]])
    square = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.5], [2.0, 1.0, 0.0]])
    yield "both strengths are 0", (saliency, keys, queries, values, 0.0, 0.0)
    yield "a wish for nothing, a query of zeros", (saliency, keys, torch.zeros(1, 2), values, 2.0, 3.0)
    yield "one thing only", (saliency[:1], keys[:1], queries, values[:1], 2.0, 3.0)
    yield "two things alike", (saliency[[0, 1, 1]], keys[[0, 1, 1]], queries, values, 2.0, 3.0)
    yield "negative saliency", (torch.tensor([-0.5, 0.4, -1.5]), keys, queries, values, 2.0, 1.0)
    yield (
        "negative keys",
        (saliency, torch.tensor([[1.0, -2.0], [-1.0, 0.5], [-0.5, -0.5]]), queries, values, 1.0, 2.0),
    )
    yield "negative queries", (saliency, keys, -queries, values, 1.0, 2.0)
    yield "as many wishes as things and features", (saliency, square, square.flip(0), values, 1.0, 2.0)
    yield "one wish only", (saliency, keys, queries[1:], values, 1.0, 1.5)
    yield "one cue is much stronger", (saliency, keys, queries, values, 20.0, 0.1)


def _scores(saliency: Tensor, keys: Tensor, queries: Tensor, a: float, b: float) -> Tensor:
    """One row of scores for each query."""
    return a * saliency + b * (queries @ keys.T)


def _percepts(saliency: Tensor, keys: Tensor, queries: Tensor, values: Tensor, a: float, b: float) -> Tensor:
    """The reference: the library's weights, one query after the other."""
    weights = [cue_weights(saliency, keys, q, saliency_strength=a, intent_strength=b) for q in queries]
    return torch.stack(weights) @ values


def _seen_by(weigh: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """What is seen if the weights come from `weigh(saliency, keys, queries, a, b)`."""
    return lambda s, k, q, v, a, b: weigh(s, k, q, a, b) @ v


def _softmax_of(score: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return _seen_by(lambda *arguments: score(*arguments).softmax(dim=1))


def _tie(strength: float) -> float:
    """The intent at which cup and book score alike."""
    scene = desk_scene()
    cup, book = scene.names.index("red cup"), scene.names.index("book")
    fit = scene.keys @ scene.queries["something to read"]
    return (strength * (scene.saliency[cup] - scene.saliency[book]) / (fit[book] - fit[cup])).item()


two_cues = Exercise(
    "two_cues",
    "Implement: two cues, many wishes",
    (
        Function(
            "look",
            "look(saliency, keys, queries, values, a, b) → (m, v), for each wish the average of the values",
            _percepts,
            _desks,
            (
                Mistake(
                    "softmax over the wishes",
                    _seen_by(lambda s, k, q, a, b: _scores(s, k, q, a, b).softmax(dim=0)),
                    "The softmax runs over the wishes, dim 0. The things compete for one wish's attention: dim 1.",
                ),
                Mistake("scores", _seen_by(_scores), "The scores are used as weights: the softmax is missing."),
                Mistake(
                    "divided by the sum, without exp",
                    _seen_by(lambda *x: _scores(*x) / _scores(*x).sum(dim=1, keepdim=True)),
                    "The scores are divided by their sum. A softmax takes their exponentials first: scores may be "
                    "negative, weights may not.",
                ),
                Mistake(
                    "not normalised",
                    _seen_by(lambda *x: _scores(*x).exp()),
                    "The exponentials still have to be divided by their sum, one sum for each wish.",
                ),
                Mistake(
                    "one sum for all wishes",
                    _seen_by(lambda *x: _scores(*x).exp() / _scores(*x).exp().sum()),
                    "All wishes share one unit of attention here. Each has one of its own: one sum for each row.",
                ),
                Mistake(
                    "the weights themselves",
                    lambda s, k, q, v, a, b: _scores(s, k, q, a, b).softmax(dim=1),
                    "These are the weights, (m, n). The values still have to be averaged with them.",
                ),
                Mistake(
                    "mean over the things",
                    _seen_by(lambda *x: _scores(*x).softmax(dim=1) / len(x[0])),
                    "What is weighed is averaged over the n things once more. The weights sum to 1 already: add up.",
                ),
                Mistake(
                    "saliency left out",
                    _softmax_of(lambda s, k, q, a, b: b * (q @ k.T)),
                    "Saliency is missing: with b = 0 the cup would not stand out any more.",
                ),
                Mistake(
                    "queries left out",
                    _softmax_of(lambda s, k, q, a, b: (a * s).expand(len(q), -1)),
                    "The queries are missing: every wish sees the same.",
                ),
                Mistake(
                    "multiplied instead of added",
                    _softmax_of(lambda s, k, q, a, b: a * s * b * (q @ k.T)),
                    "The two cues are multiplied. Then nothing stands out unless it is looked for: add them.",
                ),
                Mistake(
                    "two softmaxes",
                    _seen_by(lambda s, k, q, a, b: ((a * s).softmax(dim=0) + (b * (q @ k.T)).softmax(dim=1)) / 2),
                    "Two softmaxes, averaged: each cue then keeps half of the attention, however weak it is. One "
                    "softmax of the sum lets the stronger cue win.",
                ),
                Mistake(
                    "strengths swapped",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q, b, a)),
                    "a and b are swapped: a belongs to saliency, b to the intent.",
                ),
                Mistake(
                    "strengths ignored",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q, 1.0, 1.0)),
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
                    "scaled by √d",
                    _softmax_of(lambda s, k, q, a, b: _scores(s, k, q / math.sqrt(q.shape[1]), a, b)),
                    "The dot product is divided by √d. The formula of this exercise has no such scale.",
                ),
                Mistake(
                    "winner takes all",
                    _seen_by(lambda *x: F.one_hot(_scores(*x).argmax(dim=1), len(x[0])).to(x[0].dtype)),
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
                    "strength for the cup alone",
                    3.0 * 1.0 - 0.2,
                    "a multiplies the cup's saliency only here. The book's is multiplied as well.",
                ),
                Mistake(
                    "saliencies added", 3.6, "3.6 adds the two saliencies. The book's is on its own side: subtract it."
                ),
            ),
            decimals=2,
            remark="Only the two scores matter: the softmax keeps their order.",
        ),
        Value(
            "twice",
            _tie(3.0) + math.log(2),
            (
                Mistake("at the tie", _tie(3.0), "That is the tie: there the two weights are equal."),
                Mistake(
                    "twice the intent", 2 * _tie(3.0), "Twice the intent is not twice the weight: weights go with e^b."
                ),
                Mistake("2 more", _tie(3.0) + 2, "A score that is 2 higher is e² = 7.4 times the weight, not twice."),
                Mistake(
                    "twice the score",
                    (2 * 3.0 * 1.0) - 3.0 * 0.2,
                    "This makes the book's score twice the cup's. The weights go with the exponentials of the scores.",
                ),
                Mistake("half instead", _tie(3.0) - math.log(2), "There the cup has twice the weight of the book."),
                Mistake("log₂", _tie(3.0) + 1, "One more multiplies by e = 2.7. Which step multiplies by 2?"),
            ),
            decimals=2,
            remark="log 2 above the tie, whatever the other three things do: the ratio of two weights sees no third.",
        ),
    ),
    hints=(
        "First the table of scores, a row for each wish and a column for each thing. Which axis do the things "
        "compete along?",
        "`queries @ keys.T` is all dot products, (m, n); saliency (n,) is added to every row. For `tie` and `twice` "
        "look at the difference of two scores alone.",
        "`scores = a * saliency + b * …`, of shape (m, n). For `tie`: 3 · 1.0 = 3 · 0.2 + …",
    ),
)

# --------------------------------------------------------------------------------------------------
# Slopes of soft pooling: the pair (0, 2) at β = 1.


def _slopes(x: list[float], beta: float) -> Tensor:
    point = torch.tensor(x, dtype=torch.float64)
    return torch.autograd.functional.jacobian(lambda point: soft_pool(point, beta, dim=0), point)


PAIR = torch.tensor([0.0, 2.0], dtype=torch.float64)

gradients = Exercise(
    "gradients",
    "Gradients: an entry that rises and pulls down",
    (
        Value(
            "slopes",
            _slopes([0.0, 2.0], 1.0),
            (
                Mistake(
                    "the weights",
                    PAIR.softmax(dim=0),
                    "These are the weights. They move with the entries here, which adds a second term.",
                ),
                Mistake("one-hot", [0, 1], "That is the gradient of the maximum. At β = 1 the 0 has a say too."),
                Mistake("uniform", [0.5, 0.5], "That is the gradient of the mean, the case β = 0."),
                Mistake(
                    "second term alone",
                    _slopes([0.0, 2.0], 1.0) - PAIR.softmax(dim=0),
                    "That is what moving weights do. The entry itself counts with its weight as well: add that.",
                ),
                Mistake(
                    "sign of the second term",
                    2 * PAIR.softmax(dim=0) - _slopes([0.0, 2.0], 1.0),
                    "The second term has its sign turned: raising an entry *below* the result moves weight downwards.",
                ),
            ),
            decimals=2,
            remark="Together exactly 1: raise both by a bit, and the result rises by the same bit.",
        ),
        Value(
            "below",
            0.25,
            (
                Mistake("β itself", 4.0, "The distance is an x, β has the unit 1/x."),
                Mistake(
                    "at β = 1", 1.0, "1 is the distance at β = 1. The sharper the weights, the sooner a rise hurts."
                ),
                Mistake("2/β", 0.5, "0.5 is 2/β. Set the derivative to 0: what must β(x − y) be?"),
                Mistake("squared", 1 / 16, "1/16 is 1/β²: β stands once in front of x − y."),
                Mistake("sign", -0.25, "Right but for the sign: asked is how far *below*, a positive number."),
            ),
            decimals=2,
            remark="1/β: what lies farther below than that does harm by rising.",
        ),
        Choice(
            "explain",
            Question(
                "Why can the result fall when an entry rises?",
                {
                    "rounding: the true derivative is at least 0": (
                        "The derivative is what it is on paper. Try a step of 0.1: the result does fall."
                    ),
                    "the entry gains weight, which the larger ones lose": (
                        "It rises by a little, times its small weight; and it takes weight from what is larger. The "
                        "second can be more."
                    ),
                    "a softmax is not monotone in its scores": (
                        "A weight does rise with its own score. The question is what the other weights do then."
                    ),
                },
                right="b",
            ),
        ),
        Value(
            "of_tie",
            [0, 1 / 3, 1 / 3, 1 / 3],
            (
                Mistake(
                    "the first of them",
                    [0, 1, 0, 0],
                    "One-hot: right without a tie, and it is what x.max(dim=0) does. torch.amax treats equals alike.",
                ),
                Mistake(
                    "the last of them", [0, 0, 0, 1], "One-hot: right without a tie. torch.amax treats equals alike."
                ),
                Mistake(
                    "one for each",
                    [0, 1, 1, 1],
                    "All three are largest, but together they share one unit: with 1 each the maximum would grow three "
                    "times as fast as all of them.",
                ),
                Mistake(
                    "uniform",
                    [0.25, 0.25, 0.25, 0.25],
                    "That is the gradient of the mean: the 2 has no part in the maximum.",
                ),
                Mistake("values", [0, 3, 3, 3], "3 is the value. How fast does it grow with x?"),
                Mistake(
                    "nothing",
                    [0, 0, 0, 0],
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
                    "rounding": "The three entries are exactly equal: no rounding is involved.",
                    (
                        "at a tie the maximum has no derivative: any sharing between the equals is a subgradient, "
                        "and each function chooses one"
                    ): (
                        "A small step up of any of them raises the maximum, a small step down of one does not "
                        "lower it: there is no derivative, and any sharing of one unit will do."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Raise one entry by 0.01 and compute the result again, before you trust any formula.",
        "The derivative has two terms: the weight, and what the moving weights do, βα(x − y). For `below` ask "
        "where the two cancel.",
        "y = 1.7616 for the pair at β = 1. For the 0: α = 0.1192, so the slope is 0.1192 + 0.1192 · (0 − …)",
    ),
)

# --------------------------------------------------------------------------------------------------
# Crowds: three colours, and conjunctions of d features.

COLOURS = torch.tensor([0] * 1 + [1] * 4 + [2] * 15)


def _by_surprise(features: Tensor) -> Tensor:
    """The weights of all items, by saliency alone."""
    return cue_weights(surprise(features), torch.zeros(len(features), 1).double())


def conjunction(n: int, d: int) -> Tensor:
    """Features (n, d): item 0 is the target, each other differs from it in one feature, in turn."""
    features = torch.zeros(n, d, dtype=torch.int64)
    for item in range(1, n):
        features[item, item % d] = 1
    return features


def _target(n: int, d: int) -> float:
    return _by_surprise(conjunction(n, d))[0].item()


OF_COLOURS = _by_surprise(COLOURS[:, None])

crowd = Exercise(
    "crowd",
    "Prove and check: three colours, three features",
    (
        Value(
            "red",
            OF_COLOURS[0].item(),
            (
                Mistake("equal shares", 1 / 20, "1/20 would be an equal share. Red is rare: exp(saliency) is 20."),
                Mistake("as with two colours", 0.5, "One half is for two colours. Add up the three groups one by one."),
                Mistake(
                    "groups counted once",
                    20 / (20 + 5 + 20 / 15),
                    "20/(20 + 5 + 4/3) takes one bar of each colour: all four blue and all fifteen green belong into "
                    "the sum.",
                ),
                Mistake(
                    "logarithms",
                    math.log(20) / (math.log(20) + 4 * math.log(5) + 15 * math.log(20 / 15)),
                    "These are shares of the saliencies. Weights go with their exponentials.",
                ),
                Mistake("exp(saliency)", 20.0, "20 is exp(saliency) of the red bar. Divide by the sum over all bars."),
            ),
            remark="Each colour gets the same share, however many bars have it.",
        ),
        Value(
            "blue",
            OF_COLOURS[1].item(),
            (
                Mistake("all of them", 1 / 3, "That is what all four blue bars have together. One of them is asked."),
                Mistake("equal shares", 1 / 20, "1/20 would be an equal share. Blue is rarer than green."),
                Mistake("of the number of groups", 1 / 4, "1/4 shares a whole unit among the blue bars."),
            ),
        ),
        Value(
            "three",
            _target(16, 3),
            (
                Mistake("equal shares", 1 / 16, "1/16 would be an equal share. Nothing about the target is rare."),
                Mistake("two features", 1 / 18, "1/18 is the conjunction of two features. Redo the sum with three."),
                Mistake(
                    "N too few",
                    1 / 33,
                    "The others have 33 parts together, the target 1: what is its part of all?",
                ),
                Mistake("2N", 1 / 32, "Close. Write the sum over the common line: 1 + (N − a) + (N − b) + (N − c)."),
                Mistake("3N", 1 / 48, "The three groups have (N − a) + (N − b) + (N − c) parts. What is a + b + c?"),
                Mistake("inverted", 34.0, "That is 1 over the weight."),
            ),
            remark="1/(2N + 2): the more features a conjunction has, the deeper the target is lost.",
        ),
        Value(
            "five",
            _target(16, 5),
            (
                Mistake("two features", 1 / 18, "1/18 is the conjunction of two features."),
                Mistake("three features", 1 / 34, "1/34 is the conjunction of three features."),
                Mistake("dN + 2", 1 / 82, "Two features gave N + 2, three 2N + 2. What do five give?"),
                Mistake("equal shares", 1 / 16, "1/16 would be an equal share."),
                Mistake("four features", 1 / 50, "1/50 is the conjunction of four features."),
            ),
            remark="1/((d − 1)N + 2) for d features; d = 1 is the feature search, one half.",
        ),
        Value(
            "intent",
            math.log(33),
            (
                Mistake("N + 1", math.log(17), "e^b = 17 belongs to two features. How much have the others here?"),
                Mistake(
                    "2N + 2", math.log(34), "log 34: the target has 1 of 34 parts, the others 33. One half is as much."
                ),
                Mistake(
                    "the target's gain alone",
                    math.log(33) / 3,
                    "The others rise as well, by 2b each. The target gains 3b − 2b on them.",
                ),
                Mistake("half", math.log(33) / 2, "The target gains 3b, the others 2b. The difference counts."),
                Mistake(
                    "2N",
                    math.log(32),
                    "log 32: the others' parts are miscounted. Add up (N − a) + (N − b) + (N − c) once more: what is "
                    "a + b + c?",
                ),
                Mistake("no logarithm", 33.0, "33 is e^b. Which b is that?"),
                Mistake("base 10", math.log10(33), "log₁₀ 33. The natural logarithm is asked: e^b = 33."),
            ),
            remark="Little more than for two features, log 17 = 2.83: a wish grows with the logarithm of the crowd.",
        ),
    ),
    hints=(
        "Work with exp(saliency) instead of the saliency: what is e to the power of −log of a share?",
        "exp(saliency) is 1 over a product of shares. Add it up group by group. With three features, bring all groups "
        "over the line (N − a)(N − b)(N − c).",
        "Colours: the red bar has 20, each blue 20/4, each green 20/15. Three features: red are all but a, N − a bars.",
    ),
)

ALL = (
    other_poolings,
    whose_query,
    shuffle,
    knob,
    soft_pooling,
    two_cues,
    gradients,
    crowd,
)
