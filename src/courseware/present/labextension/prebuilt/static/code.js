// Code on slides: folded but where it is the slide's point, and whatever is too high for its slide made smaller.
import { current } from "./deck.js";
import { say } from "./words.js";

const SHOWN = "show-code"; // the tag of a cell whose code is the point of its slide
const SMALLEST_ZOOM = 0.5; // below it a slide scrolls

// Its folded cells, those aside whose source is hidden in the notebook too: they draw, and have nothing to teach.
const folded = (slide) => slide.querySelectorAll(".courseware-folded");

const button = document.createElement("button");
button.className = "courseware-code";
button.type = "button";
button.textContent = "</>";

function offer() {
  button.title = say("Show or fold the code of this slide (key C)");
  button.hidden = !current() || folded(current()).length === 0;
}

export function fold(notebook) {
  for (const { model, node, inputHidden } of notebook.widgets) {
    // RISE keeps cells that are left out of the slides within them, hidden: C has nothing to show of those.
    const leftOut = model.getMetadata("slideshow")?.slide_type === "skip";
    if (model.type !== "code" || inputHidden || leftOut) continue;
    node.classList.toggle("courseware-folded", !model.getMetadata("tags")?.includes(SHOWN));
  }
  offer();
}

function fit(slide) {
  const room = slide.closest(".slides").clientHeight;
  slide.style.zoom = slide.style.maxHeight = slide.style.overflowY = "";
  const zoom = Math.max(SMALLEST_ZOOM, room / slide.scrollHeight);
  if (zoom >= 1) return;
  slide.style.zoom = zoom;
  slide.style.maxHeight = `${room / zoom}px`;
  slide.style.overflowY = zoom === SMALLEST_ZOOM ? "auto" : "";
}

export function toggleCode() {
  if (button.hidden) return;
  current().toggleAttribute("data-code");
  fit(current());
}

// The slide that is shown fits at all times: an output may grow, a picture come late.
const watch = new ResizeObserver(() => { if (current()) fit(current()); });

function follow() {
  offer();
  watch.disconnect();
  for (const cell of current()?.querySelectorAll(".jp-Cell") ?? []) watch.observe(cell);
}

export function offerCode() {
  document.body.append(button);
  button.addEventListener("click", () => {
    button.blur();
    toggleCode();
  });
  document.addEventListener("ready", follow);
  document.addEventListener("slidechanged", follow);
}
