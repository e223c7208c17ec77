"""Live slides in Chinese: what their scripts say, the minutes of the notes and the vote are in its language."""

import re

import pytest
from playwright.sync_api import expect

from conftest import slides_cache
from courseware.present import words
from courseware.project import find_lesson
from courseware.text.syllabus import outline

NOTEBOOK = "notebooks/zh/01_cues.ipynb"


@pytest.fixture
def deck(slides_page, monkeypatch):
    cache = slides_cache(slides_page.lab.cache)
    monkeypatch.setattr(words, "CACHE", cache)
    slides_page.open_address(slides_page.lab.address(f"rise/{NOTEBOOK}?words={words.leave('zh')}"))
    return slides_page


def test_keys_vote_and_notes_speak_chinese(deck):
    page = deck.page
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="按键")
    expect(keys).to_contain_text("下一张幻灯片")
    assert not re.search("[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", keys.inner_text()), "a sentence in English is left"
    page.keyboard.press("Escape")

    page.keyboard.press("v")
    vote = page.get_by_role("dialog", name="投票")
    expect(vote.get_by_role("heading", name="向全班提问")).to_be_visible()
    vote.get_by_role("button", name="开始投票").click()
    vote.get_by_role("button", name="显示答案").click()
    expect(vote.locator("li.right")).to_have_count(1)
    expect(vote.locator("li.right")).to_contain_text("✓ 对。")
    page.keyboard.press("Escape")

    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value
    minutes = outline(find_lesson("1")).minutes
    expect(notes.locator("#plan")).to_have_text(re.compile(rf"^0 到 [\d½]+ / {minutes:g} 分钟$"))
    assert not notes.locator("#plan").inner_text().startswith("0 到 0 ")
    expect(notes.locator("#where")).to_have_text(re.compile(r"^第 1 张，共 \d+ 张$"))
    expect(notes.get_by_role("button", name="重新计时（R）")).to_be_visible()
    notes.close()
    assert deck.errors() == []


def test_a_question_of_a_slide_is_the_one_to_vote_on(deck):
    page = deck.page
    for _ in range(60):
        if page.locator(".reveal section.present > section.present p strong", has_text=re.compile("^先猜")).count():
            break
        page.keyboard.press("PageDown")
    page.keyboard.press("v")
    question = page.get_by_role("textbox", name="你的问题").input_value()
    assert re.match("[^：\\s].{6,}", question)
