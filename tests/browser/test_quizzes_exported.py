"""The quizzes on the exported pages of the lessons: no kernel, no network, no script."""

import pytest
from playwright.sync_api import Browser, Page, expect

from courseware.project import lessons

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
every_lesson = pytest.mark.parametrize("stem", LESSONS)


@pytest.fixture
def still(browser: Browser, site) -> Page:
    """Opens the page of a lesson in a browser that has scripts turned off and no network."""
    context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 900, "height": 900})
    page = context.new_page()

    def opened(stem="02_kernel_regression"):
        page.goto((site / f"{stem}.html").as_uri())
        return page

    yield opened
    context.close()


@every_lesson
def test_a_choice_says_whether_it_is_right_and_why_only_when_it_is_opened(still, stem):
    page = still(stem)
    choices = page.locator("fieldset details")
    assert choices.count() >= 2 * 3
    assert choices.locator("div").filter(visible=True).count() == 0
    for question in page.locator("fieldset").all():
        verdicts = []
        for choice in question.locator("details").all():
            choice.locator("summary").click()
            expect(choice.locator("div")).to_be_visible()
            verdicts.append(choice.locator("strong").inner_text())
            assert len(choice.locator("div").inner_text()) > len(verdicts[-1]) + 10
        assert sorted(verdicts)[-1] == "✗ Not this one."
        assert verdicts.count("✓ Right.") == 1, question.inner_text()
    # Open, no line of it runs out of a narrow window.
    page.set_viewport_size({"width": 360, "height": 700})
    boxes = [each.bounding_box() for each in page.locator("fieldset").locator("details div, summary, legend").all()]
    assert max(box["x"] + box["width"] for box in boxes) <= 360


def test_the_keyboard_chooses_too(still):
    page = still()
    first = page.locator("fieldset summary").first
    first.focus()
    for pressed, visible in (("Enter", True), ("Enter", False), ("Space", True)):
        page.keyboard.press(pressed)
        expect(page.locator("fieldset details div").first).to_be_visible(visible=visible)
    page.keyboard.press("Tab")
    expect(page.locator("fieldset summary").nth(1)).to_be_focused()


def test_a_screen_reader_is_told_which_question_a_choice_belongs_to(still):
    page = still()
    assert page.locator("fieldset").count() == page.get_by_role("group").filter(has=page.locator("legend")).count()
    question = page.get_by_role("group", name="Somebody multiplies the Gaussian kernel by 7.")
    expect(question.locator("summary")).to_have_count(3)
