// The class votes: V opens the vote over the slide. It asks a question of the lesson's quiz or one of the lecturer's own,
// on a "Predict" slide its question. By phone (courseware present 5 --votes) it shows where phones go and how many have
// voted, and hands can be counted besides; without phones, and in exported decks, hands are counted. Then, when the
// lecturer says so, the bars, the right choice and why. A second vote stands beside the first.
//
// A vote by phone is in another process (courseware.votes); we give it orders through JupyterLab's server. One by hand is
// in this page alone. Exported decks hold this very file, so it imports nothing.

// What the button says, what it orders, and when it is there.
const ORDERS = [
  { text: "Close the vote", what: "close", there: (seen, byPhone) => byPhone && seen.open },
  { text: "Show the bars", what: "show_bars", there: (seen) => !seen.bars },
  { text: "Vote again", what: "again", there: () => true },
  { text: "Show the answer", what: "show_answer", there: (seen) => !seen.answer },
  { text: "Another question", what: "end", there: () => true },
];
const LOOK_EVERY = 1000; // ms
const LONGEST = 600; // characters of a question or a choice
const MOST_CHOICES = 8;
const MOST_HANDS = 9999;

let say = (text) => text; // in the language of the slides: see offerVotes

function make(tag, { className, text, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = say(text);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

// What the slide asks to predict, in plain words; formulas as a screen reader has them.
function predicted(slide) {
  const bold = [...(slide?.querySelectorAll("p strong") ?? [])].find(({ textContent }) => (
    ["Predict", say("Predict")].some((word) => textContent.startsWith(word))));
  if (!bold) return "";
  const after = document.createRange();
  after.setStartAfter(bold);
  after.setEndAfter(bold.closest("p"));
  const words = make("p", {}, after.cloneContents());
  for (const formula of words.querySelectorAll("mjx-container")) {
    formula.replaceWith(formula.querySelector("mjx-assistive-mml")?.textContent ?? "…");
  }
  for (const source of words.querySelectorAll("annotation, annotation-xml")) source.remove();
  return words.textContent.replace(/\s+/g, " ").replace(/^[:：\s]+/, "").trim();
}

// The questions of the quizzes in `root`, as courseware.notebook.quiz shows them.
export function questionsIn(root) {
  return [...root.querySelectorAll(".courseware-quiz fieldset")].map((question) => {
    const choices = [...question.querySelectorAll("details")];
    const verdicts = choices.map((choice) => choice.querySelector("strong"));
    const why = (verdict) => verdict.parentElement.textContent.trim().slice(verdict.textContent.length).trim();
    return {
      text: question.querySelector("legend").textContent.replace(/^\d+\. /, ""),
      choices: choices.map((choice) => choice.querySelector("summary").textContent.replace(/^\w · /, "")),
      explanations: verdicts.map(why),
      right: "abcdefgh"[verdicts.findIndex((verdict) => verdict.textContent.startsWith("✓"))] ?? "",
    };
  });
}

// A vote by show of hands: the orders and answers of courseware.votes.poll, without phones and without a server.
function byHand(questions) {
  let asked = null;
  let rounds = [];
  let state = { number: 0, open: false, bars: false, answer: false };

  function begin() {
    rounds.push(asked.choices.map(() => 0));
    state = { number: state.number + 1, open: true, bars: false, answer: false };
  }
  function own({ text, choices }) {
    const words = [text, ...choices].every((one) => one.trim() && one.length <= LONGEST);
    if (!words || choices.length < 2 || choices.length > MOST_CHOICES) {
      throw new Error(say("a question has words, and 2 to {most} choices", { most: MOST_CHOICES }));
    }
    return { text, choices, explanations: [], right: "" };
  }
  const carryOut = {
    open(order) {
      asked = "quiz" in order ? questions[order.quiz] : own(order);
      rounds = [];
      begin();
    },
    hands({ counts }) { rounds[rounds.length - 1] = counts; },
    again: begin,
    show_bars() { state.bars = true; },
    show_answer() { Object.assign(state, { open: false, bars: true, answer: true }); },
    end() { asked = null; },
    look() {},
  };
  const seen = () => ({
    ...state,
    cast: rounds.map((counts) => counts.reduce((sum, count) => sum + count, 0)),
    rounds: state.bars ? rounds : [],
    hands: rounds.at(-1) ?? [],
    asked: asked && { ...asked, ...(state.answer ? {} : { explanations: [], right: "" }) },
  });
  return async (order) => {
    if (!order) return { questions: questions.map(({ text }) => text), seen: seen() };
    carryOut[order.do](order);
    return seen();
  };
}

function byPhone(route) {
  return async (order) => {
    const token = document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "";
    const options = order && { method: "POST", body: JSON.stringify(order), headers: { "X-XSRFToken": token } };
    const answer = await fetch(route, options);
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message);
    return said;
  };
}

// `slide` gives the slide that is shown, `questions` those of the lesson; `route` is there if the class votes by phone.
// `said` says a text, with its places filled, in the language of the slides.
export function offerVotes({ slide, questions, route, said: spoken }) {
  say = spoken;
  let talk = route && byPhone(route);
  let room; // {link, code, questions}
  let seen; // what the vote has shown last
  let orders = 0; // given; what was seen before the last of them is out of date
  let view;

  function begin(by) {
    talk = by;
    seen = undefined;
    return talk();
  }

  async function order(what) {
    orders += 1;
    try {
      show(await talk(what));
      view.trouble.textContent = "";
    } catch (error) {
      view.trouble.textContent = say("That did not work: {error}", { error: error.message });
    }
  }

  function chooser() {
    const own = predicted(slide());
    const names = ["quiz", ...room.questions.keys()].map(String);
    const chosen = own || !room.questions.length ? "quiz" : "0";
    const radio = (value) => make("input", { type: "radio", name: "question", value, checked: value === chosen });
    const question = make("textarea", { value: own, rows: 4, maxLength: LONGEST, ariaLabel: say("Your question") });
    const choices = make("textarea", { value: say("yes, no, it depends").split(/, |，/).join("\n"), rows: 4 });
    choices.ariaLabel = say("Its choices, one a line");
    const pick = () => { form.elements.question.value = "quiz"; };
    question.addEventListener("focus", pick);
    choices.addEventListener("focus", pick);
    const form = make(
      "form",
      {},
      make("h2", { text: "Ask the class" }),
      make("label", {}, radio(names[0]), own ? say("What this slide asks: ") : say("A question of your own: ")),
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
    const places = { number: round + 1, place: counts[place], total };
    const said = seen.rounds.length > 1 ? say("vote {number}: {place} of {total}", places) : say("{place} of {total}", places);
    return make("div", { className: "bar" }, make("span", { className: "track" }, fill), make("span", { text: said }));
  }

  function countHands() {
    const typed = [...view.body.querySelectorAll(".hands input")];
    if (!typed.every((input) => input.reportValidity())) return;
    order({ do: "hands", counts: typed.map((input) => Number(input.value)) });
  }

  function choice(text, place) {
    const letter = "abcdefgh"[place];
    const right = letter === seen.asked.right;
    const item = make("li", { className: right ? "right" : "" }, make("div", { text: `${letter} · ${text}` }));
    const hands = make("input", { type: "number", min: 0, max: MOST_HANDS, step: 1, required: true });
    hands.value = seen.hands[place] ?? 0;
    hands.addEventListener("change", countHands);
    hands.addEventListener("focus", () => hands.select());
    item.append(make("label", { className: "hands" }, say("hands for {letter} ", { letter }), hands));
    item.append(make("div", { className: "bars" }));
    const why = seen.asked.explanations[place] ?? "";
    if (right || why) item.append(make("p", { text: `${right ? say("✓ Right. ") : ""}${why}` }));
    return item;
  }

  function whereToVote() {
    const qr = make("div", { className: "code" });
    qr.innerHTML = room.code; // an SVG of our own server
    qr.firstElementChild.setAttribute("role", "img");
    qr.firstElementChild.setAttribute("aria-label", say("QR code of the address below"));
    return [qr, make("p", { className: "link", text: room.link.replace("http://", "") })];
  }

  function vote() {
    const buttons = ORDERS.filter(({ there }) => there(seen, Boolean(room.link))).map(({ text, what }) => {
      const button = make("button", { text, type: "button" });
      button.addEventListener("click", () => order({ do: what }));
      return button;
    });
    const all = make(
      "div",
      { className: "vote" },
      make("h2", { text: seen.asked.text, tabIndex: -1 }),
      make("ul", {}, ...seen.asked.choices.map(choice)),
      make("aside", {}, ...(room.link ? whereToVote() : []), view.count),
      make("div", { className: "orders" }, ...buttons),
    );
    // Hands beside phones are there for who wants them.
    all.toggleAttribute("data-hands", !room.link || seen.hands.some(Boolean));
    if (!room.link) return all;
    const hands = make("button", { text: "Count hands", type: "button" });
    hands.addEventListener("click", () => {
      all.toggleAttribute("data-hands", true);
      all.querySelector(".hands input").focus();
    });
    all.querySelector(".orders").append(hands);
    return all;
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
    const votes = last === 1 ? say("1 vote") : say("{count} votes", { count: last });
    const said = seen.open ? votes : say("{votes}, closed", { votes });
    if (view.count.textContent !== said) view.count.textContent = said;
    for (const [place, bars] of view.body.querySelectorAll(".bars").entries()) {
      const rounds = [...seen.rounds.keys()];
      if (bars.dataset.drawn === String(seen.rounds)) continue;
      bars.dataset.drawn = String(seen.rounds);
      bars.replaceChildren(...rounds.map((round) => bar(round, place)));
    }
  }

  async function look() {
    if (!seen?.asked || !room.link) return;
    const before = orders;
    try {
      const fresh = await talk({ do: "look" });
      if (before === orders) show(fresh);
      if (view.trouble.dataset.lost) view.trouble.textContent = "";
      delete view.trouble.dataset.lost;
    } catch (error) {
      view.trouble.dataset.lost = "true";
      const said = say("The vote cannot be reached: {error}", { error: error.message });
      if (view.trouble.textContent !== said) view.trouble.textContent = said;
    }
  }

  async function open() {
    const dialog = make("dialog", { className: "courseware-vote", ariaLabel: say("Vote") });
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
    const looking = setInterval(look, LOOK_EVERY);
    dialog.addEventListener("close", () => {
      clearInterval(looking);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    try {
      // By hand only as long as that vote lasts: phones may be reached again.
      if (route && !room?.link && !seen?.asked) talk = byPhone(route);
      room = talk ? await talk() : await begin(byHand(questions()));
    } catch (error) {
      view.trouble.textContent = say("The vote by phone cannot be reached: {error}. Here hands can be counted.", {
        error: error.message,
      });
      room = await begin(byHand(questions()));
    }
    show(room.seen);
  }

  const how = route
    ? { help: "the class votes by phone (Esc or V: back to the slide)" }
    : { help: "the class votes by show of hands (Esc or V: back to the slide)" };
  return { keys: ["v"], ...how, act: open };
}
