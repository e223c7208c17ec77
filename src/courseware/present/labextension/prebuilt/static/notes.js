// The slides' side of the notes window (notes.html): says which slide is shown, and turns it when the window asks.
// The two talk on a channel of their own for each notebook, so the decks of several lessons may be open.
import { ask, current, slides, title } from "./deck.js";
import { openedNotes } from "./folds.js";
import { say, words } from "./words.js";

const name = `courseware-notes ${location.pathname}`;
const channel = new BroadcastChannel(name);

// The minutes that a slide's notes plan: they begin "Lecturer, 1½ min". The same reading as in courseware.text.syllabus.
function minutes(slide) {
  const said = [...slide.querySelectorAll("aside.notes")].map(({ textContent }) => textContent.match(
    /(?:Lecturer, |讲师，)(?=[\d½])(\d*)(½?) (?:min|分钟)/));
  return said.reduce((sum, found) => sum + (found ? Number(found[1]) + (found[2] ? 0.5 : 0) : 0), 0);
}

function tell() {
  if (!current()) return;
  const all = slides();
  const here = all.indexOf(current());
  const planned = (upTo) => all.slice(0, upTo).reduce((sum, slide) => sum + minutes(slide), 0);
  const texts = current().querySelectorAll("aside.notes .jp-RenderedMarkdown");
  channel.postMessage({
    number: here + 1,
    of: all.length,
    title: title(current()),
    notes: [...texts].map(openedNotes).join(""),
    next: all[here + 1] ? title(all[here + 1]) : null,
    plan: { from: planned(here), to: planned(here + 1), all: planned(all.length) },
    theme: document.body.dataset.theme,
    words: words(),
  });
}

export function followSlides() {
  document.addEventListener("ready", tell);
  document.addEventListener("slidechanged", tell);
  new MutationObserver(tell).observe(document.body, { attributeFilter: ["data-theme"] });
  channel.addEventListener("message", ({ data }) => {
    if (data.hello) tell();
    if (data.ask) ask(data.ask);
  });
}

export function openNotes() {
  const page = new URL("notes.html", import.meta.url);
  page.hash = name;
  if (!window.open(page, name, "popup,width=900,height=640")) {
    alert(say("The browser has blocked the notes window. Allow pop-ups for this address, then press S again."));
  }
}
