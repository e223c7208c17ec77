// Which key does what on live slides, wherever the focus is.
//
// A key pressed on a control (in a cell's output) moves the control, one pressed in code is typed, and neither turns
// the slide; Escape leaves both; PageUp and PageDown, which a presenter's remote sends, turn the slide from anywhere.
// Everywhere else `actions` count, then the keys of reveal.js (Space, arrows). JupyterLab's own one-key commands
// (d d deletes a cell, x cuts it) are off: a slip of the hand in a lecture must not change the notebook.
import { ask } from "./deck.js";
import { say } from "./words.js";

const TURNING = { PageUp: "prev", PageDown: "next" };

function name(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) return "Ctrl+Enter";
  if (key === "Enter" && event.shiftKey) return "Shift+Enter";
  return key;
}

function take(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function listen(actions) {
  const placeOf = ({ target }) => {
    if (target.closest?.(".jp-OutputArea-output, .courseware-kept")) return "control";
    if (target.closest?.(".cm-editor")) return "code";
    if (target.closest?.("dialog, .jp-Dialog, input, textarea, select")) return "elsewhere";
    return "slide";
  };

  // JupyterLab looks up its shortcuts while the event goes down to its target: we are there first, on the window.
  function down(event) {
    const place = placeOf(event);
    if (place === "elsewhere") return;
    const key = name(event);
    const held = event.ctrlKey || event.altKey || event.metaKey;
    const suppress = place === "control" || (place === "slide" && !held);
    event.target.toggleAttribute?.("data-lm-suppress-shortcuts", suppress);
    if (place === "control" && key === "Escape") document.activeElement.blur();
    if (place !== "slide" && Object.hasOwn(TURNING, key)) {
      take(event);
      document.activeElement.blur();
      ask(TURNING[key]);
      return;
    }
    const action = actions.find(({ keys }) => keys.includes(key));
    const meant = place === "code" ? action?.inCode : place === "slide" && (!held || key === "Ctrl+Enter");
    if (!action || !meant) return;
    take(event);
    action.act();
  }

  window.addEventListener("keydown", down, true);
  // The slides listen on the document, while the event comes up again.
  document.body.addEventListener("keydown", (event) => {
    if (placeOf(event) !== "slide") event.stopPropagation();
  });
}

export function showKeys(actions) {
  const named = (key) => (key === "Escape" ? "Esc" : key.length === 1 ? key.toUpperCase() : key);
  const rows = [
    ["Space, →, PageDown", say("next slide")],
    ["Shift+Space, ←, PageUp", say("previous slide")],
    ...actions.map(({ keys: [key], help }) => [named(key), say(help)]),
  ];
  const dialog = document.createElement("dialog");
  dialog.className = "courseware-keys";
  dialog.ariaLabel = say("Keys");
  const table = dialog.appendChild(document.createElement("table"));
  for (const texts of rows) {
    const row = table.insertRow();
    for (const text of texts) row.insertCell().textContent = text;
  }
  dialog.addEventListener("keydown", () => dialog.close());
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
