// What the notebook folds (courseware.text.folds): on slides it is open, in JupyterLab the fold of an output says why.
const ANSWER = "answer"; // the tag of a code cell whose output is folded
const FOLDED = "details.courseware-answer:not([open])";

const answers = (cells) =>
  cells.filter(({ model }) => model.type === "code" && model.getMetadata("tags")?.includes(ANSWER));

// A fragment waits by itself. Text is drawn when JupyterLab comes to it, and anew when somebody edits it.
export function openAnswers(notebook) {
  for (const cell of answers(notebook.widgets)) cell.outputHidden = false;
  const open = () => document.querySelectorAll(FOLDED).forEach((fold) => { fold.open = true; });
  new MutationObserver(open).observe(document.body, { childList: true, subtree: true });
  open();
}

// The text of some notes as the notes window shows it: without the fold.
export function openedNotes(text) {
  const copy = text.cloneNode(true);
  for (const fold of copy.querySelectorAll("details.courseware-notes")) {
    fold.querySelector("summary").remove();
    fold.replaceWith(...fold.childNodes);
  }
  return copy.innerHTML;
}

// In JupyterLab: the bar in place of a folded output would begin to tell what it hides.
export async function nameFolds(panel) {
  await panel.context.ready;
  for (const { node, model } of answers(panel.content.widgets)) {
    node.classList.add("courseware-answer");
    node.style.setProperty("--courseware-fold", JSON.stringify(model.getMetadata("mystnb")?.code_prompt_show ?? ""));
  }
  const style = new URL("folds.css", import.meta.url);
  if (document.querySelector(`link[href="${style}"]`)) return;
  document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${style}">`);
}

// In JupyterLab: who runs the cell of an answer opens it; who runs all cells wants the sliders, and keeps the answers shut.
export function keepFolds(commands, NotebookActions) {
  let all = 0; // commands that run all cells and have not ended
  commands.commandExecuted.connect((_commands, { id, result }) => {
    if (!id.includes("run-all")) return;
    all += 1;
    result.finally(() => { all -= 1; });
  });
  NotebookActions.executed.connect((_sender, { cell, success }) => {
    if (all && success) for (const answer of answers([cell])) answer.outputHidden = true;
  });
}
