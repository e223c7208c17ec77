"""A reader's own picture: good ones of many kinds, and what is none."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from visual_attention.datasets import picture_files
from visual_attention.datasets.picture_files import NoPicture, own_picture, square

# The left half red, the right half blue: 60 wide, 40 high.
COLOURS = np.zeros((40, 60, 3), np.uint8)
COLOURS[:, :30, 0] = COLOURS[:, 30:, 2] = 255


def packed(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def red_and_blue(picture, tolerance=0.1):
    """Whether a picture (3, 32, 32) is red on the left and blue on the right."""
    left, right = picture[:, :, 4], picture[:, :, -4]
    red, blue = (torch.tensor(c, dtype=torch.float32)[:, None] for c in ((1, 0, 0), (0, 0, 1)))
    return bool((left - red).abs().max() < tolerance and (right - blue).abs().max() < tolerance)


def rotated():
    """A picture that lies on its side in the file, and says so as a telephone does."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to see it
    return packed(Image.fromarray(COLOURS).rotate(90, expand=True), "JPEG", exif=exif, quality=95)


GOOD = {
    "PNG": packed(Image.fromarray(COLOURS), "PNG"),
    "JPEG": packed(Image.fromarray(COLOURS), "JPEG", quality=95),
    "JPEG on its side": rotated(),
    "with alpha": packed(Image.fromarray(COLOURS).convert("RGBA"), "PNG"),
    "palette": packed(Image.fromarray(COLOURS).convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "GIF": packed(Image.fromarray(COLOURS), "GIF"),
    "WebP": packed(Image.fromarray(COLOURS), "WEBP", lossless=True),
    "TIFF": packed(Image.fromarray(COLOURS), "TIFF"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_colours_of_a_file(kind):
    picture = own_picture(GOOD[kind], side=32)
    assert picture.shape == (3, 32, 32)
    assert picture.dtype == torch.float32
    assert 0 <= picture.min() <= picture.max() <= 1
    assert red_and_blue(picture)


def test_cmyk():
    grey_ink = Image.new("CMYK", (50, 40), (0, 0, 0, 255))
    assert own_picture(packed(grey_ink, "JPEG"), side=8).max() < 0.1
    cyan = own_picture(packed(Image.new("CMYK", (50, 40), (255, 0, 0, 0)), "JPEG"), side=8)
    assert cyan[0].max() < 0.2
    assert cyan[1:].min() > 0.6


def test_greyscale():
    picture = own_picture(packed(Image.new("L", (50, 40), 51), "PNG"), side=8)
    assert torch.allclose(picture, torch.full((3, 8, 8), 0.2))


def test_sixteen_bits():
    numbers = np.full((40, 50), 13107, np.uint16)  # a fifth of 65,535
    assert torch.allclose(own_picture(packed(Image.fromarray(numbers), "PNG"), side=8), torch.tensor(0.2), atol=1e-3)


def test_numbers_that_are_no_colours():
    ramp = np.linspace(-3, 5, 64, dtype=np.float32).reshape(8, 8)
    picture = own_picture(packed(Image.fromarray(ramp), "TIFF"), side=8)
    assert picture.min() == 0
    assert picture.max() == 1


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (50, 40), (255, 0, 0, 0))
    assert torch.equal(own_picture(packed(clear, "PNG"), side=8), torch.ones(3, 8, 8))
    palette = Image.new("P", (50, 40), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    assert torch.equal(own_picture(packed(palette, "PNG", transparency=0), side=8), torch.ones(3, 8, 8))


def test_the_middle_is_taken():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    assert torch.equal(own_picture(packed(Image.fromarray(wide), "PNG"), side=20)[:, :, 1:-1], torch.ones(3, 20, 18))
    assert square(Image.fromarray(wide), 20, left=0).max() == 0
    assert own_picture(packed(Image.new("RGB", (1, 900), "white"), "PNG"), side=8).min() == 1


def test_fifty_megapixels_stay_small_in_memory():
    big = packed(Image.effect_noise((8200, 6100), 30).convert("RGB"), "JPEG", quality=30)
    picture = own_picture(big, side=448)
    assert picture.shape == (3, 448, 448)
    assert picture.std() > 0
    # It was unpacked at a fraction of its size: the largest square of it has 37 million pixels.
    with Image.open(io.BytesIO(big)) as image:
        image.draft("RGB", (896, 896))
        assert image.size[0] * image.size[1] < 4_000_000


BAD = {
    "a text": (b"This is a sentence, and no picture at all. " * 20, "The upload is no picture"),
    "nothing": (b"", "The upload is empty"),
    "cut off": (GOOD["PNG"][:60], "The upload is damaged or cut off"),
    "half a JPEG": (packed(Image.effect_noise((300, 300), 90), "JPEG")[:4000], "The upload is damaged or cut off"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_picture_is_said_in_a_sentence(kind):
    data, sentence = BAD[kind]
    with pytest.raises(NoPicture, match=sentence) as caught:
        own_picture(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_files_by_name(tmp_path):
    file = tmp_path / "Foto 1 ä.png"
    file.write_bytes(GOOD["PNG"])
    assert red_and_blue(own_picture(file, side=32))
    assert torch.equal(own_picture(str(file), side=32), own_picture(GOOD["PNG"], side=32))
    (tmp_path / "empty.jpg").touch()
    for source, sentence in (
        (tmp_path / "none.png", "There is no file none.png"),
        (tmp_path / "empty.jpg", "empty.jpg is empty"),
        (tmp_path, "is a folder"),
        ("a\0b", "is not the name of a file"),
        ("x" * 5000, "is not the name of a file"),
    ):
        with pytest.raises(NoPicture, match=sentence):
            own_picture(source)
    with pytest.raises(TypeError, match="source must be the name of a file, or bytes, got int"):
        own_picture(7)


def test_a_file_that_claims_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(picture_files, "MOST_PIXELS", 60 * 40 - 1)
    with pytest.raises(NoPicture, match="60 × 40 pixels, which are more than 2,399: make it smaller"):
        own_picture(GOOD["PNG"])


def test_pillows_own_limit_is_put_back():
    before = Image.MAX_IMAGE_PIXELS
    own_picture(GOOD["PNG"], side=8)
    with pytest.raises(NoPicture):
        own_picture(b"no")
    assert before == Image.MAX_IMAGE_PIXELS
