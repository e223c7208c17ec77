"""What a page would load from elsewhere is found however it is written; what it would not load is left alone."""

import pytest

from courseware.publish.outside import loaded_by_page, loaded_by_style, stays_inside

ADDRESS = "https://example.org/a"


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (f'<IMG SRC="{ADDRESS}">', "img src"),
        (f'<img src="a.png" srcset="data:image/png;base64,AA,AA 1x, {ADDRESS} 2x">', "img srcset"),
        (f'<img srcset="{ADDRESS}">', "img srcset"),
        (f'<picture><source srcset="#a 1x (x, y), {ADDRESS}"></picture>', "source srcset"),
        (f'<link rel="preload" imagesrcset="{ADDRESS} 1x">', "link imagesrcset"),
        (f'<svg><use xlink:href="{ADDRESS}"/></svg>', "use href"),
        (f'<svg><feImage href="{ADDRESS}"/></svg>', "feImage href"),
        (f'<svg><rect fill="url({ADDRESS})"/></svg>', "rect fill"),
        (f"<svg><style>a {{ b: url({ADDRESS}) }}</style></svg>", "style"),
        (f"<p style=\"background: URL( '{ADDRESS}' )\">", "p style"),
        (f'<p style="background: u\\72 l({ADDRESS})">', "p style"),
        (f"<p style=\"background: image-set('{ADDRESS}' 1x)\">", "p style"),
        (f"<style>@media print {{ a {{ b: -webkit-image-set('{ADDRESS}' 2x) }} }}</style>", "style"),
        (f"<style>@import/**/'{ADDRESS}';</style>", "style"),
        (f'<body background="{ADDRESS}">', "body background"),
        (f'<video poster="{ADDRESS}"></video>', "video poster"),
        (f"<template><script src={ADDRESS}></script></template>", "script src"),
        (f"<noscript><img src={ADDRESS}></noscript>", "img src"),
        (f'<a href="#x" ping="{ADDRESS}">x</a>', "a ping"),
        (f'<form action="{ADDRESS}"></form>', "form action"),
        (f'<iframe srcdoc="&lt;img src={ADDRESS}&gt;"></iframe>', "iframe srcdoc"),
        (f'<meta http-equiv="REFRESH" content="{ADDRESS}">', "meta refresh"),
    ],
)
def test_an_address_is_found(page: str, where: str) -> None:
    assert (where, ADDRESS) in loaded_by_page(page)


@pytest.mark.parametrize("tag", ["base", "iframe", "object", "embed"])
def test_an_element_that_can_load_anything_is_refused(tag: str) -> None:
    assert [load.where for load in loaded_by_page(f"<{tag}>")] == [tag]


@pytest.mark.parametrize(
    "page",
    [
        f'<a href="{ADDRESS}">a link</a>',
        f'<svg><a xlink:href="{ADDRESS}">a link</a></svg>',
        '<img src=" DATA:image/png;base64,AA==" srcset="data:image/png;base64,A,A 2x">',
        '<svg><use href="#a"/><rect fill="url(#b)"/></svg>',
        "<style>@font-face { src: url(data:font/woff;base64,AA) format('woff') }</style>",
        f"<style>/* url({ADDRESS}) */ a::after {{ content: '{ADDRESS}' }}</style>",
        f"<p>url({ADDRESS})</p><script>const a = '<img src={ADDRESS}>';</script>",
        f'<code title="url({ADDRESS})">&lt;img src={ADDRESS}&gt;</code>',
    ],
)
def test_what_is_not_loaded_is_not_reported(page: str) -> None:
    assert loaded_by_page(page) == []


def test_all_addresses_of_a_style_sheet() -> None:
    css = "@import url(one.css) print; p { background: url('two.png'), image-set('three.png' type('image/png')) }"
    assert loaded_by_style(css) == ["one.css", "two.png", "three.png"]


@pytest.mark.parametrize(("address", "inside"), [("data:x", True), (" #a", True), ("", True), ("//a", False)])
def test_an_address_inside_the_page(address: str, inside: bool) -> None:
    assert stays_inside(address) is inside
