"""Eight photographs that show something to a network: square, and with the places that look alike marked by hand.

They lie inside scikit-image and scikit-learn. The files are read where they were installed: scikit-image's own loader
would download what it does not find.
"""

import functools
from dataclasses import dataclass
from importlib import resources

import torch
from PIL import Image

from visual_attention._validation import one_of
from visual_attention.datasets.credits import Credit
from visual_attention.datasets.photographs import CREDITS as SCIKIT_LEARN
from visual_attention.datasets.picture_files import square

__all__ = ["PLACES", "SCENES", "SIDE", "Scene", "Twins", "scene"]

SIDE = 448  # pixels
PLACES = 28  # a row of the map on which places are marked: each is 16 × 16 pixels
CHANGES = "cropped, size changed"

_DOCS = "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data."
_CC0 = {"licence": "CC0", "licence_address": "https://creativecommons.org/publicdomain/zero/1.0/", "changes": CHANGES}


@dataclass(frozen=True)
class Twins:
    """Two places (column, row) of the 28 × 28 map that show the same kind of thing, in words."""

    what: str
    first: tuple[int, int]
    second: tuple[int, int]


@dataclass(frozen=True)
class Scene:
    """A photograph in a package: what it is for, whom it is owed to, how it is cropped, and its twins.

    `left` is where the square begins, as a share of what is cut away: 0 at the left edge, 1 at the right one. `start`
    is the place (column, row) that an explorer asks about first.
    """

    package: str
    file: str
    shows: str
    credit: Credit
    start: tuple[int, int]
    twins: tuple[Twins, ...] = ()
    left: float = 0.5


def _scikit_image(name: str, what: str, author: str, source: str = "", **licence: str) -> Credit:
    """A credit as the function of that name in `skimage.data` documents it."""
    return Credit(what, author, source or _DOCS + name, **(licence or _CC0))


def _public(name: str, words: str) -> dict[str, str]:
    return {"licence": words, "licence_address": _DOCS + name, "changes": CHANGES}


def _scikit_learn(name: str) -> Credit:
    credit = SCIKIT_LEARN[name]
    return Credit(credit.what, credit.author, credit.source, credit.licence, credit.licence_address, changes=CHANGES)


# Marks were set by hand on the square pictures, before anything was counted.
SCENES = {
    "cat": Scene(
        "skimage",
        "data/chelsea.png",
        "two eyes",
        _scikit_image("chelsea", "Chelsea the cat", "Stéfan van der Walt"),
        (9, 10),
        (Twins("eye and eye", (9, 10), (22, 12)),),
    ),
    "cup": Scene(
        "skimage",
        "data/coffee.png",
        "a rim that runs all round",
        _scikit_image("coffee", "Coffee cup", "Rachel Michetti"),
        (5, 7),
        (Twins("rim of the cup, left and right", (5, 7), (20, 7)),),
    ),
    "palace": Scene(
        "sklearn",
        "datasets/images/china.jpg",
        "eaves and windows that repeat",
        _scikit_learn("china"),
        (18, 7),
        (
            Twins("ends of the upper roof", (4, 7), (18, 7)),
            Twins("ends of the lower roof", (2, 17), (20, 16)),
        ),
        left=0.15,
    ),
    "dahlia": Scene(
        "sklearn",
        "datasets/images/flower.jpg",
        "one thing before a plain ground",
        _scikit_learn("flower"),
        (5, 13),
        (
            Twins("edge of the flower, left and right", (5, 13), (21, 13)),
            Twins("petals, above and below", (12, 7), (12, 21)),
        ),
    ),
    "rocket": Scene(
        "skimage",
        "data/rocket.jpg",
        "two masts far apart",
        _scikit_image(
            "rocket",
            "Launch photograph of Falcon 9",
            "SpaceX",
            "https://www.flickr.com/photos/spacexphotos/16511594820/in/photostream/",
            **_public("rocket", "public domain"),
        ),
        (5, 16),
        (
            Twins("mast and mast", (5, 16), (22, 16)),
            Twins("lamp and lamp", (5, 25), (16, 25)),
        ),
    ),
    "coins": Scene(
        "skimage",
        "data/coins.png",
        "many things of one kind",
        _scikit_image(
            "coins",
            "Greek coins from Pompeii",
            "Brooklyn Museum",
            "https://www.brooklynmuseum.org/opencollection/archives/image/51611",
            **_public("coins", "no known copyright restrictions"),
        ),
        (10, 4),
        (Twins("coin and coin", (10, 4), (15, 17)),),
    ),
    "astronaut": Scene(
        "skimage",
        "data/astronaut.png",
        "several things",
        _scikit_image(
            "astronaut",
            "Photograph of Eileen Collins",
            "NASA",
            "https://flic.kr/p/r9qvLn",
            **_public("astronaut", "public domain"),
        ),
        (12, 5),
        (Twins("ring of the suit, left and right", (7, 12), (16, 12)),),
    ),
    "bricks": Scene(
        "skimage",
        "data/brick.png",
        "a texture",
        _scikit_image("brick", "Brick wall", "CC0Textures", "https://cc0textures.com/view.php?tex=Bricks25"),
        (13, 14),
    ),
}


@functools.cache
def scene(name: str) -> torch.Tensor:
    """A photograph as a square, (3, 448, 448) float32 in [0, 1]; do not change it, it is kept.

    `name` is one of `SCENES`; raises ValueError for another one, and FileNotFoundError if the package that ships it
    is installed without its pictures.
    """
    one_of("name", name, tuple(SCENES))
    one = SCENES[name]
    with resources.as_file(resources.files(one.package) / one.file) as path, Image.open(path) as image:
        return square(image.convert("RGB"), SIDE, left=one.left)
