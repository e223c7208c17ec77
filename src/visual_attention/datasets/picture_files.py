"""A picture of the reader's own: from a file or from bytes to numbers, whatever kind of file it is.

Everything happens on this machine: a file is opened, made smaller and turned into a tensor, and nothing is sent.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from visual_attention._validation import finite_number, whole_number

__all__ = ["MOST_PIXELS", "NoPicture", "own_picture", "square"]

# Some cameras have 100 megapixels. A file that claims more is refused before its pixels are unpacked: in memory they
# take three bytes each, or eight with transparency and 16 bits.
MOST_PIXELS = 120_000_000


class NoPicture(ValueError):
    """What was given is no picture that can be read; the message says why, in one sentence for people."""


def own_picture(source: str | os.PathLike | bytes | memoryview, side: int = 448) -> torch.Tensor:
    """A picture of the reader's own as a square in the middle, (3, side, side) float32 in [0, 1].

    Turned as the camera says (EXIF), transparent parts on white; grey, palettes, CMYK and 16 bits become colours.
    Of a film the first frame. The picture stays on this machine.

    Parameters
    ----------
    source : a file's name, or its bytes
    side : pixels, at least 1

    Raises
    ------
    NoPicture
        If there is no such file, it is empty, no picture, damaged, or has more than `MOST_PIXELS` pixels.
    TypeError
        If `source` is neither a name nor bytes.
    """
    whole_number("side", side, least=1)
    name, opened = _opened(source)
    with opened, _pillows_limit(), _in_words(name), Image.open(opened) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise NoPicture(
                f"{name} has {width} × {height} pixels, which are more than {MOST_PIXELS:,}: make it smaller."
            )
        if not width * height:
            raise NoPicture(f"{name} has no pixels.")
        # A JPEG can be unpacked at a half, a quarter or an eighth of its size: less memory, and faster.
        image.draft("RGB", (2 * side, 2 * side))
        turned = ImageOps.exif_transpose(image)
        assert turned is not None
        return square(_coloured(turned), side)


def square(image: Image.Image, side: int, left: float = 0.5) -> torch.Tensor:
    """The largest square of an RGB picture, from the middle of its longer side, as (3, side, side) in [0, 1].

    `left` moves it: 0 to the left (or upper) edge, 1 to the right (or lower) one. Raises ValueError outside of that.
    """
    if not 0 <= finite_number("left", left) <= 1:
        raise ValueError(f"left must be between 0 and 1, got {left}")
    width, height = image.size
    short = min(width, height)
    x, y = (round((length - short) * left) for length in (width, height))
    # `box` reads the part that is wanted without a copy of it.
    small = image.resize((side, side), Image.Resampling.BICUBIC, box=(x, y, x + short, y + short))
    return torch.from_numpy(np.array(small)).permute(2, 0, 1).float().div(255).contiguous()


def _opened(source: object) -> tuple[str, IO[bytes]]:
    """How to call it in a sentence, and the open file."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        if not len(source):
            raise NoPicture("The upload is empty.")
        return "The upload", io.BytesIO(bytes(source))
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"source must be the name of a file, or bytes, got {type(source).__name__}")
    path = Path(source).expanduser()
    name = path.name or str(path)
    try:
        if "\0" in name or len(name) > 255:  # what no file system allows
            raise OSError
        if not path.exists():
            raise NoPicture(f"There is no file {name} where {path.absolute().parent} is.")
        if path.is_dir():
            raise NoPicture(f"{name} is a folder. The name of a picture in it is asked for.")
        if not path.stat().st_size:
            raise NoPicture(f"{name} is empty.")
        return name, path.open("rb")
    except PermissionError:
        raise NoPicture(f"{name} may not be read by you.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, NoPicture):
            raise
        raise NoPicture(f"{name[:40]!r} is not the name of a file that can be opened.") from None


@contextlib.contextmanager
def _pillows_limit() -> Iterator[None]:
    """Pillow warns of large pictures and refuses larger ones: here `MOST_PIXELS` decides, with a sentence."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF data and the like: the picture is what counts
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@contextlib.contextmanager
def _in_words(name: str) -> Iterator[None]:
    try:
        yield
    except NoPicture:
        raise
    except UnidentifiedImageError:
        raise NoPicture(f"{name} is no picture that Pillow can read (JPEG, PNG, WebP, GIF, TIFF and others).") from None
    except MemoryError:
        raise NoPicture(f"{name} needs more memory than there is: make it smaller.") from None
    except Exception as error:  # a decoder may raise anything on a damaged file
        raise NoPicture(f"{name} is damaged or cut off: {type(error).__name__}.") from None


def _coloured(image: Image.Image) -> Image.Image:
    """Any mode of Pillow's as RGB; transparent parts lie on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _of_many_bits(image)
    if image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def _of_many_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits (or of other numbers: then from its smallest to its largest) as RGB of 8 bits."""
    numbers = np.array(image).astype(np.float32)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        raise ValueError("no finite number")
    low, high = float(finite.min()), float(finite.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    scaled = np.nan_to_num((numbers - low) / max(high - low, 1e-12), nan=0.0, posinf=1.0, neginf=0.0)
    return Image.fromarray((scaled.clip(0, 1) * 255).round().astype(np.uint8)).convert("RGB")
