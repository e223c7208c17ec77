// Widgets on live slides: a prebuilt JupyterLab extension, written by hand (there is no build step).
//
// It acts on the page of jupyterlab-rise only (/rise/<notebook>) and does three things there.
//
// 1. The page bundles JupyterLab without @jupyterlab/console, and the widget manager of ipywidgets >= 8.1.3
//    does not load without it, so no widget is shown (jupyterlab-contrib/rise issue 119). The manager wants
//    only a token from that module, to ask whether there are consoles; we offer a stand-in that has it.
//    May be deleted once jupyterlab-rise shares @jupyterlab/console itself.
// 2. A key pressed on a widget's control moves the control and does not turn the slide; the left and right
//    arrows turn it everywhere else; Escape leaves the control.
//    May be deleted once jupyterlab-rise does so itself (tests/browser/test_lab_live.py says).
// 3. /rise/<notebook>?run runs the notebook, because a widget lives in the kernel that made it.
(() => {
  const NAME = "courseware-live-slides";
  const page = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
  const onSlides = page.appName === "Rise";
  const FAILED = { content: { status: "error" } };
  let scope; // the modules that the page shares: {name: {version: {get, from, eager}}}

  function offerConsole() {
    scope["@jupyterlab/console"] ??= {
      "4.6.2": {
        get: async () => () => ({ IConsoleTracker: { name: "@jupyterlab/console:IConsoleTracker" } }),
        from: NAME,
        eager: false,
      },
    };
  }

  async function sharedModule(name) {
    const [offer] = Object.values(scope[name]);
    return (await offer.get())();
  }

  // Shortcuts are looked up while the event goes down to its target, the slides listen on the document while
  // it comes up again: hence one listener for each way.
  function shareKeysWithSlides() {
    const outputOf = (event) => event.target.closest?.(".jp-OutputArea-output");
    const isSideways = (event) => event.key === "ArrowLeft" || event.key === "ArrowRight";
    const isPage = (event) => event.key === "PageUp" || event.key === "PageDown";
    const leaveControl = () => document.activeElement.blur();

    const down = (event) => {
      const output = outputOf(event);
      const editor = event.target.closest?.(".cm-editor");
      // A cell that was clicked has the focus, and JupyterLab takes these arrows to fold its headings.
      const suppress = output || (!editor && isSideways(event));
      event.target.toggleAttribute?.("data-lm-suppress-shortcuts", Boolean(suppress));
      if (output && event.key === "Escape") leaveControl();
      // A presenter's remote control sends these: it must turn the slide whatever was clicked last.
      if ((output || editor) && isPage(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        leaveControl();
        const { key, code, keyCode } = event;
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, keyCode, bubbles: true }));
      }
    };
    const up = (event) => {
      if (outputOf(event)) event.stopPropagation();
    };
    window.addEventListener("keydown", down, true);
    document.body.addEventListener("keydown", up);
  }

  // Cell by cell, because JupyterLab's "run all" selects the last cell, and the slides follow the selection.
  async function runNotebook(panel, CodeCell, documents) {
    await panel.context.ready;
    await panel.sessionContext.ready;
    documents.autosave = false; // a talk must not change the notebook
    document.body.dataset.notebookRun = "running";
    for (const cell of panel.content.widgets.filter((cell) => cell.model.type === "code")) {
      const reply = await CodeCell.execute(cell, panel.sessionContext).catch(() => FAILED);
      const meant = cell.model.getMetadata("tags")?.includes("raises-exception");
      if (reply?.content.status === "error" && !meant) break;
    }
    document.body.dataset.notebookRun = "done";
  }

  async function slidesPlugin() {
    const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
    const { CodeCell } = await sharedModule("@jupyterlab/cells");
    const { IDocumentManager } = await sharedModule("@jupyterlab/docmanager");
    return {
      id: `${NAME}:plugin`,
      autoStart: true,
      requires: [INotebookTracker, IDocumentManager],
      activate: (_app, tracker, documents) => {
        shareKeysWithSlides();
        if (new URLSearchParams(location.search).has("run")) {
          tracker.widgetAdded.connect((_tracker, panel) => runNotebook(panel, CodeCell, documents));
        }
      },
    };
  }

  window._JUPYTERLAB[NAME] = {
    init: (sharedByPage) => {
      scope = sharedByPage;
      if (onSlides) offerConsole();
    },
    get: async () => {
      const plugins = onSlides ? [await slidesPlugin()] : [];
      return () => plugins;
    },
  };
})();
