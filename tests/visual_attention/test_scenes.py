"""The photographs of lesson 9: what is marked on them, and whose they are."""

from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup

from courseware.project import project_root
from courseware.publish.links import page_of
from visual_attention.datasets.scenes import PLACES, SCENES, scene

NOTICE = (project_root(Path(__file__)) / "NOTICE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_a_square_with_its_marks_on_it(name):
    picture, one = scene(name), SCENES[name]
    assert picture.shape == (3, 448, 448)
    assert 0 <= picture.min() < picture.max() <= 1
    assert picture.std() > 0.05
    for column, row in [one.start, *(place for twins in one.twins for place in (twins.first, twins.second))]:
        assert column in range(PLACES)
        assert row in range(PLACES)
    for twins in one.twins:
        steps = [abs(a - b) for a, b in zip(twins.first, twins.second, strict=True)]
        assert max(steps) > 4  # far enough apart that a neighbour is no twin


@pytest.mark.parametrize("name", SCENES)
def test_the_notice_names_author_licence_and_source_of_a_scene(name):
    one = SCENES[name]
    [row] = [line for line in NOTICE.splitlines() if line.startswith(f"| `{Path(one.file).name}`")]
    for word in (one.credit.author, one.credit.licence, one.credit.source, "9 |"):
        assert word in row


@pytest.mark.parametrize("name", ["09_real_networks.ipynb", "../NOTICE.md"])
def test_the_pages_of_the_site_name_author_and_licence_of_every_scene(pages_of_text, name):
    page = BeautifulSoup((pages_of_text / page_of(name)).read_text(encoding="utf-8"), "html.parser")
    text = " ".join(page.select_one("article").get_text().split())
    for one in SCENES.values():
        assert one.credit.author in text
        assert one.credit.licence in text
    # The lesson leads to the addresses of works and licences, which the notice has.
    links = {a["href"] for a in page.select("article a[href]")}
    if name == "../NOTICE.md":
        assert {one.credit.source for one in SCENES.values()} <= links
        assert {"https://creativecommons.org/licenses/by/2.0/"} <= links
    else:
        assert any(address.partition("#")[0] == "NOTICE.html" for address in links)


def test_a_scene_that_there_is_not():
    with pytest.raises(ValueError, match="name must be one of cat"):
        scene("dog")


def test_marks_are_where_the_eyes_are():
    """The pupils are the darkest places for some way around."""
    cat = scene("cat").mean(dim=0).reshape(PLACES, 16, PLACES, 16).mean(dim=(1, 3))
    for column, row in (SCENES["cat"].twins[0].first, SCENES["cat"].twins[0].second):
        around = cat[row - 3 : row + 4, column - 3 : column + 4]
        assert torch.quantile(around, 0.2) >= cat[row, column]
