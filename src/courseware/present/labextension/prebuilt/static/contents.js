// All slides by their numbers and titles, in columns: a click, or the arrows and Enter, leads to one.
import { current, slides, title } from "./deck.js";
import { say } from "./words.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };

export function showContents() {
  const dialog = document.createElement("dialog");
  dialog.className = "courseware-contents";
  dialog.ariaLabel = say("All slides");
  const buttons = slides().map((slide, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${number + 1} · ${title(slide) || say("(no title)")}`;
    button.addEventListener("click", () => {
      dialog.close();
      location.hash = `#/${slide.id}`;
    });
    return button;
  });
  dialog.append(...buttons);
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const step = STEPS[event.key];
    if (event.key.toLowerCase() === "w") dialog.close();
    if (!step) return;
    event.preventDefault();
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  buttons[slides().indexOf(current())]?.focus();
}
