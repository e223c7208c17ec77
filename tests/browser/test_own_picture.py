"""A picture of the reader's own in JupyterLab: chosen, dropped, by the camera; good ones and bad ones."""

import io

import numpy as np
import pytest
from nbformat import read, write
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from playwright.sync_api import expect

NOTEBOOK = "notebooks/own_picture.ipynb"
# In place of an explorer, words: what arrived, and the colours of the left and the right half.
CELL = """
import ipywidgets
from courseware.notebook.picture_input import PictureInput
from visual_attention.datasets import own_picture

def look(data):
    picture = own_picture(data, side=64)
    halves = picture[:, :, 4:28], picture[:, :, 36:60]
    colours = [tuple(round(c, 1) for c in half.mean(dim=(1, 2)).tolist()) for half in halves]
    return ipywidgets.Label(f"left {colours[0]}, right {colours[1]}, {len(data) < 3e6}")

PictureInput(look)
"""
RED_BLUE = "left (1.0, 0.0, 0.0), right (0.0, 0.0, 1.0), True"


def image(width=60, height=60):
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = pixels[:, width // 2 :, 2] = 255
    return Image.fromarray(pixels)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def turned():
    """Upside down, with the camera's note that says so."""
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded(image().rotate(180), "JPEG", exif=exif, quality=95)


def transparent():
    picture = image().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    return encoded(picture, "PNG")


GOOD = [
    ("red_blue.png", encoded(image(), "PNG"), RED_BLUE),
    ("fifty_megapixels.jpg", encoded(image(8660, 5774), "JPEG", quality=80), RED_BLUE),
    ("turned.jpg", turned(), RED_BLUE),
    ("transparent.png", transparent(), "left (1.0, 1.0, 1.0), right (1.0, 1.0, 1.0), True"),
    ("cmyk.jpg", encoded(image().convert("CMYK"), "JPEG", quality=95), RED_BLUE),
    ("grey.png", encoded(image().convert("L"), "PNG"), "left (0.3, 0.3, 0.3), right (0.1, 0.1, 0.1), True"),
    ("one_frame.gif", encoded(image(), "GIF"), RED_BLUE),
    ("of_a_scanner.tiff", encoded(image(), "TIFF"), RED_BLUE),  # which Chromium does not read: the kernel does
]
BAD = [
    ("notes.txt", b"no picture at all", "The upload is no picture that Pillow can read"),
    ("cut_off.png", encoded(image(), "PNG")[:60], "The upload is"),
    ("empty.png", b"", "The upload is empty"),
    ("huge.bin", bytes(7_000_000), "This browser cannot read huge.bin: save it as a JPEG or a PNG"),
]


@pytest.fixture
def opened(lab_page):
    notebook = new_notebook(cells=[new_code_cell(CELL)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    write(notebook, lab_page.lab.root / NOTEBOOK)
    lab_page.open(NOTEBOOK)
    lab_page.run_all()
    yield lab_page
    (lab_page.lab.root / NOTEBOOK).unlink()


def test_pictures_of_many_kinds_and_the_camera(opened):
    page = opened.page
    box = page.locator(".courseware-input")
    shown = page.locator(".jp-OutputArea-output .widget-label")
    said = box.get_by_role("status")
    expect(said).to_contain_text("nowhere else")
    for name, data, words in GOOD:
        box.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": data})
        expect(said).to_contain_text("Your picture, below.", timeout=30_000)
        expect(shown).to_have_text(words)
        assert shown.count() == 1, name
    for name, data, words in BAD:
        box.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": data})
        expect(said).to_contain_text(words, timeout=30_000)
        expect(shown).to_have_text(GOOD[-1][2])  # what was there before is not lost

    # Dropped on the box.
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(40, 40);
            const context = canvas.getContext("2d");
            context.fillStyle = "#0f0";
            context.fillRect(0, 0, 40, 40);
            const data = new DataTransfer();
            data.items.add(new File([await canvas.convertToBlob()], "green.png", { type: "image/png" }));
            const event = (kind) => new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
            const box = document.querySelector(".courseware-input");
            for (const kind of ["dragenter", "dragover", "drop"]) box.dispatchEvent(event(kind));
        }"""
    )
    expect(shown).to_have_text("left (0.0, 1.0, 0.0), right (0.0, 1.0, 0.0), True", timeout=30_000)

    # The camera: it is off before and after, and one picture is taken.
    before = shown.text_content()
    expect(box.locator("video")).to_be_hidden()
    box.get_by_role("button", name="Use the camera").click()
    expect(box.locator("video")).to_be_visible()
    page.wait_for_function("document.querySelector('.courseware-input video').videoWidth > 0")
    box.get_by_role("button", name="Take it").click()
    expect(shown).not_to_have_text(before, timeout=30_000)
    expect(box.locator("video")).to_be_hidden()
    assert page.evaluate("document.querySelector('.courseware-input video').srcObject") is None
    box.get_by_role("button", name="Use the camera").click()
    box.get_by_role("button", name="Camera off").click()
    expect(said).to_have_text("The camera is off.")

    # A saved notebook does not hold the picture.
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    stored = read(opened.lab.root / NOTEBOOK, as_version=4)
    assert "widgets" not in stored.metadata
    [output] = stored.cells[0].outputs
    assert set(output.data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert output.data["text/plain"].startswith("In JupyterLab this cell takes a picture of your own")
    assert opened.errors() == []
