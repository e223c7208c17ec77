"""What axe-core finds on a page or a deck that is open in the browser."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Without "preload", which would fetch the style sheets once more: a browser forbids that to a page from a disk.
AXE = "rules => axe.run({ runOnly: rules, resultTypes: ['violations'], preload: false })"


def violations(page: Page, rules: list[str] = RULES) -> list[str]:
    """One sentence for each element that breaks a rule, every folded part of the page open."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    # What unfolds fades in: its colours are measured when they have come.
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => null)")
    page.evaluate(AXE_SCRIPT)
    found = [(rule, element) for rule in page.evaluate(AXE, rules)["violations"] for element in rule["nodes"]]
    return [
        f"{rule['impact']}, {rule['id']}: {element['html'][:200]}: {element['failureSummary']}"
        for rule, element in found
        # axe-core counts no MathML as text: a heading of a table that is a formula alone looks empty to it.
        if not (rule["id"] == "empty-table-header" and "<math" in element["html"])
    ]
