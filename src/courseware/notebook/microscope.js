// The browser's half of courseware.notebook.microscope: evaluates the description that Python sends, and lets its
// numbers be touched. The same code serves the live widget and an exported page; neither asks a kernel for anything.

const MINUS = "−";
const MOST_TERMS = 8; // of a sum that is written out
const DRAG_PIXELS = 6; // for one step of an input
const DRAG_EVEN = 24; // steps of a drag before it may go faster
const DRAG_WIDTH = 300; // pixels for the whole range, so that an end is reached on a phone, too

// ---------------------------------------------------------------------------------------------- numbers
// As courseware.notebook.microscope.written.
function written(value, digits = 4, trimmed = false) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : "";
  if (size === 0) return "0";
  if (size >= 1e6 || size < 0.5 * 10 ** -digits) {
    return sign + size.toExponential(1).replace("-", MINUS).replace("+", "");
  }
  if (Number.isInteger(size)) return sign + String(size);
  const text = size.toFixed(digits);
  return sign + (trimmed && digits ? text.replace(/\.?0+$/, "") : text);
}

const shown = (cell, value) => written(value, cell.digits, cell.kind === "input");

function parsed(text) {
  const plain = text.trim().replaceAll(MINUS, "-").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

// ---------------------------------------------------------------------------------------------- arrays
// An array is { shape, data }, its data in the order of rows. A place in it is one number or a list of indices.
const count = (shape) => shape.reduce((product, side) => product * side, 1);

function indices(place, shape) {
  const found = [];
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    found.unshift(place % shape[axis]);
    place = Math.floor(place / shape[axis]);
  }
  return found;
}

const placeOf = (index, shape) => index.reduce((place, i, axis) => place * shape[axis] + i, 0);

const range = (length) => Array.from({ length }, (_, i) => i);

// Shapes side by side, from the last axis on as in PyTorch, or from the first; an axis of length 1 is repeated.
function together(shapes, match = "last") {
  const most = Math.max(...shapes.map((shape) => shape.length));
  const padded = shapes.map((shape) => {
    const ones = range(most - shape.length).map(() => 1);
    return match === "first" ? [...shape, ...ones] : [...ones, ...shape];
  });
  return { padded, shape: range(most).map((axis) => Math.max(...padded.map((shape) => shape[axis]))) };
}

const clipped = (index, shape) => placeOf(index.map((i, axis) => (shape[axis] === 1 ? 0 : i)), shape);

function axesOf(shape, { over }) {
  const axes = over ?? range(shape.length);
  return axes.map((axis) => (axis + shape.length) % shape.length);
}

// The places of `shape` that differ from a place in these axes only.
function along(index, axes, shape) {
  const places = [];
  const walk = (left, at) => {
    if (!left.length) places.push(placeOf(at, shape));
    else for (let i = 0; i < shape[left[0]]; i += 1) walk(left.slice(1), at.with(left[0], i));
  };
  walk(axes, index);
  return places;
}

// ---------------------------------------------------------------------------------------------- operations
// Each says: the shape of what it makes; for one number of it, its ingredients, as pairs of an argument and a place
// in that; what it makes of the ingredients' numbers; and the same in words, from their texts.
const bracketed = (text) => (text.startsWith(MINUS) ? `(${text})` : text);
const firstPlain = (texts, sign) => texts.map((text, i) => (i ? bracketed(text) : text)).join(sign);
const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

// A sum of many terms is told by those that are not 0, and not by too many.
function sumInWords(terms, numbers) {
  const some = terms.length > MOST_TERMS ? terms.filter((_, i) => numbers[i] !== 0) : terms;
  const shown = some.slice(0, MOST_TERMS);
  const zeros = terms.length - some.length;
  const rest = [
    ...(some.length > shown.length ? [`${some.length - shown.length} more`] : []),
    ...(zeros ? [`${zeros} that ${zeros === 1 ? "is" : "are"} 0`] : []),
  ];
  return [...(shown.length ? [firstPlain(shown, " + ")] : []), ...rest].join(" + ");
}

const each = (value, words) => ({
  shape: ([a]) => a.shape,
  parts: (place) => [[0, place]],
  value: ([a], options) => value(a, options),
  words: ([a], options) => words(a, options),
});

const pair = (value, sign) => ({
  shape: ([a, b], { match }) => together([a.shape, b.shape], match).shape,
  parts(place, [a, b], { match }) {
    const { padded, shape } = together([a.shape, b.shape], match);
    const index = indices(place, shape);
    return padded.map((own, i) => [i, clipped(index, own)]);
  },
  value: ([a, b]) => value(a, b),
  words: (texts) => firstPlain(texts, ` ${sign} `),
});

const reduced = (value, words) => ({
  shape([a], options) {
    const axes = axesOf(a.shape, options);
    return a.shape.filter((_, axis) => !axes.includes(axis));
  },
  parts(place, [a], options) {
    const axes = axesOf(a.shape, options);
    const left = range(a.shape.length).filter((axis) => !axes.includes(axis));
    const kept = indices(place, left.map((axis) => a.shape[axis]));
    const index = a.shape.map((_, axis) => (axes.includes(axis) ? 0 : kept[left.indexOf(axis)]));
    return along(index, axes, a.shape).map((at) => [0, at]);
  },
  value,
  words,
});

const listed = (texts) => {
  if (texts.length <= 2 * MOST_TERMS) return texts.join(", ");
  return [...texts.slice(0, MOST_TERMS), `… (${texts.length - MOST_TERMS} more)`].join(", ");
};

// Ingredients in pairs: a sum of products.
const products = {
  value: (numbers) => total(range(numbers.length / 2).map((i) => numbers[2 * i] * numbers[2 * i + 1])),
  words(texts, _, numbers) {
    const pairs = range(texts.length / 2);
    const terms = pairs.map((i) => `${texts[2 * i]} · ${bracketed(texts[2 * i + 1])}`);
    return sumInWords(terms, pairs.map((i) => numbers[2 * i] * numbers[2 * i + 1]));
  },
};

const copied = { value: ([a]) => a, words: ([a]) => a };

const OPERATIONS = {
  difference: pair((a, b) => a - b, MINUS),
  addition: pair((a, b) => a + b, "+"),
  product: pair((a, b) => a * b, "·"),
  quotient: pair((a, b) => a / b, "/"),
  square: each((a) => a * a, (a) => `${bracketed(a)}²`),
  scale: each((a, { by }) => by * a, (a, { by }) => {
    const parts = Math.round(1 / by); // a third of it is written as a fraction
    const fraction = parts > 1 && Math.abs(1 / by - parts) < 1e-9;
    return fraction ? `${a} / ${parts}` : `${written(by)} · ${bracketed(a)}`;
  }),
  exp: each(Math.exp, (a) => `exp(${a})`),
  gaussian: each((a) => Math.exp(-a * a / 2), (a) => `exp(${MINUS}${bracketed(a)}²/2)`),
  relu: each((a) => Math.max(a, 0), (a) => say("the larger of 0 and {number}", { number: a })),
  sigmoid: each((a) => 1 / (1 + Math.exp(-a)), (a) => `1 / (1 + exp(${MINUS}${bracketed(a)}))`),
  softmax: {
    shape: ([a]) => a.shape,
    // The number itself comes first, then all that it is compared with.
    parts(place, [a], { over }) {
      const axes = axesOf(a.shape, { over: over ?? [-1] });
      return [place, ...along(indices(place, a.shape), axes, a.shape)].map((at) => [0, at]);
    },
    value([own, ...all]) {
      const largest = Math.max(...all);
      return Math.exp(own - largest) / total(all.map((a) => Math.exp(a - largest)));
    },
    words: ([own, ...all], _, [, ...numbers]) =>
      `exp(${own}) / (${sumInWords(all.map((a) => `exp(${a})`), numbers.map(() => 1))})`,
  },
  sum: reduced(total, (texts, _, numbers) => sumInWords(texts, numbers)),
  mean: reduced((numbers) => total(numbers) / numbers.length,
    (texts, _, numbers) => `(${sumInWords(texts, numbers)}) / ${texts.length}`),
  max: reduced((numbers) => Math.max(...numbers), (texts) => say("the largest of {numbers}", { numbers: listed(texts) })),
  matmul: {
    shape([a, b], { transpose }) {
      const columns = b.shape.length > 1 ? [b.shape[transpose ? 0 : 1]] : [];
      return [...a.shape.slice(0, -1), ...columns];
    },
    parts(place, [a, b], { transpose }) {
      const [row, column] = a.shape.length > 1
        ? indices(place, [a.shape[0], b.shape.length > 1 ? b.shape[transpose ? 0 : 1] : 1])
        : [0, place];
      const inner = a.shape.at(-1);
      return range(inner).flatMap((k) => {
        if (b.shape.length === 1) return [[0, row * inner + k], [1, k]];
        return [[0, row * inner + k], [1, transpose ? column * b.shape[1] + k : k * b.shape[1] + column]];
      });
    },
    ...products,
  },
  concatenation: {
    shape(parts) {
      const { shape } = together(parts.map((part) => part.shape.slice(0, -1)));
      return [...shape, total(parts.map((part) => part.shape.at(-1)))];
    },
    parts(place, parts) {
      const index = indices(place, this.shape(parts));
      let last = index.at(-1);
      const number = parts.findIndex((part) => (last < part.shape.at(-1) ? true : ((last -= part.shape.at(-1)), false)));
      const { shape } = parts[number];
      const leading = index.slice(index.length - shape.length, -1);
      return [[number, clipped([...leading, last], shape)]];
    },
    ...copied,
  },
  pick: {
    shape: ([a]) => a.shape.slice(1),
    parts(place, [a, row]) {
      return [[0, (row.data[0] - 1) * count(a.shape.slice(1)) + place], [1, 0]];
    },
    value: ([a]) => a,
    words: ([, row], _, __, names) => `${names[0]} at place ${row}`,
  },
  correlation: {
    shape: ([map]) => map.shape,
    // The window is cut where it leaves the maps: what is outside counts as 0.
    parts(place, taken) {
      const [height, width] = taken[0].shape;
      const planes = taken.length - 1;
      const side = taken[planes].shape[1];
      const [row, column] = indices(place, [height, width]).map((i) => i - (side - 1) / 2);
      const found = [];
      for (let plane = 0; plane < planes; plane += 1) {
        for (let r = Math.max(0, -row); r < side && row + r < height; r += 1) {
          for (let c = Math.max(0, -column); c < side && column + c < width; c += 1) {
            found.push([plane, (row + r) * width + column + c], [planes, (plane * side + r) * side + c]);
          }
        }
      }
      return found;
    },
    ...products,
  },
};

// ---------------------------------------------------------------------------------------------- the computation
const cellsOf = (description, way) =>
  description.cells.flatMap((cell) => (cell.kind === "choice" ? cell.ways[way] : [cell]));

const waysOf = (description) => Object.keys(description.cells.find(({ kind }) => kind === "choice")?.ways ?? { "": 0 });

const takenBy = (cell, arrays) => cell.arguments.map((name) => arrays.get(name));

// Where each number of a step comes from. That hangs on shapes alone, but where a row is picked, so it is kept.
function partsOf(cell, arrays, places, kept) {
  const found = cell.operation === "pick" ? undefined : kept.get(cell);
  if (found) return found;
  const taken = takenBy(cell, arrays);
  const parts = range(places).map((place) => OPERATIONS[cell.operation].parts(place, taken, cell.options));
  kept.set(cell, parts);
  return parts;
}

// Every array by name, from those of the inputs.
function evaluate(cells, inputs, kept = new Map()) {
  const arrays = new Map();
  for (const cell of cells) {
    if (cell.kind === "input") {
      arrays.set(cell.name, inputs.get(cell.name));
      continue;
    }
    const taken = takenBy(cell, arrays);
    const operation = OPERATIONS[cell.operation];
    const shape = operation.shape(taken, cell.options);
    const data = partsOf(cell, arrays, count(shape), kept).map((parts) =>
      operation.value(parts.map(([argument, at]) => taken[argument].data[at]), cell.options));
    arrays.set(cell.name, { shape, data });
  }
  return arrays;
}

// What one number of a step was made of, as pairs of a cell's name and a place, and the arithmetic.
function explain(cells, arrays, cell, place) {
  const taken = takenBy(cell, arrays);
  const operation = OPERATIONS[cell.operation];
  const parts = operation.parts(place, taken, cell.options);
  const sources = cell.arguments.map((name) => cells.find((other) => other.name === name));
  const numbers = parts.map(([argument, at]) => taken[argument].data[at]);
  const texts = parts.map(([argument], i) => shown(sources[argument], numbers[i]));
  const words = operation.words(texts, cell.options, numbers, cell.arguments);
  const made = written(arrays.get(cell.name).data[place], cell.digits);
  return {
    from: parts.map(([argument, at]) => [cell.arguments[argument], at]),
    words: words === made ? `${words}, taken over` : `${words} = ${made}`,
  };
}

function startOf(description) {
  const inputs = new Map();
  for (const cell of waysOf(description).flatMap((way) => cellsOf(description, way))) {
    if (cell.kind === "input") inputs.set(cell.name, { shape: cell.value.shape, data: [...cell.value.data] });
  }
  return inputs;
}

// For tests: every array of a description, by name, with other numbers for some inputs.
function numbersOf(description, way, changed = {}) {
  const inputs = startOf(description);
  for (const [name, data] of Object.entries(changed)) inputs.get(name).data = data;
  return Object.fromEntries(evaluate(cellsOf(description, way || waysOf(description)[0]), inputs));
}

// ---------------------------------------------------------------------------------------------- what is shown
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// JupyterLab looks for its shortcuts by the focused element, so each one that takes keys must say that it does.
const TAKES_KEYS = { "data-lm-suppress-shortcuts": "true" };

// "weight 2", "score, row 1, column 3", "map 2, row 1, column 3": counted from 1, as people do.
function nameOf(cell, shape, place) {
  const [row, column, deeper] = indices(place, shape).map((i) => i + 1);
  if (shape.length === 0) return cell.label;
  if (shape.length === 1) return `${cell.label} ${row}`;
  if (shape.length === 2) return `${cell.label}, row ${row}, column ${column}`;
  return `${cell.label} ${row}, row ${column}, column ${deeper}`;
}

function nearest(value, { least, most, whole }) {
  return Math.min(most, Math.max(least, Number(value.toFixed(whole ? 0 : 10))));
}

// How many steps a drag of so many pixels makes: even ones at first, then as fast as a wide range asks for.
function stepsOf(pixels, { least, most, step }) {
  const even = Math.abs(pixels) / DRAG_PIXELS;
  const faster = Math.max(1, ((most - least) / step - DRAG_EVEN) / (DRAG_WIDTH / DRAG_PIXELS - DRAG_EVEN));
  return Math.sign(pixels) * Math.trunc(even <= DRAG_EVEN ? even : DRAG_EVEN + (even - DRAG_EVEN) * faster);
}

let made = 0;
let spoken = {}; // sentences in the language of the page, by their English; one language a page

// A sentence in the language of the page, its places filled.
function say(sentence, places = {}) {
  return (spoken[sentence] ?? sentence).replace(/\{(\w+)\}/g, (place, name) => places[name] ?? place);
}

function render({ model, el }) {
  const description = model.get("description");
  spoken = description.says ?? {};
  const ways = waysOf(description);
  const before = model.get("values") ?? {};
  const id = `courseware-microscope-${(made += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  let way = before.way ?? ways[0];
  let inputs = startOf(description);
  for (const [name, data] of Object.entries(before.inputs ?? {})) inputs.get(name).data = [...data];
  let cells = [];
  let arrays = new Map();
  const kept = new Map(); // of each step, where its numbers come from
  let pointed = null; // [cell, place] under the mouse
  let focused = null; // the same of the number that has the focus, or was tapped

  const says = element("p", { class: "courseware-says", id, "aria-live": "off" });
  // A deck takes a finger that moves sideways for a swipe, unless it is told that it is none.
  const board = element("div", { class: "courseware-board", "data-prevent-swipe": "" });
  const root = element("figure",
    { class: "courseware-microscope", role: "group", "aria-label": description.title }, board);

  const keep = () => {
    const data = Object.fromEntries([...inputs].map(([name, array]) => [name, array.data]));
    model.set("values", { way, inputs: data });
    model.save_changes();
  };

  // ---- controls: the ways to go on, and back to the start
  let menu = null;
  if (ways.length > 1) {
    const { label } = description.cells.find(({ kind }) => kind === "choice");
    menu = element("select", TAKES_KEYS, ...ways.map((name) => element("option", { value: name }, name)));
    menu.value = way;
    menu.addEventListener("change", () => {
      way = menu.value;
      build();
      keep();
    });
    board.before(element("label", { class: "courseware-way" }, element("span", {}, label), menu));
  }
  const reset = element("button", { type: "button", ...TAKES_KEYS }, say("Back to the start"));
  board.after(element("div", { class: "courseware-foot" }, says, reset));
  reset.addEventListener("click", () => {
    inputs = startOf(description);
    update();
    keep();
  });

  // To begin where another one was left, such as the one that stands on a slide until the kernel has run.
  root.addEventListener("courseware-go", ({ detail }) => {
    way = detail.way;
    if (menu) menu.value = way;
    for (const [name, data] of Object.entries(detail.inputs)) inputs.get(name).data = [...data];
    build();
    keep();
  });

  // ---- the numbers
  const nodes = new Map(); // name of a cell -> the elements of its numbers, in order

  function build() {
    board.replaceChildren(); // first: a number that loses the focus by it still follows what was shown
    cells = cellsOf(description, way);
    arrays = evaluate(cells, inputs, kept);
    nodes.clear();
    pointed = focused = null;
    let line = null;
    for (const cell of cells) {
      if (!line || cell.below) board.append((line = element("div", { class: "courseware-line" })));
      line.append(cardOf(cell));
    }
    update();
  }

  function cardOf(cell) {
    const { shape } = arrays.get(cell.name);
    const [rows, columns] = shape.length > 1 ? shape.slice(-2) : [shape[0] ?? 1, 1];
    const planes = shape.length === 3 ? shape[0] : 1;
    const numbers = [];
    nodes.set(cell.name, numbers);
    const head = element("div", { class: "courseware-head" }, element("b", {}, cell.name));
    if (cell.label !== cell.name) head.append(" ", element("span", {}, cell.label));
    if (cell.formula) head.append(element("div", { class: "courseware-formula" }, cell.formula));
    const grids = element("div", { class: "courseware-planes" });
    for (let plane = 0; plane < planes; plane += 1) {
      const label = planes > 1 ? `${cell.label} ${plane + 1}` : cell.label;
      const grid = element("div", { class: "courseware-grid", role: "grid", "aria-label": label });
      for (let row = 0; row < rows; row += 1) {
        const line = element("div", { class: "courseware-row", role: "row" });
        for (let column = 0; column < columns; column += 1) {
          const place = (plane * rows + row) * columns + column;
          const box = element("div", { class: "courseware-number", role: "gridcell" });
          const own = cell.kind === "input" ? inputOf(cell, place) : box;
          if (own !== box) {
            box.classList.add("courseware-input");
            box.append(own);
          } else for (const [name, value] of Object.entries(TAKES_KEYS)) box.setAttribute(name, value);
          own.tabIndex = numbers.length ? -1 : 0; // one stop for each array; arrows lead on inside it
          own.setAttribute("aria-describedby", id);
          Object.assign(box.dataset, { cell: cell.name, place });
          numbers.push({ box, own });
          line.append(box);
        }
        grid.append(line);
      }
      grids.append(grid);
    }
    const wide = planes * columns > 5 ? "courseware-card courseware-wide" : "courseware-card";
    return element("div", { class: wide }, head, grids);
  }

  function inputOf(cell, place) {
    const { shape } = inputs.get(cell.name);
    const own = element("input", {
      type: "text",
      inputmode: "decimal",
      role: "spinbutton",
      autocomplete: "off",
      "aria-label": nameOf(cell, shape, place),
      "aria-valuemin": cell.least,
      "aria-valuemax": cell.most,
      ...TAKES_KEYS,
    });
    // As wide as the widest number that it can become by steps, so that nothing moves while it is turned.
    const { least, most, step } = cell;
    const widest = [least, most, least + step, most - step, ...inputs.get(cell.name).data];
    own.style.width = `calc(${Math.max(3, ...widest.map((value) => shown(cell, value).length))}ch + 0.7em)`;
    const now = () => inputs.get(cell.name).data[place];
    const put = (value) => {
      inputs.get(cell.name).data[place] = nearest(value, cell);
      update();
    };
    own.dataset.typing = "";
    const typed = () => {
      own.dataset.typing = "";
      own.removeAttribute("aria-invalid");
    };
    own.addEventListener("input", () => {
      own.dataset.typing = "true";
      const value = parsed(own.value);
      const fits = value >= cell.least && value <= cell.most && (!cell.whole || Number.isInteger(value));
      own.setAttribute("aria-invalid", !fits);
      focused = [cell, place]; // also where the mouse happens to lie on another number
      pointed = null;
      if (fits) put(value);
      else show();
    });
    const finish = () => {
      typed();
      update();
      keep();
    };
    own.addEventListener("blur", finish);
    own.addEventListener("keydown", (event) => {
      const turned = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      const far = { Home: cell.least, End: cell.most }[event.key];
      if (turned !== undefined) put(now() + turned * cell.step * (event.shiftKey ? 10 : 1));
      else if (far !== undefined && !own.dataset.typing) put(far);
      else if (event.key === "Escape" || event.key === "Enter") return void (finish(), own.select());
      else return;
      event.preventDefault();
      finish();
      own.select();
    });

    // A drag changes the number; a press without a drag is for typing. A second finger is not listened to.
    let drag = null;
    own.addEventListener("pointerdown", (event) => {
      if (event.button || (drag && drag.pointer !== event.pointerId)) return;
      drag = { pointer: event.pointerId, x: event.clientX, value: now(), steps: 0, moved: false };
      own.setPointerCapture(event.pointerId);
      if (event.pointerType === "mouse" && document.activeElement !== own) event.preventDefault();
    });
    own.addEventListener("pointermove", (event) => {
      if (drag?.pointer !== event.pointerId) return;
      if (!event.buttons) return void (drag = null); // let go where nobody was told, as above a dialogue
      const steps = stepsOf(event.clientX - drag.x, cell);
      if (steps === drag.steps) return;
      Object.assign(drag, { steps, moved: true });
      typed();
      focused = [cell, place];
      put(drag.value + steps * cell.step);
    });
    own.addEventListener("pointerup", (event) => {
      if (drag?.pointer !== event.pointerId) return;
      const { moved } = drag;
      drag = null;
      if (moved) return keep();
      own.focus();
      own.select();
    });
    own.addEventListener("pointercancel", (event) => {
      if (drag?.pointer !== event.pointerId) return;
      if (drag.moved) put(drag.value);
      drag = null;
    });
    return own;
  }

  // ---- follow: every number anew, and what is said of the one that is looked at
  function update() {
    arrays = evaluate(cells, inputs, kept);
    for (const cell of cells) {
      const { data } = arrays.get(cell.name);
      const largest = Math.max(...data.filter(Number.isFinite).map(Math.abs));
      nodes.get(cell.name).forEach((node, place) => {
        const { box, own } = node;
        const value = data[place];
        const text = shown(cell, value);
        if (own !== box && !own.dataset.typing && own.value !== text) own.value = text;
        if (Object.is(value, node.value) && largest === node.largest) return;
        Object.assign(node, { value, largest });
        if (own === box) box.textContent = text;
        else {
          own.setAttribute("aria-valuenow", value);
          own.setAttribute("aria-valuetext", text);
        }
        // The largest of an array is darkest; a single number has nothing to be compared with.
        const share = data.length > 1 && largest > 0 && Number.isFinite(value) ? value / largest : 0;
        box.style.setProperty("--courseware-share", `${Math.round(100 * Math.abs(share))}%`);
        box.classList.toggle("courseware-negative", share < 0);
      });
    }
    show();
  }

  const numberAt = (name, place) => nodes.get(name)[place].box;

  function show() {
    for (const lit of board.querySelectorAll(".courseware-lit, .courseware-at, .courseware-feeds")) {
      lit.classList.remove("courseware-lit", "courseware-at", "courseware-feeds");
    }
    const looked = pointed ?? focused;
    if (!looked) {
      says.textContent = say("Point at a number: what it is made of lights up. Drag the framed ones, or type.");
      return;
    }
    const [cell, place] = looked;
    const { shape, data } = arrays.get(cell.name);
    const name = nameOf(cell, shape, place);
    numberAt(cell.name, place).classList.add("courseware-at");
    if (cell.kind === "step") {
      const { from, words } = explain(cells, arrays, cell, place);
      for (const [other, at] of from) numberAt(other, at).classList.add("courseware-lit");
      says.textContent = `${name}: ${words}`;
      return;
    }
    // An input is made of nothing: what is made of it lights up.
    for (const other of cells.filter((step) => step.arguments?.includes(cell.name))) {
      const numbers = nodes.get(other.name);
      partsOf(other, arrays, numbers.length, kept).forEach((parts, at) => {
        const here = parts.some(([argument, where]) => other.arguments[argument] === cell.name && where === place);
        if (here) numbers[at].box.classList.add("courseware-feeds");
      });
    }
    const [least, most, value] = [cell.least, cell.most, data[place]].map((number) => shown(cell, number));
    const wrong = nodes.get(cell.name)[place].own.getAttribute("aria-invalid") === "true";
    let sentence = "{name}: {value}, from {least} to {most}. Drag it, type, or press ↑ and ↓.";
    if (wrong) sentence = "{name} must be a number from {least} to {most}; it stays {value}.";
    if (wrong && cell.whole) sentence = "{name} must be a whole number from {least} to {most}; it stays {value}.";
    says.textContent = say(sentence, { name, value, least, most });
  }

  // ---- looking: by mouse, by finger, by focus
  const lookedAt = (target) => {
    const box = target.closest?.(".courseware-number");
    return box && [cells.find(({ name }) => name === box.dataset.cell), Number(box.dataset.place)];
  };
  board.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    says.setAttribute("aria-live", "off");
    pointed = lookedAt(event.target) ?? pointed;
    show();
  });
  board.addEventListener("pointerleave", () => {
    pointed = null;
    show();
  });
  board.addEventListener("pointerdown", (event) => {
    says.setAttribute("aria-live", "off");
    focused = lookedAt(event.target) ?? focused;
    pointed = null;
    show();
  });
  board.addEventListener("focusin", (event) => {
    focused = lookedAt(event.target);
    if (!focused) return; // some browsers give a card that scrolls the focus
    pointed = null;
    const cell = focused[0].name;
    for (const { own } of nodes.get(cell)) own.tabIndex = own === event.target ? 0 : -1;
    if (event.target.matches("input")) event.target.select();
    show();
  });

  // Left and right lead to the number before and after; up and down too, where they do not turn an input.
  board.addEventListener("keydown", (event) => {
    const looked = lookedAt(event.target);
    if (!looked || event.defaultPrevented || event.target.dataset.typing) return;
    const [cell, place] = looked;
    const { shape } = arrays.get(cell.name);
    const numbers = nodes.get(cell.name);
    const columns = shape.length > 1 ? shape.at(-1) : 1;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const to = { Home: 0, End: numbers.length - 1 }[event.key] ?? (step && place + step);
    if (to === undefined) return;
    event.preventDefault();
    says.setAttribute("aria-live", "polite");
    numbers[to]?.own.focus();
  });

  // A deck must not turn the page on keys that are meant for a number; these are left to it.
  const PASSED_ON = ["Escape", "Tab", "PageUp", "PageDown"];
  root.addEventListener("keydown", (event) => {
    if (!PASSED_ON.includes(event.key)) event.stopPropagation();
  });

  build();
  el.replaceChildren(root);
}

// An exported page has, for each microscope, a host with a table, the description, and one copy of this script.
function mountExports(page) {
  for (const host of page.querySelectorAll(".courseware-microscope-export:not([data-mounted])")) {
    host.dataset.mounted = "true";
    const description = JSON.parse(host.querySelector("script.courseware-microscope-description").textContent);
    const state = { description };
    const model = { get: (name) => state[name], set() {}, save_changes() {} };
    render({ model, el: host.querySelector(".courseware-microscope-host") });
  }
}

export default { render, mountExports, numbersOf, explain, cellsOf, written };
