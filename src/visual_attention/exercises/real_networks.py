"""The exercises of lesson 9: who looks like a place of a photograph, how many vote, Grad-CAM, a judgement, a block."""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from courseware.exercises.build import Case, Module
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value

__all__ = [
    "ALL",
    "LookAlike",
    "block",
    "judge",
    "map_of_a_score",
    "measure",
    "square",
    "three_keys",
    "votes",
    "what_changes",
]

KEYS = torch.tensor([[1.0, 2], [3, 2], [-1, -1]], dtype=torch.float64)
PRODUCTS = KEYS[0] @ KEYS.T


def _centred(keys: Tensor) -> Tensor:
    return keys - keys.mean(dim=0)


def _cosines(queries: Tensor, keys: Tensor) -> Tensor:
    return F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T


three_keys = Exercise(
    "three_keys",
    "By hand: by product or by direction?",
    (
        Value(
            "own",
            torch.softmax(PRODUCTS, dim=0)[0].item(),
            (
                Mistake(
                    "place 2", torch.softmax(PRODUCTS, 0)[1].item(), "That is what place 2 gets: its key is longer."
                ),
                Mistake("no exponential", (PRODUCTS[0] / PRODUCTS.sum()).item(), "A softmax has e to the products."),
                Mistake(
                    "scaled",
                    torch.softmax(PRODUCTS / 2**0.5, 0)[0].item(),
                    "Somewhere the products were divided by √2. The raw Gaussian divides by nothing.",
                ),
                Mistake(
                    "scaled by C",
                    torch.softmax(PRODUCTS / 2, 0)[0].item(),
                    "Somewhere the products were divided by 2. The raw Gaussian divides by nothing.",
                ),
            ),
            remark="The products are 5, 7 and −3: most goes to the longer key.",
        ),
        Value(
            "cosines",
            _cosines(_centred(KEYS), _centred(KEYS))[0],
            (
                Mistake("not centred", _cosines(KEYS, KEYS)[0], "The mean key, (1, 1), has to come off first."),
                Mistake(
                    "products",
                    (_centred(KEYS) @ _centred(KEYS).T)[0],
                    "These are products of the centred keys: divide by both lengths.",
                ),
            ),
        ),
    ),
    hints=(
        "Two different questions: how far along, and in which direction.",
        "The mean key is (1, 1). Take it off each key, then divide by the lengths.",
        "`k₁ · k₁ = 5`, and `k₁ − μ = (0, 1)`.",
    ),
)


def _across(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    return torch.softmax(scale * _cosines(_centred(queries), _centred(keys)), dim=1)


def _one_mean_of_all(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    mean = torch.cat([queries, keys]).mean(dim=0)
    return torch.softmax(scale * _cosines(queries - mean, keys - mean), dim=1)


def _length_first(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    q, k = (_centred(F.normalize(each, dim=1)) for each in (queries, keys))
    return torch.softmax(scale * q @ k.T, dim=1)


def _length_over_the_places(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    q, k = (F.normalize(_centred(each), dim=0) for each in (queries, keys))
    return torch.softmax(scale * q @ k.T, dim=1)


def _queries_and_keys(generator: torch.Generator) -> Iterable[tuple]:
    for m, n, c, scale in ((2, 3, 2, 1.0), (3, 5, 4, 6.0), (4, 3, 4, 2.0), (5, 6, 3, 0.5)):
        yield (
            *((4 * torch.rand(k, c, generator=generator, dtype=torch.float64) - 1).round(decimals=1) for k in (m, n)),
            scale,
        )


def _odd_keys() -> Iterable[tuple[str, tuple]]:
    queries = torch.tensor([[2.0, 1], [0, 4], [-1, 3], [1, 1]]).double()
    yield "a scale of 0", (queries, torch.tensor([[1.0, 2], [3, 1], [0, 5]]).double(), 0.0)
    yield "two keys", (queries, torch.tensor([[1.0, 2], [3, -1]]).double(), 2.0)
    yield "keys with a single number", (queries[:, :1], torch.tensor([[1.0], [4], [-3]]).double(), 1.5)
    yield "a key that is the mean", (queries, torch.tensor([[1.0, 1], [0, 0], [2, 2]]).double(), 3.0)


measure = Exercise(
    "measure",
    "Implement: who looks like it on another photograph?",
    (
        Function(
            "across",
            "across(queries, keys, scale) → the (m, n) table of weights, rows with the sum 1",
            _across,
            _queries_and_keys,
            (
                Mistake(
                    "not centred",
                    lambda q, k, scale: torch.softmax(scale * _cosines(q, k), dim=1),
                    "The mean keys are still in it.",
                ),
                Mistake(
                    "only the keys",
                    lambda q, k, scale: torch.softmax(scale * _cosines(q, _centred(k)), dim=1),
                    "The keys are centred, the queries are not.",
                ),
                Mistake(
                    "one mean for both",
                    lambda q, k, scale: torch.softmax(scale * _cosines(q - k.mean(dim=0), _centred(k)), dim=1),
                    "The mean of the keys was taken off the queries: each photograph has a mean of its own.",
                ),
                Mistake(
                    "one mean of all",
                    _one_mean_of_all,
                    "One mean of both photographs together was taken off: each photograph has a mean of its own.",
                ),
                Mistake(
                    "columns",
                    lambda q, k, scale: torch.softmax(scale * _cosines(_centred(q), _centred(k)), dim=0),
                    "Columns sum to 1 here. Rows are to: dim=1.",
                ),
                Mistake(
                    "products",
                    lambda q, k, scale: torch.softmax(scale * _centred(q) @ _centred(k).T, dim=1),
                    "These are products: queries and keys still have their lengths.",
                ),
                Mistake(
                    "length first",
                    _length_first,
                    "They are made 1 long before the mean comes off: afterwards they are not any more.",
                ),
                Mistake(
                    "mean of each key",
                    lambda q, k, scale: torch.softmax(
                        scale * _cosines(*(each - each.mean(dim=1, keepdim=True) for each in (q, k))), dim=1
                    ),
                    "You took off each key's own mean. The mean key is the mean over the places.",
                ),
                Mistake(
                    "the lesson's 6",
                    lambda q, k, scale: torch.softmax(6 * _cosines(_centred(q), _centred(k)), dim=1),
                    "The lesson's 6 is written in. What cosines are times is the argument scale.",
                ),
                Mistake(
                    "6 times scale",
                    lambda q, k, scale: torch.softmax(6 * scale * _cosines(_centred(q), _centred(k)), dim=1),
                    "The lesson's 6 stands in it beside scale, which is given in its place.",
                ),
                Mistake(
                    "length over the places",
                    _length_over_the_places,
                    "Each channel was made 1 long over the places. Each query and each key, over its channels, is "
                    "asked: dim=1.",
                ),
                Mistake(
                    "scale forgotten",
                    lambda q, k, scale: torch.softmax(_cosines(_centred(q), _centred(k)), dim=1),
                    "The argument scale is not used.",
                ),
            ),
            edge_cases=_odd_keys,
        ),
    ),
    hints=(
        "Mean first, length second, softmax last; each photograph has its own mean.",
        "`torch.nn.functional.normalize(…, dim=1)` makes rows 1 long, and leaves a row of zeros as it is.",
        "`queries = queries - …`, the mean over the places, of shape (c,).",
    ),
)

votes = Exercise(
    "votes",
    "By hand: how many vote?",
    (
        Value(
            "few",
            8 / 3,
            (
                Mistake("counted", 3.0, "Three places have a weight, but not the same one."),
                Mistake("inverted", 0.375, "That is Σ w². The number of votes is 1 over it."),
            ),
            decimals=2,
        ),
        Value(
            "all_alike",
            784.0,
            (
                Mistake("inverted", 1 / 784, "That is Σ w²: turn it over."),
                Mistake("root", 28.0, "That is 1 over the root of Σ w²: no root is taken here."),
                Mistake("not squared", 1.0, "That is 1 over the sum of the weights: square each of them first."),
            ),
            decimals=2,
        ),
        Value(
            "one_and_many",
            1 / (0.25 + 50 * 0.01**2),
            (
                Mistake("counted", 51.0, "51 places have a weight, but one of them has half of it."),
                Mistake(
                    "the many not squared",
                    1 / (0.25 + 50 * 0.01),
                    "The weights of the many are not squared: each of them is, by itself.",
                ),
                Mistake(
                    "squared together",
                    2.0,
                    "The half of the many was squared as one weight. Each of the fifty is squared by itself.",
                ),
                Mistake("the many forgotten", 4.0, "The other fifty have little each, but they have it fifty times."),
                Mistake("inverted", 0.255, "That is Σ w². The number of votes is 1 over it."),
            ),
            decimals=2,
            remark="Half the weight on one place: never more than four votes, however many share the rest.",
        ),
    ),
    hints=(
        "Square each weight, add, turn over.",
        "For n equal weights the sum is n · (1/n)².",
        "`few`: 1/4 + 1/16 + 1/16 = 3/8.",
    ),
)


def _share(gradient: Tensor) -> Tensor:
    return gradient.mean(dim=(1, 2), keepdim=True)


def _contrast(feature: Tensor, first: Tensor, second: Tensor) -> Tensor:
    return ((_share(first) - _share(second)) * feature).sum(dim=0).relu()


def _cam(feature: Tensor, gradient: Tensor) -> Tensor:
    return (_share(gradient) * feature).sum(dim=0).relu()


def _some(generator: torch.Generator, *shape: int) -> Tensor:
    return (4 * torch.rand(shape, generator=generator, dtype=torch.float64) - 2).round(decimals=1)


def _maps(generator: torch.Generator) -> Iterable[tuple]:
    for shape in ((2, 2, 2), (3, 2, 4), (5, 3, 3), (8, 4, 5)):
        yield tuple(_some(generator, *shape) for _ in range(3))


def _odd_maps() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "a single channel", tuple(_some(generator, 1, 3, 2) for _ in range(3))
    yield "a single place", tuple(_some(generator, 4, 1, 1) for _ in range(3))
    feature, gradient = _some(generator, 3, 2, 2), _some(generator, 3, 2, 2)
    yield "twice the same class", (feature, gradient, gradient.clone())
    feature = _some(generator, 2, 2, 3).abs()
    yield "nothing that speaks for the first class", (feature, -feature, feature.clone())


map_of_a_score = Exercise(
    "map_of_a_score",
    "Build: Grad-CAM of one class against another",
    (
        Function(
            "contrast",
            "contrast(feature, first, second) → the (h, w) map, not negative",
            _contrast,
            _maps,
            (
                Mistake(
                    "the second forgotten",
                    lambda f, a, b: _cam(f, a),
                    "That is the map of the first class alone: the second is not taken off.",
                ),
                Mistake(
                    "turned round",
                    lambda f, a, b: _contrast(f, b, a),
                    "That speaks for the second class against the first: it is asked the other way round.",
                ),
                Mistake(
                    "added",
                    lambda f, a, b: _contrast(f, a, -b),
                    "The two gradients are added: what speaks for both classes does not tell them apart.",
                ),
                Mistake(
                    "two maps",
                    lambda f, a, b: _cam(f, a) - _cam(f, b),
                    "Each map was cut at 0 by itself. Subtract first: what speaks against the second class counts too.",
                ),
                Mistake(
                    "two maps, cut again",
                    lambda f, a, b: (_cam(f, a) - _cam(f, b)).relu(),
                    "Each map was cut at 0 before the difference: what speaks against the second class got lost.",
                ),
                Mistake(
                    "gradient times input",
                    lambda f, a, b: ((a - b) * f).sum(dim=0).relu(),
                    "Each place has its own gradient here. Grad-CAM takes one number a channel: the mean.",
                ),
                Mistake(
                    "no ReLU",
                    lambda f, a, b: ((_share(a) - _share(b)) * f).sum(dim=0),
                    "What speaks against the first class is still in it: keep what is positive.",
                ),
                Mistake(
                    "ReLU first",
                    lambda f, a, b: ((_share(a) - _share(b)) * f).relu().sum(dim=0),
                    "The ReLU comes before the sum: channels can no longer speak against each other.",
                ),
                Mistake(
                    "sum of the gradient",
                    lambda f, a, b: ((a - b).sum(dim=(1, 2), keepdim=True) * f).sum(dim=0).relu(),
                    "You summed the gradients over the places. Their mean is asked for.",
                ),
                Mistake(
                    "mean of channels",
                    lambda f, a, b: ((_share(a) - _share(b)) * f).mean(dim=0).relu(),
                    "The channels are averaged. They are to be added.",
                ),
            ),
            edge_cases=_odd_maps,
        ),
    ),
    hints=(
        "One number a channel, then one number a place; the difference of two scores has a gradient too.",
        "The gradient of a difference is the difference of the gradients; its mean weighs the maps of the feature.",
        "`share = …`: the mean of `first - second` over the last two axes.",
    ),
)


def _middle(picture: Tensor) -> Tensor:
    side = min(picture.shape[1:])
    top, left = ((length - side) // 2 for length in picture.shape[1:])
    return picture[:, top : top + side, left : left + side]


def _pictures(generator: torch.Generator) -> Iterable[tuple]:
    for h, w in ((2, 4), (5, 3), (4, 9), (2, 5), (6, 3), (7, 2)):
        yield (torch.rand(3, h, w, generator=generator, dtype=torch.float64).round(decimals=2),)


def _odd_pictures() -> Iterable[tuple[str, tuple]]:
    picture = torch.arange(75, dtype=torch.float64).reshape(3, 5, 5) / 75
    yield "a square already", (picture,)
    yield "a single row", (picture[:, :1],)
    yield "a single column", (picture[:, :, :1],)
    yield "one column too many", (picture[:, :4],)


square = Exercise(
    "square",
    "Implement: a square from any picture",
    (
        Function(
            "middle",
            "middle(picture) → the square in the middle, (3, s, s)",
            _middle,
            _pictures,
            (
                Mistake(
                    "rounded to even",
                    lambda p: p[
                        :, round((p.shape[1] - min(p.shape[1:])) / 2) :, round((p.shape[2] - min(p.shape[1:])) / 2) :
                    ][:, : min(p.shape[1:]), : min(p.shape[1:])],
                    "With three columns too many, round(1.5) cuts two on the left: the smaller half comes first.",
                ),
                Mistake(
                    "from the corner",
                    lambda p: p[:, : min(p.shape[1:]), : min(p.shape[1:])],
                    "That is the square in the upper left corner.",
                ),
                Mistake(
                    "the larger half first",
                    lambda p: p[
                        :,
                        (p.shape[1] - min(p.shape[1:]) + 1) // 2 :,
                        (p.shape[2] - min(p.shape[1:]) + 1) // 2 :,
                    ][:, : min(p.shape[1:]), : min(p.shape[1:])],
                    "Where an odd number is cut away, the smaller half goes at the top or on the left.",
                ),
            ),
            edge_cases=_odd_pictures,
        ),
    ),
    hints=(
        "One of the two sides stays whole.",
        "What is cut away before is half of what is too much, rounded down.",
        "`picture.shape[1:]` has the height and the width; s is the smaller one.",
    ),
)

what_changes = Exercise(
    "what_changes",
    "Predict: what changes the weights?",
    (
        Choice(
            "doubled",
            Question(
                "The key of a **single** place is doubled; queries and all other keys stay as they are. Which scores "
                "of a query change?",
                {
                    "raw Gaussian: that one; centred cosine: in general all": (
                        "A product has one key in it. The mean has all of them: it moves, and every centred key with "
                        "it."
                    ),
                    "raw Gaussian: that one; centred cosine: none, since no direction changes": (
                        "Doubled, the key has its old direction. But what is compared are keys minus their mean: does "
                        "that stay?"
                    ),
                    "under both that one alone": (
                        "Under the centred cosine something is taken off all keys: does it stay?"
                    ),
                },
                right="a",
            ),
        ),
        Choice(
            "shifted",
            Question(
                "The same vector is added to all keys.",
                {
                    "neither changes": "k_i · k_j gets new terms, and one of them depends on j.",
                    "the raw Gaussian changes, the centred cosine does not": "The mean takes the vector off again.",
                    "the centred cosine changes, the raw Gaussian does not": "What does taking off the mean do to it?",
                },
                right="b",
            ),
        ),
        Choice(
            "scaled",
            Question(
                "Own score 900, all others below 500, C = 100 channels: what does dividing by √C do to the collapse?",
                {
                    "it cures it": "90 against 50: look at e to the −40.",
                    "it makes it worse": "Scores that are nearer to each other are no sharper.",
                    "next to nothing": "90 against 50 still is one to e to the −40.",
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Write down the score before and after.",
        "A softmax does not see what all scores of a row have in common.",
        "kᵢ · (2kⱼ) = 2 kᵢ · kⱼ; and the mean key has every key in it.",
    ),
)

GAINS = torch.tensor([0.5, 0.25, -0.5, 0.5, 0, 0.25, 0.5], dtype=torch.float64)

judge = Exercise(
    "judge",
    "Judge: did it find the twin more often?",
    (
        Value("mean", GAINS.mean().item(), (Mistake("sum", 1.5, "That is the sum: divide by seven."),)),
        Value(
            "error",
            (GAINS.std() / math.sqrt(7)).item(),
            (
                Mistake("deviation", GAINS.std().item(), "That is the standard deviation. Divide it by √7."),
                Mistake("n", (GAINS.std(correction=0) / math.sqrt(7)).item(), "Divide the squares by n − 1."),
                Mistake("by seven", (GAINS.std() / 7).item(), "Divide by the root of seven."),
            ),
        ),
        Choice(
            "finding",
            Question(
                "By the course's rule of two standard errors, their stage against pixels is",
                {
                    "a finding: the mean is above 0": "The mean alone says nothing about luck.",
                    "no finding: the mean is less than two of its errors": "Seven others might turn it round.",
                    "a proof that both find twins equally often": "No finding is not the finding of equality.",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "Seven numbers, one for each photograph.",
        "Deviations from the mean, squared, added, over 6; the root; over √7.",
        "The sum of the seven is 1.5.",
    ),
)


# --------------------------------------------------------------------------------------------------
# Build: who looks alike, as a block that trains its own width.


class LookAlike(nn.Module):
    """Each place takes an average of the map, weighed by the centred cosine. One parameter: what cosines are times.

    Input and output: (N, C, H, W).
    """

    def __init__(self, scale: float = 6.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(float(scale)))

    def keys(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mT  # (N, H W, C)
        return F.normalize(places - places.mean(dim=1, keepdim=True), dim=2)

    def weights(self, x: Tensor) -> Tensor:
        """The table (N, H W, H W): a row for each place that asks, with the sum 1."""
        keys = self.keys(x)
        return torch.softmax(self.scale * keys @ keys.mT, dim=2)

    def values(self, x: Tensor) -> Tensor:
        return x.flatten(2).mT

    def forward(self, x: Tensor) -> Tensor:
        return (self.weights(x) @ self.values(x)).mT.reshape(x.shape)


class _AlwaysSix(LookAlike):
    def __init__(self, scale: float = 6.0):
        super().__init__()


class _SixTimes(LookAlike):
    def weights(self, x: Tensor) -> Tensor:
        keys = self.keys(x)
        return torch.softmax(6 * self.scale * keys @ keys.mT, dim=2)


class _NotCentred(LookAlike):
    def keys(self, x: Tensor) -> Tensor:
        return F.normalize(x.flatten(2).mT, dim=2)


class _CentredOverChannels(LookAlike):
    def keys(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mT
        return F.normalize(places - places.mean(dim=2, keepdim=True), dim=2)


class _OneMeanForAll(LookAlike):
    def keys(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mT
        return F.normalize(places - places.mean(dim=(0, 1)), dim=2)


class _Products(LookAlike):
    def keys(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mT
        return places - places.mean(dim=1, keepdim=True)


class _ChannelsAsPlaces(LookAlike):
    def keys(self, x: Tensor) -> Tensor:
        places = x.flatten(2).mT
        return F.normalize(places - places.mean(dim=1, keepdim=True), dim=1)


class _OverQueries(LookAlike):
    def weights(self, x: Tensor) -> Tensor:
        keys = self.keys(x)
        return torch.softmax(self.scale * keys @ keys.mT, dim=1)


class _AverageOfKeys(LookAlike):
    def values(self, x: Tensor) -> Tensor:
        return self.keys(x)


class _WithTheInput(LookAlike):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class _AxesMixed(LookAlike):
    def forward(self, x: Tensor) -> Tensor:
        return (self.weights(x) @ self.values(x)).reshape(x.shape)


def _feature_maps(generator: torch.Generator) -> Iterable[Case]:
    yield Case((torch.randn(2, 3, 2, 3, generator=generator),))
    yield Case((torch.randn(3, 4, 3, 3, generator=generator),), (2.5,))
    yield Case((torch.randn(2, 5, 2, 2, generator=generator),), (), {"scale": 10.0})


def _odd_feature_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)
    yield "a single picture", Case((torch.randn(1, 3, 3, 2, generator=generator),))
    yield "one row of places", Case((torch.randn(2, 4, 1, 5, generator=generator),), (4.0,))
    yield "more places than numbers in a key", Case((torch.randn(2, 2, 4, 3, generator=generator),), (1.0,))
    # Sums of such numbers are exact, so that a key that is the mean is all zeros.
    other = torch.randint(-4, 5, (1, 3, 2, 2), generator=generator) / 4
    constant = torch.tensor([0.5, -1.0, 2.0]).reshape(1, 3, 1, 1).expand(1, 3, 2, 2)
    yield "a picture of one colour beside another picture", Case((torch.cat([constant, other]),), ties=True)
    row = torch.tensor([[0.0, 1, 2], [2, 1, 0], [-1, 1, 3]]).reshape(1, 3, 1, 3)
    yield "a place whose key is the mean key", Case((torch.cat([row, row.flip(1)]),), (2.0,), ties=True)


block = Exercise(
    "block",
    "Build: a block that finds what looks alike",
    (
        Module(
            "LookAlike",
            "LookAlike(scale=6.0) → a module with the parameter scale: each place of (N, C, H, W) averages its likes",
            LookAlike,
            _feature_maps,
            (
                Mistake(
                    "scale as given not used", _AlwaysSix, "The parameter does not start at the scale that is given."
                ),
                Mistake("6 times scale", _SixTimes, "The lesson's 6 stands in it beside scale: scale starts at 6."),
                Mistake("not centred", _NotCentred, "The mean key of the picture is not taken off."),
                Mistake(
                    "centred over the channels",
                    _CentredOverChannels,
                    "Each key's own mean was taken off. The mean key is the mean over the places.",
                ),
                Mistake(
                    "one mean for all",
                    _OneMeanForAll,
                    "One mean was taken over all pictures of the batch: a picture must not change its neighbours.",
                ),
                Mistake("products", _Products, "The keys still have their lengths: make each of them 1 long."),
                Mistake(
                    "length over the places",
                    _ChannelsAsPlaces,
                    "Each channel was made 1 long over the places. Each place's key, over its channels, is asked.",
                ),
                Mistake("over the queries", _OverQueries, "Columns sum to 1: the softmax is to run over the keys."),
                Mistake(
                    "average of keys", _AverageOfKeys, "The keys are averaged. The values are those of x, as it came."
                ),
                Mistake("input added", _WithTheInput, "x was added: this block gives the average alone."),
                Mistake(
                    "axes mixed",
                    _AxesMixed,
                    "The result (N, H W, C) was reshaped as it is: turn the channels back to axis 1 before.",
                ),
            ),
            given=("scale",),
            edge_cases=_odd_feature_maps,
        ),
    ),
    hints=(
        "The three lines of the lesson, for a batch; then the table times the values.",
        "`x.flatten(2).mT` has the shape (N, H W, C). Mean and length are taken along different axes of it.",
        "`places = x.flatten(2)…`, and `self.scale = nn.Parameter(…)` in the constructor.",
    ),
)

ALL = (three_keys, measure, votes, map_of_a_score, square, what_changes, judge, block)
