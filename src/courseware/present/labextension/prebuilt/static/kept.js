// Explorers that work before a kernel has run anything, from pictures that an earlier run of the lesson has left
// (courseware.present.kept), until the kernel's own explorer is drawn; and again when the kernel is lost.

const AGAIN_MS = 2000; // until the next look for pictures that another process is still drawing
const LOOK_MS = 50; // between two looks whether the kernel's explorer is drawn
const PATIENCE_MS = 600000;

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

async function fetched(address) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(AGAIN_MS)) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return answer.json();
  }
  return {};
}

// One explorer, on its cell. `position` follows the hand, so that the kernel's explorer begins where this one is.
class Kept {
  constructor(cell, state, render, folder) {
    this.cell = cell;
    this.position = state.position;
    this.state = { ...state, holds: "", images: state.images.map((name) => new URL(name, folder).href) };
    this.render = render;
    this.host = document.createElement("div");
    this.host.className = "courseware-kept";
  }

  get shown() {
    return this.host.isConnected;
  }

  show() {
    if (this.shown) return;
    const given = { ...this.state, position: this.position };
    const set = (name, value) => { if (name === "position") this.position = value; };
    const model = { get: (name) => given[name], set, save_changes() {}, on() {}, off() {}, send() {} };
    this.cell.outputArea.node.before(this.host);
    this.cell.node.classList.add("courseware-has-kept");
    this.render({ model, el: this.host });
    this.host.querySelector(".courseware-explorer")?.dispatchEvent(new Event("pointerenter"));
  }

  hide() {
    this.host.remove();
    this.host.replaceChildren();
    this.cell.node.classList.remove("courseware-has-kept");
  }

  // The kernel's explorer takes over once it shows the same picture, with the focus, and not in the middle of a drag.
  async giveWay() {
    for (const end = Date.now() + PATIENCE_MS; this.shown && Date.now() < end; await pause(LOOK_MS)) {
      const live = this.cell.outputArea.node.querySelector(".courseware-explorer");
      if (!live) continue;
      live.dispatchEvent(new CustomEvent("courseware-go", { detail: [...this.position] }));
      const same = live.querySelector(".courseware-picture").dataset.key === this.position.join(",");
      if (!same || this.host.matches(":active")) continue;
      const controls = (root) => [...root.querySelectorAll("input, select, [tabindex]")];
      const focused = controls(this.host).indexOf(document.activeElement);
      this.hide();
      controls(live)[focused]?.focus();
    }
  }
}

// Show the kept explorer of each cell that has one; returns them by cell.
export async function showKept(notebook, folder) {
  const states = await fetched(new URL("explorers.json", folder));
  const { default: explorer } = await import(new URL("explorer.js", folder));
  document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${new URL("explorer.css", folder)}">`);
  const kept = new Map();
  for (const cell of notebook.widgets) {
    const state = states[cell.model.id];
    if (!state) continue;
    kept.set(cell, new Kept(cell, state, explorer.render, folder));
    if (!cell.outputArea.node.querySelector(".courseware-explorer")) kept.get(cell).show();
  }
  return kept;
}
