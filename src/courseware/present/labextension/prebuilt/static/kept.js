// Explorers and microscopes that work before a kernel has run anything, from pictures that an earlier run of the lesson has left
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

// What stands on a cell until the kernel's own is there. It begins there as it was left here.
class Kept {
  constructor(cell, render) {
    this.cell = cell;
    this.render = render;
    this.host = document.createElement("div");
    this.host.className = "courseware-kept";
  }

  get shown() {
    return this.host.isConnected;
  }

  show() {
    if (this.shown) return;
    this.cell.outputArea.node.before(this.host);
    this.cell.node.classList.add("courseware-has-kept");
    this.draw();
  }

  hide() {
    this.host.remove();
    this.host.replaceChildren();
    this.cell.node.classList.remove("courseware-has-kept");
  }

  get live() {
    return this.cell.outputArea.node.querySelector(this.selector);
  }

  // The kernel's takes over once it shows the same, with the focus, and not in the middle of a drag or a number.
  async giveWay() {
    for (const end = Date.now() + PATIENCE_MS; this.shown && Date.now() < end; await pause(LOOK_MS)) {
      const { live } = this;
      if (!live || this.host.matches(":active, :has([data-typing='true'])") || !this.handOver(live)) continue;
      const controls = (root) => [...root.querySelectorAll("input, select, [tabindex]")];
      const focused = controls(this.host).indexOf(document.activeElement);
      this.hide();
      controls(live)[focused]?.focus();
    }
  }
}

class KeptExplorer extends Kept {
  selector = ".courseware-explorer";

  constructor(cell, state, render, folder) {
    super(cell, render);
    this.position = state.position;
    this.state = { ...state, holds: "", images: state.images.map((name) => new URL(name, folder).href) };
  }

  draw() {
    const given = { ...this.state, position: this.position };
    const set = (name, value) => { if (name === "position") this.position = value; };
    const model = { get: (name) => given[name], set, save_changes() {}, on() {}, off() {}, send() {} };
    this.render({ model, el: this.host });
    this.host.querySelector(".courseware-explorer")?.dispatchEvent(new Event("pointerenter"));
  }

  // Whether it shows the same picture: the kernel may have to draw it first.
  handOver(live) {
    live.dispatchEvent(new CustomEvent("courseware-go", { detail: [...this.position] }));
    return live.querySelector(".courseware-picture").dataset.key === this.position.join(",");
  }
}

class KeptMicroscope extends Kept {
  selector = ".courseware-microscope";

  constructor(cell, { description }, render) {
    super(cell, render);
    this.given = { description };
  }

  draw() {
    const { given } = this;
    const set = (name, value) => { given[name] = value; };
    this.render({ model: { get: (name) => given[name], set, save_changes() {} }, el: this.host });
  }

  handOver(live) {
    if (this.given.values) live.dispatchEvent(new CustomEvent("courseware-go", { detail: this.given.values }));
    return true;
  }
}

// Show the kept explorer or microscope of each cell that has one; returns them by cell.
export async function showKept(notebook, folder) {
  const states = await fetched(new URL("explorers.json", folder));
  const [explorer, microscope] = await Promise.all(["explorer", "microscope"].map(async (name) => {
    const { default: widget } = await import(new URL(`${name}.js`, folder));
    document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${new URL(`${name}.css`, folder)}">`);
    return widget;
  }));
  const kept = new Map();
  for (const cell of notebook.widgets) {
    const state = states[cell.model.id];
    if (!state) continue;
    const made = state.description
      ? new KeptMicroscope(cell, state, microscope.render)
      : new KeptExplorer(cell, state, explorer.render, folder);
    kept.set(cell, made);
    if (!made.live) made.show();
  }
  return kept;
}
