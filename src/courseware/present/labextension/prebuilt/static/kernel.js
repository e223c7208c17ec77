// Runs the lesson's cells behind what the slides show already, in the order in which slides come, and says what still
// waits for it.
//
// A cell that has run is remembered by the kernel itself, under its id: a reloaded page and a second window ask it, and
// run nothing twice. One window runs cells at a time (a lock that ends with the window).
import { current } from "./deck.js";
import { say } from "./words.js";

const RAN = "courseware_ran"; // an attribute of IPython's shell: it dies with the kernel, and no cell sees it
const FAILED = { content: { status: "error" } };
const LOST = ["dead", "autorestarting", "restarting", "terminating"];
const page = JSON.parse(document.getElementById("jupyter-config-data").textContent);

const note = document.createElement("div");
note.className = "courseware-kernel";
note.setAttribute("role", "status");

export class Kernel {
  constructor(panel, CodeCell) {
    this.panel = panel;
    this.session = panel.sessionContext;
    this.CodeCell = CodeCell;
    this.kept = new Map();
    this.running = false;
    this.lost = false;
    document.body.append(note);
    document.addEventListener("slidechanged", () => this.say());
    window.addEventListener("pagehide", () => this.stop());
    this.session.statusChanged.connect((_session, status) => {
      if (LOST.includes(status)) this.lose();
    });
  }

  // The kept explorers, by cell. A kernel that was quick has drawn its own of some before the pictures were there.
  keep(kept) {
    this.kept = kept;
    for (const [cell, each] of kept) if (!cell.node.dataset.kernel) each.giveWay();
  }

  get cells() {
    return this.panel.content.widgets.filter((cell) => cell.model.type === "code");
  }

  async start() {
    await this.panel.context.ready;
    await this.session.ready;
    this.lost = false;
    document.body.dataset.notebookRun = "running";
    for (const { node } of this.cells) node.dataset.kernel = "waits";
    this.say();
    const { kernel } = this.session.session;
    await this.alone(`courseware ${kernel.id}`, () => this.runAll(kernel));
    if (!this.lost) document.body.dataset.notebookRun = "done";
    this.say();
  }

  // `navigator.locks` is there on https and on loopback.
  alone(name, act) {
    return navigator.locks ? navigator.locks.request(name, act) : act();
  }

  // Cell by cell, because JupyterLab's "run all" selects the last cell, and the slides follow the selection.
  async runAll(kernel) {
    const ran = await this.ran(kernel);
    this.running = true;
    for (const cell of this.cells) {
      if (this.lost) break;
      if (!ran.includes(cell.model.id) && !(await this.run(cell, { quietly: true }))) break;
      delete cell.node.dataset.kernel;
      this.say();
    }
    this.running = false;
  }

  async ran(kernel) {
    const expression = `','.join(getattr(get_ipython(), '${RAN}', ()))`;
    const asked = kernel.requestExecute({ code: "", silent: true, user_expressions: { ran: expression } });
    const { content } = await asked.done;
    return (content.user_expressions?.ran?.data?.["text/plain"] ?? "").replaceAll("'", "").split(",");
  }

  // Run one cell; true if it did not fail, or was meant to. Quietly: what it showed stays until it is done.
  async run(cell, { quietly = false } = {}) {
    const { kernel } = this.session.session;
    const before = quietly ? this.leave(cell) : null;
    const reply = await this.CodeCell.execute(cell, this.session).catch(() => FAILED);
    before?.remove();
    cell.node.classList.remove("courseware-has-before");
    const meant = cell.model.getMetadata("tags")?.includes("raises-exception");
    const well = reply?.content.status !== "error" || meant;
    if (well) {
      delete cell.node.dataset.kernel;
      const code = `get_ipython().__dict__.setdefault('${RAN}', []).append('${cell.model.id}')`;
      kernel.requestExecute({ code, silent: true, store_history: false });
      this.kept.get(cell)?.giveWay();
    }
    this.say();
    return well;
  }

  // A copy of what the cell shows, in its place while it runs; a kept explorer stays by itself.
  leave(cell) {
    if (!cell.outputArea.node.childElementCount || this.kept.get(cell)?.shown) return null;
    const copy = cell.outputArea.node.cloneNode(true);
    copy.classList.add("courseware-before");
    cell.outputArea.node.before(copy);
    cell.node.classList.add("courseware-has-before");
    return copy;
  }

  // The window is closed or reloaded: nobody waits for the cell that runs.
  stop() {
    if (!this.running) return;
    const address = `${page.baseUrl}api/kernels/${this.session.session.kernel.id}/interrupt`;
    fetch(address, { method: "POST", keepalive: true, headers: { Authorization: `token ${page.token}` } });
  }

  lose() {
    if (this.lost) return;
    this.lost = true;
    document.body.dataset.notebookRun = "lost";
    for (const cell of this.cells) cell.node.dataset.kernel = "waits";
    for (const each of this.kept.values()) each.show();
    this.say();
  }

  async again() {
    if (!this.lost) return;
    document.body.dataset.notebookRun = "running";
    note.textContent = say("starting the kernel again");
    await this.session.restartKernel();
    await this.start();
  }

  say() {
    const waits = current()?.querySelector("[data-kernel=waits]");
    if (this.lost) note.textContent = say("The kernel was lost. Explorers go on; K starts it again.");
    else note.textContent = waits && this.running ? say("still waiting for the kernel") : "";
  }
}

// What JupyterLab says in a box in front of the slide, our note says below it. The box is written after it has opened.
const OUR_NOTE = /Kernel Restarting|Server Connection Error|Kernel Reconnect/;
const WRITTEN_MS = 100;
new MutationObserver((changes) => {
  for (const box of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
    if (!box.matches?.(".jp-Dialog")) continue;
    setTimeout(() => {
      if (OUR_NOTE.test(box.textContent)) box.querySelector("button.jp-mod-accept").click();
    }, WRITTEN_MS);
  }
}).observe(document.body, { childList: true });
