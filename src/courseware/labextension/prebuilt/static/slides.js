// What live slides have beside RISE: they run on opening, and have keys, notes, a pointer, a pen, light and dark.
//
//   /rise/<notebook>?run    runs the notebook, because a widget lives in the kernel that made it
//   /rise/<notebook>?dark   starts dark
import { ask, current, fullScreen } from "./deck.js";
import { listen, showKeys } from "./keys.js";
import { clearPen, drop, togglePen, togglePointer } from "./ink.js";
import { followSlides, openNotes } from "./notes.js";

const FAILED = { content: { status: "error" } };

// Cell by cell, because JupyterLab's "run all" selects the last cell, and the slides follow the selection.
async function runNotebook(panel, CodeCell, documents) {
  await panel.context.ready;
  await panel.sessionContext.ready;
  documents.autosave = false; // a talk must not change the notebook; not earlier, JupyterLab's settings would undo it
  document.body.dataset.notebookRun = "running";
  for (const cell of panel.content.widgets.filter((cell) => cell.model.type === "code")) {
    const reply = await CodeCell.execute(cell, panel.sessionContext).catch(() => FAILED);
    const meant = cell.model.getMetadata("tags")?.includes("raises-exception");
    if (reply?.content.status === "error" && !meant) break;
  }
  document.body.dataset.notebookRun = "done";
}

// The code cells that can be seen on the slide that is shown.
function codeCells(notebook) {
  const seen = { opacityProperty: true, visibilityProperty: true };
  const shown = ({ model, node }) => model.type === "code" && current().contains(node) && node.checkVisibility(seen);
  return notebook.widgets.filter(shown);
}

// The cell that has the cursor; else the one that was run last on this slide or selected; else the slide's first.
function chosen(notebook) {
  const cells = codeCells(notebook);
  return (
    cells.find(({ node }) => node.contains(document.activeElement)) ??
    cells.find((cell) => cell === notebook.activeCell) ??
    cells[0]
  );
}

function select(notebook, cell) {
  notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  notebook.deselectAll();
}

function toggleDark(dark = document.body.dataset.theme !== "dark") {
  document.body.dataset.theme = dark ? "dark" : "light";
}

// How much larger than 1280 × 720 the slide is, for what a style sheet cannot compute: a number without a unit.
function scale() {
  document.body.style.setProperty("--scale", Math.min(innerWidth / 1280, innerHeight / 720));
}

export function present({ commands, tracker, documents, CodeCell }) {
  const asked = new URLSearchParams(location.search);
  const notebook = () => tracker.currentWidget.content;

  function run() {
    const cell = chosen(notebook());
    if (!cell) return undefined;
    select(notebook(), cell);
    document.activeElement.blur(); // out of the code, so that the next key turns the slide
    CodeCell.execute(cell, tracker.currentWidget.sessionContext).catch(() => FAILED);
    return cell;
  }

  function runAndMoveOn() {
    const cell = run();
    const cells = codeCells(notebook());
    const next = cells[cells.indexOf(cell) + 1];
    if (next) select(notebook(), next);
    else ask("next");
  }

  function edit() {
    const cell = chosen(notebook());
    if (!cell || cell.inputHidden) return;
    select(notebook(), cell);
    notebook().mode = "edit";
  }

  const actions = [
    { keys: ["Ctrl+Enter"], help: "run the cell, stay on the slide", act: run, inCode: true },
    { keys: ["Shift+Enter"], help: "run the cell, move on", act: runAndMoveOn, inCode: true },
    { keys: ["Enter"], help: "write in the cell (Esc: leave it)", act: edit },
    { keys: ["Home"], help: "first slide", act: () => commands.execute("RISE:firstSlide") },
    { keys: ["End"], help: "last slide", act: () => commands.execute("RISE:lastSlide") },
    { keys: ["w", "o"], help: "overview of all slides, and back", act: () => commands.execute("RISE:toggleOverview") },
    { keys: ["s", "t"], help: "speaker notes and timer, in a second window", act: openNotes },
    { keys: ["l"], help: "laser pointer", act: togglePointer },
    { keys: ["p"], help: "pen", act: togglePen },
    { keys: ["Backspace"], help: "wipe off what the pen drew", act: clearPen },
    { keys: ["d"], help: "dark or light", act: () => toggleDark() },
    { keys: ["/", "b", "."], help: "black screen, and back", act: () => ask("togglePause") },
    { keys: ["f"], help: "full screen", act: fullScreen },
    { keys: ["?"], help: "these keys", act: () => showKeys(actions) },
    { keys: ["Escape"], help: "leave a control, a cell, the pointer, the pen", act: drop },
  ];

  toggleDark(asked.has("dark"));
  listen(actions);
  followSlides();
  scale();
  window.addEventListener("resize", scale);
  document.addEventListener("slidechanged", clearPen);
  const style = new URL("slides.css", import.meta.url);
  document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${style}">`);
  tracker.widgetAdded.connect((_tracker, panel) => {
    if (asked.has("run")) runNotebook(panel, CodeCell, documents);
  });
}
