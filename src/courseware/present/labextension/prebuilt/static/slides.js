// What live slides have beside RISE: they run on opening, and have keys, notes, a pointer, a pen, light and dark.
//
//   /rise/<notebook>?run             runs the notebook's cells, because a widget lives in the kernel that made it
//   /rise/<notebook>?pictures=<name> shows explorers from the pictures kept in static/<name>/, until the kernel has run
//   /rise/<notebook>?by=<who>&at=<where and when>   for the title slide
//   /rise/<notebook>?style=<file>    lays a style sheet of the course's folder over ours
//   /rise/<notebook>?dark            starts dark
//   /rise/<notebook>?words=<file>    speaks the words in static/<file>
//   /rise/<notebook>?votes           the class can vote by phone; without, by show of hands
import { fold, offerCode, toggleCode } from "./code.js";
import { ask, current, fullScreen } from "./deck.js";
import { listen, showKeys } from "./keys.js";
import { openAnswers } from "./folds.js";
import { clearPen, drop, togglePen, togglePointer } from "./ink.js";
import { Kernel } from "./kernel.js";
import { showKept } from "./kept.js";
import { followSlides, openNotes } from "./notes.js";
import { showContents } from "./contents.js";
import { offerVotes, questionsIn } from "./votes.js";
import { learn, say } from "./words.js";

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

// Who lectures, where and when: below the heading of the first slide.
function signTitle(...said) {
  const words = said.filter(Boolean).join(" · ");
  const heading = document.querySelector(".reveal .slides h1");
  if (!words || !heading) return;
  const line = document.createElement("p");
  line.className = "courseware-by";
  line.textContent = words;
  heading.after(line);
}

// How much larger than 1280 × 720 the slide is, for what a style sheet cannot compute: a number without a unit.
function scale() {
  document.body.style.setProperty("--scale", Math.min(innerWidth / 1280, innerHeight / 720));
}

export function present({ commands, tracker, documents, CodeCell, wanted }) {
  const asked = new URLSearchParams(location.search);
  const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const notebook = () => tracker.currentWidget.content;

  let kernel;

  // JupyterLab gives the cursor back to a cell as long as it is in edit mode.
  function leaveCode() {
    notebook().mode = "command";
    document.activeElement.blur();
  }

  function run() {
    const cell = chosen(notebook());
    if (!cell) return undefined;
    select(notebook(), cell);
    leaveCode(); // so that the next key turns the slide
    kernel.run(cell);
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
    if (cell.node.matches(".courseware-folded") && !current().hasAttribute("data-code")) toggleCode();
    select(notebook(), cell);
    notebook().mode = "edit";
  }

  // The lesson's quiz is on no slide; its cells are in the notebook.
  function quizQuestions() {
    const outputs = notebook().widgets.flatMap((cell) => cell.model.outputs?.toJSON() ?? []);
    const pages = outputs.map((output) => [output.data?.["text/html"] ?? ""].flat().join(""));
    const quizzes = pages.filter((page) => page.includes("courseware-quiz"));
    return questionsIn(new DOMParser().parseFromString(quizzes.join(""), "text/html"));
  }

  const actions = [
    { keys: ["Ctrl+Enter"], help: "run the cell, stay on the slide", act: run, inCode: true },
    { keys: ["Shift+Enter"], help: "run the cell, move on", act: runAndMoveOn, inCode: true },
    { keys: ["Enter"], help: "write in the cell (Esc: leave it)", act: edit },
    { keys: ["Home"], help: "first slide", act: () => commands.execute("RISE:firstSlide") },
    { keys: ["End"], help: "last slide", act: () => commands.execute("RISE:lastSlide") },
    { keys: ["w", "o"], help: "all slides by their titles", act: showContents },
    { keys: ["s", "t"], help: "speaker notes and timer, in a second window", act: openNotes },
    { keys: ["l"], help: "laser pointer", act: togglePointer },
    { keys: ["p"], help: "pen", act: togglePen },
    { keys: ["Backspace"], help: "wipe off what the pen drew", act: clearPen },
    { keys: ["c"], help: "show or fold the code of this slide", act: toggleCode },
    { keys: ["d"], help: "dark or light", act: () => toggleDark() },
    { keys: ["/", "b", "."], help: "black screen, and back", act: () => ask("togglePause") },
    { keys: ["k"], help: "start the kernel again, if it was lost", act: () => kernel.again() },
    offerVotes({
      slide: current,
      questions: quizQuestions,
      said: say,
      route: asked.has("votes") ? new URL(`${baseUrl}courseware/votes`, location.origin) : undefined,
    }),
    { keys: ["f"], help: "full screen", act: fullScreen },
    { keys: ["?"], help: "these keys", act: () => showKeys(actions) },
    { keys: ["Escape"], help: "leave a control, a cell, the pointer, the pen", act: drop },
  ];

  if (asked.has("words")) learn(new URL(`${baseUrl}static/${asked.get("words")}`, location.origin));
  toggleDark(asked.has("dark"));
  listen(actions);
  followSlides();
  // RISE begins at the first slide, whatever the address says; a reloaded page goes back to where it was.
  const goBack = () => { if (wanted) location.hash = wanted; };
  document.addEventListener("ready", () => {
    signTitle(asked.get("by"), asked.get("at"));
    setTimeout(goBack);
  }, { once: true });
  scale();
  window.addEventListener("resize", scale);
  document.addEventListener("slidechanged", clearPen);
  for (const name of ["slides.css", "votes.css"]) {
    const style = new URL(name, import.meta.url);
    document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${style}">`);
  }
  if (asked.has("style")) {
    const own = new URL(`${baseUrl}files/${encodeURI(asked.get("style"))}`, location.origin);
    // At the end of the page: RISE brings rise.css, which it is laid over, into the head later.
    document.body.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${own}">`);
  }
  offerCode();
  document.addEventListener("slidechanged", () => {
    if (document.activeElement?.closest(".jp-Cell")) leaveCode();
  });
  tracker.widgetAdded.connect(async (_tracker, panel) => {
    kernel = new Kernel(panel, CodeCell);
    await panel.context.ready;
    fold(panel.content);
    openAnswers(panel.content);
    if (asked.has("pictures")) {
      const folder = new URL(`${baseUrl}static/${asked.get("pictures")}/`, location.origin);
      showKept(panel.content, folder).then((kept) => kernel.keep(kept));
    }
    if (!asked.has("run")) return;
    await panel.sessionContext.ready;
    documents.autosave = false; // a talk must not change the notebook; not earlier, JupyterLab's settings would undo it
    kernel.start();
  });
}
