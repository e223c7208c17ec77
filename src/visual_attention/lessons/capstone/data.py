"""Five jobs on one kind of picture, each of which needs something else of a network: the pictures of lesson 8."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from visual_attention._validation import one_of, whole_number
from visual_attention.datasets.handwritten_digits import SPLITS, Digits, digits

__all__ = [
    "ANSWERS",
    "INKS",
    "JOBS",
    "QUESTIONS",
    "SIDE",
    "SIGN_JOB_NAMES",
    "THINGS",
    "Job",
    "bare",
    "beacon",
    "dots_drawn",
    "inside",
    "job",
    "numerals_drawn",
    "painted",
    "single_inks",
]

JOBS = ("plain", "frame", "twin", "dot", "scale")
QUESTIONS = {
    "plain": "Which digit is white?",
    "frame": "Which digit has the frame's colour?",
    "twin": "Which colour has this white digit's twin?",
    "dot": "Which digit stands beside the dot?",
    "scale": "Which sign do the dots make?",
}
INKS = ("red", "green", "blue", "white")
SIGN_JOB_NAMES = ("T", "X", "+", "L", "Z")
ANSWERS = {"plain": 10, "frame": 10, "twin": 3, "dot": 10, "scale": len(SIGN_JOB_NAMES)}  # how many there are
THINGS = 12  # what `single_inks` shows: ten digits, a dot, a piece of the frame
SIDE = 48  # pixels of a picture
DIGIT = 10  # pixels of a digit
CROP = 20  # pixels of the pictures of single things
_FRAME = 3  # pixels
_EDGE = 5  # pixels along the edge that stay free of digits and dots: the frame, and two more
_WHITE = 3
_RADIUS = 5**0.5  # of a dot: 21 pixels
_GAP = 13  # in "dot": from the centre of the digit to be read to the dot's
_CLEAR = 22  # in "dot": from the centre of any other digit to the dot's, at least
_FAR = 20  # in "beacon": from the centre of the digits to the dot's, at least; no cell sees both
_CELL = 14  # in "twin": the digits stand in a grid of 3 × 3 cells of this size
_SPACING = (6, 13)  # in "scale": between the dots of a small and of a large sign
_NOISE = 0.05
# Five dots each, so that counting dots does not tell the signs apart.
_SIGNS = torch.tensor(
    [
        [[1, 1, 1], [0, 1, 0], [0, 1, 0]],
        [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
        [[1, 1, 0], [0, 1, 0], [0, 1, 1]],
    ]
)


@dataclass(frozen=True, eq=False)
class Job:
    """Pictures, what is asked of them, and what they show where.

    A box is (row and column of the upper left pixel, height, width). Q, questions on a picture, is 3 in "twin" and 1
    in the others.

    Attributes
    ----------
    inks : (n, 4, 48, 48), float32; how much of each of `INKS` lies on each pixel, as in the layers of a colour print;
        1 is full ink, with a little noise
    labels : (n, Q), int64: the answers; a colour is its place in `INKS`, a sign its place in `SIGN_JOB_NAMES`
    asked : (n, Q, 4), int64: the box at which the question is asked; in "twin" the white digit's, else the picture
    evidence : (n, Q, 4), int64: the box at which the answer is to be seen: the digit to be read, the twin, the sign
    others : (n, k, 4), int64: boxes of the other digits, in "dot" and "plain"; k is 0 in the other jobs
    clues : (n,), int64: the frame's ink in all jobs but "scale", where it is 1 for a large sign
    """

    inks: Tensor
    labels: Tensor
    asked: Tensor
    evidence: Tensor
    others: Tensor
    clues: Tensor


def job(name: str, n: int, split: str = "train", *, seed: int = 0) -> Job:
    """Return n pictures of a job. In each, a frame in red, green or blue runs along the edge.

    *plain*: a red, a green, a blue and a white digit; the white one is to be read. The frame means nothing.
    *frame*: a red, a green and a blue digit on one spot, over each other; the one in the frame's colour is to be read.
    *twin*: three white digits, and for each of them a red, green or blue one of the same numeral, in different
    handwriting, at random places of a grid; the colour of each one's twin is asked at the white digit.
    *dot*: three white digits and a dot; the dot's centre lies 13 pixels from that of the digit to be read, and at
    least 22 from the others'.
    *scale*: five dots that make a T, X, +, L or Z, 6 or 13 pixels apart.

    Parameters
    ----------
    name : one of `JOBS`
    n : number of pictures, at least 1
    split : one of `datasets.SPLITS`: which handwritten digits are used
    seed : of all choices, not negative

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number.
    ValueError
        `n` below 1, a negative `seed`, an unknown `name` or `split`.
    """
    one_of("name", name, JOBS)
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    frames = torch.randint(3, (n,), generator=generator)
    inks = torch.zeros(n, len(INKS), SIDE, SIDE, dtype=torch.float32)
    inks[torch.arange(n), frames] = _frame().float()
    drawn = _DRAW[name](inks, frames, digits(split, DIGIT), generator)
    inks += _NOISE * torch.randn(inks.shape, generator=generator, dtype=torch.float32)
    whole = torch.tensor([0, 0, SIDE, SIDE]).expand(n, drawn["labels"].shape[1], 4)
    nothing = torch.empty(n, 0, 4, dtype=torch.int64)
    return Job(inks=inks, **{"asked": whole, "others": nothing, "clues": frames, **drawn})


def beacon(n: int, split: str = "train", *, seed: int = 0) -> Job:
    """Return n pictures of a job for the exercises: *which digit has the dot's colour?*

    A red, a green and a blue digit lie on one spot, over each other. A dot in one of the three inks lies elsewhere, its
    centre at least 20 pixels from theirs; the digit in its ink is to be read. There is no frame, and nothing is white.

    The boxes: `evidence` is the digits', `others` the dot's, and `clues` has the dot's ink. Parameters and errors as in
    `job`.
    """
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    clues = torch.randint(3, (n,), generator=generator)
    numerals = _different(n, generator)
    centres = _apart(n, 2, _FAR, generator)
    inks = torch.zeros(n, len(INKS), SIDE, SIDE, dtype=torch.float32)
    corners = centres[:, 0] - DIGIT // 2
    for ink, glyphs in enumerate(_written(numerals, digits(split, DIGIT), generator).unbind(1)):
        _paste(inks, torch.full((n,), ink), corners, glyphs)
    dots_drawn(inks, clues, centres[:, 1])
    inks += _NOISE * torch.randn(inks.shape, generator=generator, dtype=torch.float32)
    return Job(
        inks=inks,
        labels=numerals.gather(1, clues[:, None]),
        asked=torch.tensor([0, 0, SIDE, SIDE]).expand(n, 1, 4),
        evidence=_boxes(corners[:, None]),
        others=torch.cat([centres[:, 1] - 2, torch.full_like(corners, 5)], dim=1)[:, None],
        clues=clues,
    )


def bare(seed: int = 0) -> Tensor:
    """Return what every picture of a job has before anything is drawn into it, (1, 4, 48, 48): a frame, here a red one,
    and a little noise on all four layers. Errors as in `job`."""
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    inks = torch.zeros(1, len(INKS), SIDE, SIDE, dtype=torch.float32)
    inks[:, 0] = _frame().float()
    return inks + _NOISE * torch.randn(inks.shape, generator=generator, dtype=torch.float32)


def numerals_drawn(
    inks: Tensor, ink: Tensor, corners: Tensor, numerals: Tensor, seed: int, split: str = "train"
) -> None:
    """Draw a handwritten numeral of 10×10 pixels into each of n pictures, in place.

    Parameters
    ----------
    inks : the pictures, shape (n, 4, 48, 48), float32
    ink : which of `INKS` each is drawn in, shape (n,), int64
    corners : row and column of the upper left pixels, shape (n, 2), int64, each from 0 to 38
    numerals : shape (n,), int64, 0 to 9
    seed : of whose handwriting is taken
    split : one of `datasets.SPLITS`: which handwritten digits are used

    Raises
    ------
    ValueError
        `corners` outside of the picture, another `split`, or shapes that do not agree.
    """
    one_of("split", split, SPLITS)
    _drawable(inks, ink, corners, SIDE - DIGIT, "corners")
    if numerals.shape != ink.shape:
        raise ValueError(f"numerals must have the shape {tuple(ink.shape)}, got {tuple(numerals.shape)}")
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    _paste(inks, ink, corners, _written(numerals[:, None], digits(split, DIGIT), generator)[:, 0])


def dots_drawn(inks: Tensor, ink: Tensor, centres: Tensor) -> None:
    """Draw a dot of 21 pixels into each of n pictures, in place; `centres` (n, 2), int64, each from 0 to 47.

    `inks` and `ink` as in `numerals_drawn`, and so are the errors.
    """
    _drawable(inks, ink, centres, SIDE - 1, "centres")
    picture = torch.arange(len(inks))
    inks[picture, ink] = torch.maximum(inks[picture, ink], _discs(centres, SIDE))


def _drawable(inks: Tensor, ink: Tensor, places: Tensor, most: int, name: str) -> None:
    n = len(inks)
    if inks.shape != (n, len(INKS), SIDE, SIDE):
        raise ValueError(f"inks must have the shape (n, {len(INKS)}, {SIDE}, {SIDE}), got {tuple(inks.shape)}")
    if ink.shape != (n,):
        raise ValueError(f"ink must have the shape ({n},), one for each picture, got {tuple(ink.shape)}")
    if places.shape != (n, 2):
        raise ValueError(f"{name} must have the shape ({n}, 2), got {tuple(places.shape)}")
    if int(places.min()) < 0 or int(places.max()) > most:
        raise ValueError(f"{name} must lie from 0 to {most}, got {int(places.min())} to {int(places.max())}")


def single_inks(n: int, split: str = "train", *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return n pictures (n, 1, 20, 20) of one thing in one ink, and what it is (n,): 0 to 9, 10 a dot, 11 the frame.

    A tenth of them shows a dot, a tenth a piece of the frame along one edge.

    Raises
    ------
    TypeError, ValueError
        As in `job`.
    """
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    pool = digits(split, DIGIT)
    kind = torch.rand(n, generator=generator, dtype=torch.float32)
    which = torch.randint(len(pool.labels), (n,), generator=generator)
    corners = torch.randint(CROP - DIGIT + 1, (n, 2), generator=generator)
    centres = torch.randint(3, CROP - 3, (n, 2), generator=generator)
    turns = torch.randint(4, (n,), generator=generator)
    images = torch.zeros(n, 1, CROP, CROP, dtype=torch.float32)
    _paste(images, torch.zeros(n, dtype=torch.int64), corners, pool.images[which])
    band = torch.zeros(CROP, CROP, dtype=torch.float32)
    band[:_FRAME] = 1
    bands = torch.stack([band.rot90(turn) for turn in range(4)])[turns]
    dotted, framed = kind < 0.1, (kind >= 0.1) & (kind < 0.2)
    images[dotted, 0] = _discs(centres[dotted], CROP)
    images[framed, 0] = bands[framed]
    labels = torch.where(dotted, 10, torch.where(framed, 11, pool.labels[which]))
    return images + _NOISE * torch.randn(images.shape, generator=generator, dtype=torch.float32), labels


def painted(inks: Tensor) -> Tensor:
    """Return inks (..., 4, H, W) as pictures to look at, (..., H, W, 3) in [0, 1], on black."""
    colours = torch.tensor(
        [[1.0, 0.25, 0.2], [0.2, 0.85, 0.3], [0.35, 0.55, 1.0], [1.0, 1.0, 1.0]], dtype=torch.float32
    )
    return torch.einsum("...ihw,ic->...hwc", inks.clamp(0, 1), colours).clamp(0, 1)


def inside(boxes: Tensor, side: int = SIDE) -> Tensor:
    """Return where boxes (..., 4) lie: (..., side, side), the share of each cell that is covered.

    With `side` 48 cells are pixels; `side` must divide 48. Raises ValueError if it does not.
    """
    side = whole_number("side", side, least=1)
    if SIDE % side:
        raise ValueError(f"side must divide {SIDE}, got {side}")
    start, size = boxes[..., :2, None], boxes[..., 2:, None]
    cell = SIDE // side
    first = torch.arange(side) * cell
    covered = (torch.minimum(first + cell, start + size) - torch.maximum(first, start)).clamp(min=0) / cell
    return covered[..., 0, :, None] * covered[..., 1, None, :]


# ------------------------------------------------------------------------------------------------------- the jobs
def _plain(inks: Tensor, frames: Tensor, pool: Digits, generator: torch.Generator) -> dict[str, Tensor]:
    n = len(inks)
    numerals = torch.randint(10, (n, 4), generator=generator)
    corners = _apart(n, 4, 14, generator) - DIGIT // 2
    for ink, glyphs in enumerate(_written(numerals, pool, generator).unbind(1)):
        _paste(inks, torch.full((n,), ink), corners[:, ink], glyphs)
    boxes = _boxes(corners)
    return {"labels": numerals[:, 3:], "evidence": boxes[:, 3:], "others": boxes[:, :3]}


def _framed(inks: Tensor, frames: Tensor, pool: Digits, generator: torch.Generator) -> dict[str, Tensor]:
    n = len(inks)
    numerals = _different(n, generator)
    corners = _apart(n, 1, 0, generator) - DIGIT // 2
    for ink, glyphs in enumerate(_written(numerals, pool, generator).unbind(1)):
        _paste(inks, torch.full((n,), ink), corners[:, 0], glyphs)
    return {"labels": numerals.gather(1, frames[:, None]), "evidence": _boxes(corners)}


def _twins(inks: Tensor, frames: Tensor, pool: Digits, generator: torch.Generator) -> dict[str, Tensor]:
    n = len(inks)
    numerals = _different(n, generator)
    glyphs = _written(numerals.repeat(1, 2), pool, generator)  # first the coloured ones, then the white ones
    cells = torch.rand(n, 9, generator=generator, dtype=torch.float32).argsort(dim=1)[:, :6]
    places = torch.stack([cells // 3, cells % 3], dim=2) * _CELL + _EDGE
    corners = places + torch.randint(-1, 2, places.shape, generator=generator)
    colours = torch.randint(3, (n, 3), generator=generator)
    for pair in range(3):
        _paste(inks, colours[:, pair], corners[:, pair], glyphs[:, pair])
        _paste(inks, torch.full((n,), _WHITE), corners[:, 3 + pair], glyphs[:, 3 + pair])
    boxes = _boxes(corners)
    return {"labels": colours, "asked": boxes[:, 3:], "evidence": boxes[:, :3]}


def _dotted(inks: Tensor, frames: Tensor, pool: Digits, generator: torch.Generator) -> dict[str, Tensor]:
    n = len(inks)
    numerals = torch.randint(10, (n, 3), generator=generator)
    found, total = [], 0
    while total < n:  # drawn again until the distances are kept
        centres = _apart(4 * n, 3, 15, generator)
        angle = 2 * torch.pi * torch.rand(len(centres), generator=generator, dtype=torch.float32)
        dots = (centres[:, 0] + _GAP * torch.stack([angle.sin(), angle.cos()], dim=1)).round().long()
        free = ((dots >= _EDGE + 3) & (dots < SIDE - _EDGE - 3)).all(dim=1)
        good = free & ((centres[:, 1:] - dots[:, None]).double().norm(dim=2) >= _CLEAR).all(dim=1)
        found.append((centres[good], dots[good]))
        total += int(good.sum())
    centres, dots = (torch.cat(part)[:n] for part in zip(*found, strict=True))
    corners = centres - DIGIT // 2
    for k, glyphs in enumerate(_written(numerals, pool, generator).unbind(1)):
        _paste(inks, torch.full((n,), _WHITE), corners[:, k], glyphs)
    inks[:, _WHITE] = torch.maximum(inks[:, _WHITE], _discs(dots, SIDE))
    boxes = _boxes(corners)
    return {"labels": numerals[:, :1], "evidence": boxes[:, :1], "others": boxes[:, 1:]}


def _scaled(inks: Tensor, frames: Tensor, pool: Digits, generator: torch.Generator) -> dict[str, Tensor]:
    n = len(inks)
    labels = torch.randint(len(_SIGNS), (n,), generator=generator)
    large = torch.randint(2, (n,), generator=generator)
    spacing = torch.tensor(_SPACING)[large]
    extent = 2 * spacing + 6  # from the first pixel of the first dot to the last of the last
    room = SIDE - 2 * _EDGE - extent
    corners = _EDGE + (torch.rand(n, 2, generator=generator, dtype=torch.float32) * (room + 1)[:, None]).long()
    places = torch.stack([sign.nonzero() for sign in _SIGNS])[labels]  # (n, 5, 2)
    for place in places.unbind(1):
        centres = corners + 3 + place * spacing[:, None]
        inks[:, _WHITE] = torch.maximum(inks[:, _WHITE], _discs(centres, SIDE))
    boxes = torch.cat([corners, extent[:, None].expand(-1, 2)], dim=1)[:, None]
    return {"labels": labels[:, None], "evidence": boxes, "clues": large}


_DRAW = {"plain": _plain, "frame": _framed, "twin": _twins, "dot": _dotted, "scale": _scaled}


# ---------------------------------------------------------------------------------------------------------- parts
def _frame() -> Tensor:
    frame = torch.ones(SIDE, SIDE, dtype=torch.bool)
    frame[_FRAME:-_FRAME, _FRAME:-_FRAME] = False
    return frame


def _different(n: int, generator: torch.Generator) -> Tensor:
    """Three different numerals for each of n pictures: (n, 3)."""
    return torch.rand(n, 10, generator=generator, dtype=torch.float32).argsort(dim=1)[:, :3]


def _written(numerals: Tensor, pool: Digits, generator: torch.Generator) -> Tensor:
    """Somebody's handwriting of each numeral (n, k): (n, k, 10, 10)."""
    members = [(pool.labels == numeral).nonzero()[:, 0] for numeral in range(10)]
    counts = torch.tensor([len(each) for each in members])
    share = torch.rand(numerals.shape, generator=generator, dtype=torch.float32)
    return pool.images[pad_sequence(members, batch_first=True)[numerals, (share * counts[numerals]).long()]]


def _apart(n: int, k: int, distance: float, generator: torch.Generator) -> Tensor:
    """Centres of k digits in each of n pictures, no two closer than `distance`: (n, k, 2)."""
    low, high = _EDGE + DIGIT // 2, SIDE - _EDGE - DIGIT // 2
    found, total = [], 0
    while total < n:
        centres = torch.randint(low, high + 1, (20 * n, k, 2), generator=generator)
        between = (centres[:, :, None] - centres[:, None]).double().norm(dim=3) + SIDE * 2 * torch.eye(k)
        good = (between >= distance).flatten(1).all(dim=1)
        found.append(centres[good])
        total += int(good.sum())
    return torch.cat(found)[:n]


def _paste(inks: Tensor, ink: Tensor, corners: Tensor, glyphs: Tensor) -> None:
    """Draw glyphs (n, side, side) with their upper left pixels at corners (n, 2), each in its ink (n,)."""
    step = torch.arange(glyphs.shape[1])
    rows, columns = (corners[:, axis, None] + step for axis in (0, 1))
    place = (torch.arange(len(inks))[:, None, None], ink[:, None, None], rows[:, :, None], columns[:, None, :])
    inks[place] = torch.maximum(inks[place], glyphs)


def _discs(centres: Tensor, side: int) -> Tensor:
    """A dot of 21 pixels at each of the centres (n, 2): (n, side, side)."""
    rows, columns = (torch.arange(side) - centres[..., None]).square().unbind(1)  # (n, side) each
    return (rows[:, :, None] + columns[:, None, :] <= _RADIUS**2 + 1e-6).float()


def _boxes(corners: Tensor) -> Tensor:
    """Boxes of digits (n, k, 4) from their upper left corners (n, k, 2)."""
    return torch.cat([corners, torch.full_like(corners, DIGIT)], dim=2)
