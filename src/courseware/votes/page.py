"""The page that a phone shows: one file of a few kilobytes, with no picture and nothing from elsewhere.

It works with scripts off: each choice is the button of a form, and a link loads the page again. Where scripts run, the
page looks every few seconds whether there is something new, and says so to a screen reader by its heading.
"""

import base64
import hashlib
import html

from courseware.language import current, words
from courseware.votes.poll import Poll

__all__ = ["POLICY", "message", "page"]

# Colours have the contrast of WCAG AA in both: text 4.5, the edge of a button 3.
STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --edge: #59636e; --accent: #0b5cad; --right: #1a6e31;
  --card: #f3f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #15191e; --edge: #8b949e; --accent: #7cc0ff;
  --right: #6fdd8b; --card: #22272e; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 1.125rem/1.45 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1rem 1rem 2rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.75rem; font-size: 1.3rem; line-height: 1.35; }
h1:focus { outline: none; }
ul { margin: 0; padding: 0; list-style: none; }
li { margin: 0 0 0.75rem; }
button, .again { min-height: 3rem; padding: 0.65rem 0.9rem; border: 2px solid var(--edge); border-radius: 0.6rem;
  color: inherit; background: var(--card); font: inherit; text-align: left; cursor: pointer; }
button { display: block; width: 100%; }
button[aria-pressed="true"] { border-color: var(--accent); box-shadow: inset 0 0 0 2px var(--accent); }
button:focus-visible, .again:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.mine { display: block; color: var(--accent); font-weight: 600; }
.choice { padding: 0.65rem 0.9rem; border: 2px solid var(--edge); border-radius: 0.6rem; background: var(--card); }
.right { border-color: var(--right); }
.right strong { color: var(--right); }
progress { display: block; width: 100%; height: 0.75rem; margin-top: 0.25rem; accent-color: var(--accent); }
.count, .why { display: block; margin-top: 0.4rem; }
p { margin: 0 0 0.9rem; }
.again { display: inline-block; text-decoration: none; }
"""

SCRIPT = """
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const main = document.querySelector("main");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (fresh.dataset.revision === main.dataset.revision) return;
    main.replaceWith(fresh);
    fresh.querySelector("h1").focus();
  } catch { /* the network is away: try again */ }
}, 3000 + 2000 * Math.random());
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# Only this style and this script; nothing is loaded, framed, or sent elsewhere.
POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(poll: Poll, device: str) -> str:
    """The page for the phone `device`: what is asked, and what it has voted; or what came out."""
    asked = poll.asked
    if asked is None:
        return _document(
            poll.revision,
            words("No question yet"),
            f"<p>{words('When the lecturer asks one, it stands here.')}</p>{_load_again()}",
        )
    mine = poll.vote_of(device)
    if poll.answer:
        body = _results(poll, mine)
    elif poll.is_open:
        said = "Your vote counts. You can change it until the vote is closed." if mine else "Choose one."
        body = f'<p role="status">{words(said)}</p>{_form(poll, mine)}'
    else:
        voted = f"You voted {mine}." if mine else "You have not voted."
        body = f"<p>{words(f'The vote is closed. {voted} Look at the slide.')}</p>"
    return _document(poll.revision, asked.text, body + _load_again())


def message(poll: Poll, said: str) -> str:
    """The page that says in place of the question why something was refused."""
    return _document(poll.revision, words(said), _load_again())


def _form(poll: Poll, mine: str) -> str:
    assert poll.asked is not None
    buttons = []
    for letter, choice in zip(poll.asked.letters, poll.asked.choices, strict=True):
        pressed = letter == mine
        note = f'<span class="mine">✓ {words("your vote")}</span>' if pressed else ""
        buttons.append(
            f'<li><button name="letter" value="{letter}" aria-pressed="{str(pressed).lower()}">'
            f"{letter} · {html.escape(choice)}{note}</button></li>"
        )
    return (
        f'<form method="post"><input type="hidden" name="poll" value="{poll.number}"><ul>{"".join(buttons)}</ul></form>'
    )


def _results(poll: Poll, mine: str) -> str:
    asked, rounds = poll.asked, poll.rounds()
    assert asked is not None
    items = []
    for place, (letter, choice) in enumerate(zip(asked.letters, asked.choices, strict=True)):
        right = letter == asked.right
        verdict = f"<strong>✓ {words('Right.')}</strong> " if right else ""
        own = f'<span class="mine">{words("your vote")}</span>' if letter == mine else ""
        told = html.escape(asked.explanations[place]) if asked.explanations else ""
        why = f'<span class="why">{verdict}{told}</span>' if verdict or told else ""
        bars = "".join(_bar(number, counts, place, len(rounds)) for number, counts in enumerate(rounds, 1))
        items.append(
            f'<li class="choice{" right" if right else ""}">{letter} · {html.escape(choice)}{own}{bars}{why}</li>'
        )
    return f"<ul>{''.join(items)}</ul>"


def _bar(number: int, counts: list[int], place: int, of: int) -> str:
    total = sum(counts)
    said = words(f"vote {number}: {counts[place]} of {total}" if of > 1 else f"{counts[place]} of {total}")
    return (
        f'<span class="count">{said}'
        f'<progress max="{max(total, 1)}" value="{counts[place]}" aria-label="{said}"></progress></span>'
    )


def _load_again() -> str:
    return f'<p><a class="again" href="?">{words("Load again")}</a></p>'


def _document(revision: int, heading: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{current()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{words("Vote")}</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<main data-revision="{revision}"><h1 tabindex="-1">{html.escape(heading)}</h1>{body}</main>'
        f"<script>{SCRIPT}</script></body></html>"
    )
