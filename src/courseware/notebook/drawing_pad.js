// The browser's half of courseware.notebook.drawing_pad, behind network.js: a picture to draw on, and what the network
// makes of it at every move of the pen. The same code serves the live widget and an exported page; neither asks a
// kernel for anything.

const FAR = 4; // pixels that a key goes with Shift
const REACH = 2; // pixels from a pointer to the ink that it takes hold of

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// JupyterLab looks for its shortcuts by the focused element, so each one that takes keys must say that it does.
const TAKES_KEYS = { "data-lm-suppress-shortcuts": "true" };

const between = (value, least, most) => Math.min(most, Math.max(least, value));
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const copied = (thing) => ({ ...thing, ink: Float64Array.from(thing.ink) });

// As courseware.notebook.drawing_pad says it.
function said({ kind, label, names, groups }, numbers) {
  if (kind === "bars") {
    const order = names.map((_, place) => place).sort((a, b) => numbers[b] - numbers[a] || a - b);
    const [first, second] = order.map((place) => `${names[place]} (${numbers[place].toFixed(2)})`);
    return say("{label}: {first}, then {second}.", { label: capital(label), first, second });
  }
  if (groups.length) {
    const each = numbers.length / groups.length;
    const means = groups.map((name, place) => {
      const own = numbers.slice(place * each, (place + 1) * each);
      return `${(own.reduce((sum, number) => sum + number, 0) / each).toFixed(2)} ${name}`;
    });
    return say("{label}, means: {means}.", { label: capital(label), means: means.join(", ") });
  }
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map((number) => number.toFixed(2));
  return say("{label}: from {least} to {most}.", { label: capital(label), least, most });
}

// The picture that things make, in the order of planes, rows and columns: of two at one place the darker ink is seen.
function composed(things, [, planes, height, width], into = new Float64Array(planes * height * width)) {
  into.fill(0);
  for (const { ink, row, column, plane, height: rows, width: columns } of things) {
    for (let r = Math.max(0, -row); r < rows && row + r < height; r += 1) {
      for (let c = Math.max(0, -column); c < columns && column + c < width; c += 1) {
        const at = (plane * height + row + r) * width + column + c;
        into[at] = Math.max(into[at], ink[r * columns + c]);
      }
    }
  }
  return into;
}

// How much of a pen of this radius covers a pixel, on its way from one point to another.
function covered(row, column, [fromRow, fromColumn], [toRow, toColumn], radius) {
  const [down, right] = [toRow - fromRow, toColumn - fromColumn];
  const long = down * down + right * right;
  const share = long ? between(((row - fromRow) * down + (column - fromColumn) * right) / long, 0, 1) : 0;
  const away = Math.hypot(row - fromRow - share * down, column - fromColumn - share * right);
  return between(radius + 0.5 - away, 0, 1);
}

// For tests: the outputs of a network, plain numbers by name, for each of many pictures.
function outputsOf(told, pictures) {
  const network = networkOf(told);
  return pictures.map((picture) =>
    Object.fromEntries(Object.entries(network(picture)).map(([name, { data }]) => [name, [...data]])));
}

let padsMade = 0;
let spoken = {}; // sentences in the language of the page, by their English; one language a page

// A sentence in the language of the page, its places filled.
function say(sentence, places = {}) {
  return (spoken[sentence] ?? sentence).replace(/\{(\w+)\}/g, (place, name) => places[name] ?? place);
}

function render({ model, el }) {
  const description = model.get("description");
  spoken = description.says ?? {};
  const { title, shows, pictures, planes, stamps, pen } = description;
  const { shape } = description.network;
  const [height, width] = shape.slice(-2);
  const network = networkOf(description.network);
  const names = Object.keys(pictures);
  const id = `courseware-drawing-${(padsMade += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const kept = model.get("values") ?? {};
  let things = (kept.things ?? pictures[names[0]]).map(copied);
  let hand = "pen";
  let chosen = things.length - 1; // of the things, by number: what the keys move
  let cursor = [Math.floor(height / 2), Math.floor(width / 2)];
  let down = false; // whether the pen is on the paper, by key
  const picture = new Float64Array(planes.length * height * width);

  // ---- what is drawn on
  const canvas = element("canvas", { width, height });
  const mark = element("div", { class: "courseware-cursor", "aria-hidden": "true" });
  const paper = element("div",
    { class: "courseware-paper", role: "application", tabindex: "0", "aria-describedby": id, ...TAKES_KEYS },
    canvas, mark);
  const says = element("p", { class: "courseware-says", id, "aria-live": "off" });

  // ---- controls
  const menu = (label, options, act) => {
    const list = element("select", TAKES_KEYS, ...options.map((name) => element("option", { value: name }, say(name))));
    list.addEventListener("change", () => act(list.value));
    return { list, box: element("label", { class: "courseware-way" }, element("span", {}, label), list) };
  };
  const button = (label, act) => {
    const made = element("button", { type: "button", ...TAKES_KEYS }, label);
    made.addEventListener("click", act);
    return made;
  };
  const hands = menu(say("with"), ["pen", "rubber", "move"], (name) => {
    hand = name;
    down = false;
    follow();
  });
  const colours = menu(say("colour"), planes, () => follow());
  const beginning = menu(say("begin with"), names, (name) => begin(pictures[name]));
  const controls = element("div", { class: "courseware-line courseware-controls-row" }, beginning.box, hands.box);
  if (planes.length > 1) controls.append(colours.box);
  for (const stamp of stamps) controls.append(button(say("Add {thing}", { thing: stamp.name }), () => add(stamp)));
  controls.append(button(say("Clear"), () => begin([])));

  function begin(stored) {
    things = stored.map(copied);
    chosen = things.length - 1;
    down = false;
    changed();
  }

  function add(stamp) {
    if (stamp.kind) things = things.filter(({ kind }) => kind !== stamp.kind);
    // Another one of the same is put beside the first.
    const beside = things.filter(({ name }) => name === stamp.name).length * 2 * FAR;
    things.push({ ...copied(stamp), row: (stamp.row + beside) % height });
    chosen = things.length - 1;
    changed();
  }

  // ---- views
  const views = shows.map((show) => viewOf(show));
  const head = (label) => element("div", { class: "courseware-head" }, element("span", {}, label));
  function viewOf(show) {
    const box = element("div", { class: `courseware-view courseware-${show.kind}`, role: "img" });
    if (show.kind === "map") {
      let context = null;
      let pixels = null;
      return { show, box, update({ shape: own, data }) {
        const [rows, columns] = own.slice(-2);
        if (!context) {
          const map = element("canvas", { width: columns, height: rows });
          box.append(map);
          context = map.getContext("2d");
          pixels = context.createImageData(columns, rows);
        }
        for (let at = 0; at < rows * columns; at += 1) {
          const light = Math.round(255 * (1 - between(data[at], 0, 1)));
          pixels.data.set([light, light, light, 255], 4 * at);
        }
        context.putImageData(pixels, 0, 0);
        box.setAttribute("aria-label", said(show, data));
      } };
    }
    const bars = [];
    const numbers = [];
    // A strip's bars stand in groups, each with its name below.
    const parts = (show.groups.length ? show.groups : [""]).map((name) => {
      const part = element("div", { class: "courseware-part" });
      if (show.kind === "strip") box.append(element("div", {}, part, name));
      return part;
    });
    const partOf = (at, count) => parts[Math.floor((at * parts.length) / count)];
    return { show, box, update({ data }) {
      data.forEach((value, at) => {
        if (!bars[at]) {
          bars[at] = element("div", { class: "courseware-bar" });
          if (show.kind === "strip") partOf(at, data.length).append(bars[at]);
          else {
            numbers[at] = element("span", { class: "courseware-value" });
            const track = element("div", { class: "courseware-track" }, bars[at]);
            box.append(element("div", { class: "courseware-named" }, element("b", {}, show.names[at]), track, numbers[at]));
          }
        }
        bars[at].style.setProperty("--courseware-share", between(value, 0, 1).toFixed(4));
        if (numbers[at]) {
          const text = value.toFixed(2);
          if (numbers[at].textContent !== text) numbers[at].textContent = text;
        }
      });
      if (show.kind === "bars") {
        const best = data.indexOf(Math.max(...data));
        [...box.children].forEach((line, at) => line.classList.toggle("courseware-best", at === best));
      }
      const each = show.kind === "bars" ? show.names.map((name, at) => `${name} ${data[at].toFixed(2)}`).join(", ") : "";
      box.setAttribute("aria-label", each ? `${said(show, data)} ${say("All: {each}.", { each })}` : said(show, data));
    } };
  }

  const board = element("div", { class: "courseware-line" },
    element("div", { class: "courseware-card" }, head(say("draw here")), paper),
    ...views.map(({ show, box }) => element("div", { class: "courseware-card" }, head(show.label), box)));
  const reset = button(say("Back to the start"), () => {
    beginning.list.value = names[0];
    begin(pictures[names[0]]);
  });
  // A deck takes a finger that moves sideways for a swipe, unless it is told that it is none.
  const root = element("figure",
    { class: "courseware-microscope courseware-drawing", role: "group", "aria-label": title, "data-prevent-swipe": "" },
    controls, board, element("div", { class: "courseware-foot" }, says, reset));

  // ---- follow: at most once a frame, the network anew and all that is shown of it
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  let asked = false;

  function changed() {
    keep();
    follow();
  }

  function follow() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      show();
    });
  }

  function keep() {
    const told = things.map((thing) => ({ ...thing, ink: Array.from(thing.ink, (ink) => Number(ink.toFixed(4))) }));
    model.set("values", { things: told });
    model.save_changes();
  }

  function show() {
    composed(things, shape, picture);
    const outputs = network(picture);
    const size = height * width;
    for (let at = 0; at < size; at += 1) {
      // One plane is ink on white paper; three are light.
      const light = planes.length === 1 ? [1 - picture[at], 1 - picture[at], 1 - picture[at]]
        : [picture[at], picture[at + size], picture[at + 2 * size]];
      for (let colour = 0; colour < 3; colour += 1) pixels.data[4 * at + colour] = Math.round(255 * light[colour]);
      pixels.data[4 * at + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    const texts = views.map((view) => {
      const output = outputs[view.show.output];
      view.update(output);
      return said(view.show, output.data);
    });
    const now = texts.join(" ");
    const where = doing();
    paper.setAttribute("aria-label", `${say("Paper of {height} by {width} pixels.", { height, width })} ${contents()} ${where}`);
    mark.style.setProperty("--courseware-row", cursor[0] / height);
    mark.style.setProperty("--courseware-column", cursor[1] / width);
    mark.style.setProperty("--courseware-side", 1 / width);
    mark.classList.toggle("courseware-down", down);
    mark.hidden = hand === "move";
    says.textContent = `${now} ${where}`;
    root.dataset.version = Number(root.dataset.version ?? 0) + 1;
  }

  const contents = () => {
    const names = things.map(({ name }) => name).join(", ");
    return things.length ? say("On it: {things}.", { things: names }) : say("It is empty.");
  };

  function doing() {
    if (hand === "move") {
      const thing = things[chosen];
      if (!thing) return say("There is nothing to move.");
      const { name, row, column } = thing;
      return say("Arrows move {thing}, now at row {row}, column {column}; Space takes the next.", { thing: name, row, column });
    }
    const places = { hand: say(hand), row: cursor[0], column: cursor[1] };
    return down ? say("The {hand} is down; arrows lead it, now at row {row}, column {column}.", places)
      : say("Space puts the {hand} down; arrows lead it, now at row {row}, column {column}.", places);
  }

  // ---- the pen and the rubber, from one point to another, as row and column of the middle of pixels
  const plane = () => Math.max(0, planes.indexOf(colours.list.value));
  function drawing() {
    const own = planes.length > 1 ? say("the drawing in {plane}", { plane: planes[plane()] }) : say("the drawing");
    let found = things.find(({ name }) => name === own);
    if (!found) {
      found = { name: own, kind: own, ink: new Float64Array(height * width), height, width, row: 0, column: 0, plane: plane() };
      things.push(found);
      chosen = things.length - 1;
    } else if (found.row || found.column) {
      // It was moved: the pen draws on the whole paper again.
      found.ink = composed([{ ...found, plane: 0 }], [1, 1, height, width]);
      found.row = found.column = 0;
    }
    return found;
  }

  function stroke(from, to) {
    const touched = hand === "pen" ? [drawing()] : things;
    for (const thing of touched) {
      for (let r = 0; r < thing.height; r += 1) {
        for (let c = 0; c < thing.width; c += 1) {
          const ink = covered(thing.row + r, thing.column + c, from, to, hand === "pen" ? pen : 2 * pen);
          const at = r * thing.width + c;
          if (!ink) continue;
          thing.ink[at] = hand === "pen" ? Math.max(thing.ink[at], ink) : Math.min(thing.ink[at], 1 - ink);
        }
      }
    }
    follow();
  }

  // ---- moving
  function under([row, column]) {
    let [best, found] = [Infinity, -1];
    things.forEach((thing, number) => {
      for (let r = 0; r < thing.height; r += 1) {
        for (let c = 0; c < thing.width; c += 1) {
          if (thing.ink[r * thing.width + c] < 0.2) continue;
          const away = Math.hypot(thing.row + r - row, thing.column + c - column);
          if (away <= Math.min(best, REACH)) [best, found] = [away, number];
        }
      }
    });
    return found;
  }

  // At least a corner of it stays on the paper.
  function put(thing, row, column) {
    thing.row = between(row, 2 - thing.height, height - 2);
    thing.column = between(column, 2 - thing.width, width - 2);
    follow();
  }

  // ---- mouse, finger, pen
  let last = null; // where the pointer was
  let held = null; // what it moves, and where that was taken hold of
  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientY - box.top) / box.height) * height - 0.5,
      ((event.clientX - box.left) / box.width) * width - 0.5,
    ];
  };
  paper.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    event.preventDefault();
    paper.focus({ preventScroll: true });
    paper.setPointerCapture(event.pointerId);
    says.setAttribute("aria-live", "off");
    last = pointOf(event);
    down = false;
    if (hand !== "move") {
      cursor = last.map((at, axis) => between(Math.round(at), 0, (axis ? width : height) - 1));
      return stroke(last, last);
    }
    const number = under(last);
    if (number < 0) return;
    chosen = number;
    const { row, column } = things[number];
    held = { row, column, from: last };
    follow();
  });
  paper.addEventListener("pointermove", (event) => {
    if (!last) return;
    for (const one of event.getCoalescedEvents?.() ?? []) lead(pointOf(one));
    lead(pointOf(event));
  });
  function lead(to) {
    if (hand !== "move") {
      stroke(last, to);
      cursor = to.map((at, axis) => between(Math.round(at), 0, (axis ? width : height) - 1));
    } else if (held) {
      const [row, column] = to.map((at, axis) => Math.round(at - held.from[axis]));
      put(things[chosen], held.row + row, held.column + column);
    }
    last = to;
  }
  for (const name of ["pointerup", "pointercancel"]) {
    paper.addEventListener(name, () => {
      if (!last) return;
      last = held = null;
      changed();
    });
  }

  // ---- keys
  const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  paper.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = arrow.map((way) => way * (event.shiftKey ? FAR : 1));
      if (hand === "move") {
        const thing = things[chosen];
        if (thing) put(thing, thing.row + step[0], thing.column + step[1]);
      } else {
        const to = [between(cursor[0] + step[0], 0, height - 1), between(cursor[1] + step[1], 0, width - 1)];
        if (down) stroke(cursor, to);
        cursor = to;
      }
    } else if (event.key === " ") {
      if (hand === "move") chosen = things.length ? (chosen + 1) % things.length : -1;
      else {
        down = !down;
        if (down) stroke(cursor, cursor);
      }
    } else if (hand === "move" && ["Delete", "Backspace"].includes(event.key)) {
      things.splice(chosen, 1);
      chosen = things.length - 1;
    } else return;
    event.preventDefault();
    says.setAttribute("aria-live", "polite");
    follow();
  });
  paper.addEventListener("keyup", () => keep());
  paper.addEventListener("blur", () => {
    down = false;
    follow();
  });

  // A deck must not turn the page on keys that are meant for the pad; these are left to it.
  const PASSED_ON = ["Escape", "Tab", "PageUp", "PageDown"];
  root.addEventListener("keydown", (event) => {
    if (!PASSED_ON.includes(event.key)) event.stopPropagation();
  });

  show();
  el.replaceChildren(root);
}

// An exported page has, for each pad, a host with a table, the description, and one copy of this script.
function mountExports(page) {
  for (const host of page.querySelectorAll(".courseware-drawing-export:not([data-mounted])")) {
    host.dataset.mounted = "true";
    const description = JSON.parse(host.querySelector("script.courseware-drawing-description").textContent);
    const state = { description };
    const model = { get: (name) => state[name], set() {}, save_changes() {} };
    render({ model, el: host.querySelector(".courseware-drawing-host") });
  }
}

export default { render, mountExports, outputsOf, composed };
