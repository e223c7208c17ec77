// The class votes by phone (courseware present 5 --votes): V opens the vote over the slide. It asks a question of the
// lesson's quiz or one of the lecturer's own, on a "Predict" slide its question; shows where phones go and how many have
// voted; then, when the lecturer says so, the bars, the right choice and why. A second vote stands beside the first.
//
// The vote itself is in another process (courseware.votes); we give it orders through JupyterLab's server.
import { current } from "./deck.js";

const ORDERS = [
  // What the button says, what it orders, and when it is there.
  ["Close the vote", "close", (seen) => seen.open],
  ["Show the bars", "show_bars", (seen) => !seen.bars],
  ["Vote again", "again", () => true],
  ["Show the answer", "show_answer", (seen) => !seen.answer],
  ["Another question", "end", () => true],
];
const LOOK_EVERY = 1000; // ms

function make(tag, { className, text, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

// What the slide asks to predict, in plain words; formulas as a screen reader has them.
function predicted() {
  const bold = [...(current()?.querySelectorAll("p strong") ?? [])].find((one) => one.textContent.startsWith("Predict"));
  if (!bold) return "";
  const after = document.createRange();
  after.setStartAfter(bold);
  after.setEndAfter(bold.closest("p"));
  const words = make("p", {}, after.cloneContents());
  for (const formula of words.querySelectorAll("mjx-container")) {
    formula.replaceWith(formula.querySelector("mjx-assistive-mml")?.textContent ?? "…");
  }
  return words.textContent.replace(/\s+/g, " ").replace(/^[:\s]+/, "").trim();
}

export function offerVotes(baseUrl) {
  const route = new URL(`${baseUrl}courseware/votes`, location.origin);
  let room; // {link, code, questions}
  let seen; // what the server has shown last
  let view;

  async function talk(order) {
    const token = document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "";
    const options = order && { method: "POST", body: JSON.stringify(order), headers: { "X-XSRFToken": token } };
    const answer = await fetch(route, options);
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message);
    return said;
  }

  async function order(what) {
    try {
      show(await talk(what));
      view.trouble.textContent = "";
    } catch (error) {
      view.trouble.textContent = `That did not work: ${error.message}`;
    }
  }

  function chooser() {
    const own = predicted();
    const names = ["quiz", ...room.questions.keys()].map(String);
    const chosen = own || !room.questions.length ? "quiz" : "0";
    const radio = (value) => make("input", { type: "radio", name: "question", value, checked: value === chosen });
    const question = make("textarea", { value: own, rows: 4, maxLength: 600, ariaLabel: "Your question" });
    const choices = make("textarea", { value: "yes\nno\nit depends", rows: 4, ariaLabel: "Its choices, one a line" });
    const pick = () => { form.elements.question.value = "quiz"; };
    question.addEventListener("focus", pick);
    choices.addEventListener("focus", pick);
    const form = make(
      "form",
      {},
      make("h2", { text: "Ask the class" }),
      make("label", {}, radio(names[0]), own ? "What this slide asks: " : "A question of your own: "),
      make("div", { className: "own" }, question, choices),
      ...room.questions.map((text, place) => make("label", {}, radio(names[place + 1]), text)),
      make("div", { className: "orders" }, make("button", { text: "Open the vote" })),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { value } = form.elements.question;
      const lines = choices.value.split("\n").map((line) => line.trim()).filter(Boolean);
      order(value === "quiz" ? { do: "open", text: question.value, choices: lines } : { do: "open", quiz: Number(value) });
    });
    return form;
  }

  function bar(round, place) {
    const counts = seen.rounds[round];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const fill = make("span", { className: "fill" });
    fill.style.width = `${total ? (100 * counts[place]) / total : 0}%`;
    const which = seen.rounds.length > 1 ? `vote ${round + 1}: ` : "";
    const said = `${which}${counts[place]} of ${total}`;
    return make("div", { className: "bar" }, make("span", { className: "track" }, fill), make("span", { text: said }));
  }

  function choice(text, place) {
    const letter = "abcdefgh"[place];
    const right = letter === seen.asked.right;
    const item = make("li", { className: right ? "right" : "" }, make("div", { text: `${letter} · ${text}` }));
    item.append(make("div", { className: "bars" }));
    const why = seen.asked.explanations[place] ?? "";
    if (right || why) item.append(make("p", { text: `${right ? "✓ Right. " : ""}${why}` }));
    return item;
  }

  function vote() {
    const qr = make("div", { className: "code" });
    qr.innerHTML = room.code; // an SVG of our own server
    qr.firstElementChild.setAttribute("role", "img");
    qr.firstElementChild.setAttribute("aria-label", "QR code of the address below");
    const buttons = ORDERS.filter(([, , there]) => there(seen)).map(([text, what]) => {
      const button = make("button", { text, type: "button" });
      button.addEventListener("click", () => order({ do: what }));
      return button;
    });
    return make(
      "div",
      { className: "vote" },
      make("h2", { text: seen.asked.text, tabIndex: -1 }),
      make("ul", {}, ...seen.asked.choices.map(choice)),
      make("aside", {}, qr, make("p", { className: "link", text: room.link.replace("http://", "") }), view.count),
      make("div", { className: "orders" }, ...buttons),
    );
  }

  // What was there stays, as long as the state is the same: a focused button keeps the focus, a bar moves. In a new state
  // no button has it: a second press of Enter must not do the next thing.
  function show(fresh) {
    const state = ({ number, open, bars, answer, asked }) => [number, open, bars, answer, asked === null].join();
    const changed = !seen || !view.body.firstChild || state(fresh) !== state(seen);
    seen = fresh;
    if (changed) {
      view.body.replaceChildren(seen.asked ? vote() : chooser());
      (view.body.querySelector("input:checked") ?? view.body.querySelector("h2")).focus();
    }
    if (!seen.asked) return;
    const last = seen.cast.at(-1);
    const said = `${last} ${last === 1 ? "vote" : "votes"}${seen.open ? "" : ", closed"}`;
    if (view.count.textContent !== said) view.count.textContent = said;
    for (const [place, bars] of view.body.querySelectorAll(".bars").entries()) {
      const rounds = [...seen.rounds.keys()];
      if (bars.dataset.drawn === String(seen.rounds)) continue;
      bars.dataset.drawn = String(seen.rounds);
      bars.replaceChildren(...rounds.map((round) => bar(round, place)));
    }
  }

  async function open() {
    const dialog = make("dialog", { className: "courseware-vote", ariaLabel: "Vote" });
    view = {
      body: make("div"),
      count: make("p", { className: "count" }),
      trouble: make("p", { className: "trouble", role: "alert" }),
    };
    dialog.append(view.body, view.trouble);
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key.toLowerCase() === "v" && !event.target.matches("textarea")) dialog.close();
    });
    const looking = setInterval(() => { if (seen?.asked) talk({ do: "look" }).then(show, () => {}); }, LOOK_EVERY);
    dialog.addEventListener("close", () => {
      clearInterval(looking);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    try {
      room = await talk();
      show(room.seen);
    } catch (error) {
      view.trouble.textContent = `The vote cannot be reached: ${error.message}`;
    }
  }

  return { keys: ["v"], help: "the class votes by phone (Esc or V: back to the slide)", act: open };
}
