// What live slides say, in the language of the notebook. English stands in the scripts, and the server has left the words
// of another language beside the explorers' pictures (courseware.present.words).
let known = {};

export async function learn(address) {
  const answer = await fetch(address).catch(() => null);
  if (answer?.ok) known = await answer.json();
}

// What was learned, for the window of the notes.
export const words = () => known;

export function use(learned) {
  known = learned;
}

// A text with its places filled: say("{count} votes", { count: 3 }).
export function say(text, places = {}) {
  return (known[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}
