// Live slides: a prebuilt JupyterLab extension, written by hand (there is no build step).
//
// It acts on the page of jupyterlab-rise (/rise/<notebook>); what it does there is in slides.js. In JupyterLab itself it
// only sees to it that a notebook which nobody has changed is not "unsaved" (opened.js), and that the bar in place of a
// folded answer does not begin to tell it (folds.js). This file is what JupyterLab loads. It also makes widgets work: the page bundles JupyterLab without @jupyterlab/console, and the
// widget manager of ipywidgets >= 8.1.3 does not load without it (jupyterlab-contrib/rise issue 119). The manager
// wants only a token from that module, to ask whether there are consoles; we offer a stand-in that has it.
// May be deleted once jupyterlab-rise shares @jupyterlab/console itself.
(() => {
  const NAME = "courseware-live-slides";
  const page = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
  const onSlides = page.appName === "Rise";
  const wanted = location.hash; // the slide to begin with, before RISE forgets it
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

  async function slidesPlugin() {
    const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
    const { CodeCell } = await sharedModule("@jupyterlab/cells");
    const { IDocumentManager } = await sharedModule("@jupyterlab/docmanager");
    const { present } = await import("./slides.js");
    return {
      id: `${NAME}:plugin`,
      autoStart: true,
      requires: [INotebookTracker, IDocumentManager],
      activate: (app, tracker, documents) => present({ commands: app.commands, tracker, documents, CodeCell, wanted }),
    };
  }

  async function openedPlugin() {
    const { INotebookTracker, NotebookActions } = await sharedModule("@jupyterlab/notebook");
    const { settle } = await import("./opened.js");
    const { keepFolds, nameFolds } = await import("./folds.js");
    return {
      id: `${NAME}:opened`,
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        keepFolds(app.commands, NotebookActions);
        tracker.widgetAdded.connect((_tracker, panel) => {
          settle(panel);
          nameFolds(panel);
        });
      },
    };
  }

  window._JUPYTERLAB[NAME] = {
    init: (sharedByPage) => {
      scope = sharedByPage;
      if (onSlides) offerConsole();
    },
    get: async () => {
      const plugins = [await (onSlides ? slidesPlugin() : openedPlugin())];
      return () => plugins;
    },
  };
})();
