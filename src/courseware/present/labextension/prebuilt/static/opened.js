// A kernel that starts writes its version of Python and its name into the notebook's metadata, and JupyterLab then calls
// the notebook unsaved, although nobody has changed anything.

const sources = ({ content }) => content.widgets.map(({ model }) => model.sharedModel.getSource()).join("\0");

export async function settle(panel) {
  await panel.context.ready;
  const before = sources(panel);
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  await Promise.all([kernel?.info, kernel?.spec]);
  await new Promise((done) => { setTimeout(done); });
  if (sources(panel) === before) panel.model.dirty = false;
}
