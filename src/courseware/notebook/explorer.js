// The browser's half of courseware.notebook.explorer: shows the picture that belongs to the controls' position.
// The same code serves the live widget (pictures come from the kernel) and an exported page (pictures are in it or
// lie beside it).

const BUSY_AFTER_MS = 200;
const AHEAD = 20; // stops to either side that a live explorer asks for before they are needed
const AT_ONCE = 4; // pictures that an exported explorer fetches at the same time

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// JupyterLab looks for its shortcuts by the focused element, so each one that takes keys must say that it does.
const TAKES_KEYS = { "data-lm-suppress-shortcuts": "true" };

const keyOf = (position) => position.join(",");

function nearest(places, wanted) {
  let best = 0;
  places.forEach((place, i) => {
    if (Math.abs(place - wanted) < Math.abs(places[best] - wanted)) best = i;
  });
  return best;
}

// ---------------------------------------------------------------------------------------------- the pictures
// Decoded <img> elements by key. An image is only ever put on the page after `decode()`, so a swap never shows
// an empty box.
class Pictures {
  constructor(model) {
    this.title = model.get("spec").title;
    this.images = model.get("images");
    this.entries = new Map(Object.entries(model.get("frames")));
    this.elements = new Map();
    this.ready = new Map();
  }

  has(key) {
    return this.entries.has(key);
  }

  add(key, entry) {
    this.entries.set(key, entry);
    this.elements.delete(key);
    this.ready.delete(key);
  }

  alt(key) {
    return this.entries.get(key).alt;
  }

  // An element whose picture is on its way.
  element(key) {
    if (!this.elements.has(key)) {
      const { image, alt } = this.entries.get(key);
      const node = element("img", { alt: `${this.title}. ${alt}`, draggable: "false" });
      node.src = this.images ? this.images[image] : URL.createObjectURL(new Blob([image], { type: "image/png" }));
      this.elements.set(key, node);
    }
    return this.elements.get(key);
  }

  decoded(key) {
    if (!this.ready.has(key)) {
      const node = this.element(key);
      const again = (error) => {
        this.elements.delete(key);
        this.ready.delete(key);
        throw error;
      };
      this.ready.set(key, node.decode().then(() => node, again));
    }
    return this.ready.get(key);
  }

  fetched(key) {
    const node = this.element(key);
    if (node.complete) return Promise.resolve();
    return new Promise((done) => {
      for (const type of ["load", "error"]) node.addEventListener(type, done, { once: true });
    });
  }

  dispose() {
    if (this.images) return;
    for (const promise of this.ready.values()) promise.then((node) => URL.revokeObjectURL(node.src));
  }
}

// ---------------------------------------------------------------------------------------------- the controls
// Each control is made from its part of the spec, `move(stop)`, which goes to a stop, `reach()`, the stops that it
// can go to now (an exported page does not hold all), and the element with the picture. Screen readers hear a
// move from the control's value text, so the <output>, which would announce it once more, is silent.
const silentOutput = () => element("output", { "aria-live": "off" });

function sliderControl(spec, move, reach) {
  const input = element("input", { type: "range", min: 0, max: spec.texts.length - 1, step: 1, ...TAKES_KEYS });
  const value = silentOutput();
  let current = 0;
  let dragged = false;
  input.addEventListener("pointerdown", () => (dragged = true));
  for (const type of ["keydown", "change"]) input.addEventListener(type, () => (dragged = false));
  input.addEventListener("input", () => {
    const wanted = Number(input.value);
    // A key must lead on, past stops that are missing; the thumb under a pointer goes to the nearest either way.
    const onward = reach().filter((stop) => dragged || Math.sign(stop - current) === Math.sign(wanted - current));
    const stop = onward.length ? onward[nearest(onward, wanted)] : current;
    input.value = stop;
    move(stop);
  });
  return {
    node: element("label", { class: "courseware-control" }, element("span", {}, spec.label), input, value),
    takesFocus: input,
    show(stop) {
      current = stop;
      input.value = stop;
      input.setAttribute("aria-valuetext", spec.texts[stop]);
      value.textContent = spec.texts[stop];
    },
  };
}

function menuControl(spec, move) {
  const select = element("select", TAKES_KEYS);
  spec.texts.forEach((text, i) => select.append(element("option", { value: i }, text)));
  select.addEventListener("change", () => move(Number(select.value)));
  return {
    node: element("label", { class: "courseware-control" }, element("span", {}, spec.label), select),
    takesFocus: select,
    show(stop) {
      select.value = stop;
    },
  };
}

// What an arrow (or Home, End) does on a pad: a direction on the picture, and whether to go all the way.
const DIRECTIONS = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  Home: { x: -1, y: 0, far: true },
  End: { x: 1, y: 0, far: true },
};

function padControl(spec, move, reach, picture) {
  const { box, x, y } = spec.place;
  const value = silentOutput();
  const pad = element("div", {
    class: y ? "courseware-pad" : "courseware-pad courseware-pad-x",
    role: "slider",
    tabindex: 0,
    "aria-label": spec.label,
    "aria-valuemin": 0,
    "aria-valuemax": spec.texts.length - 1,
    ...TAKES_KEYS,
  });
  ["left", "top", "width", "height"].forEach((side, i) => (pad.style[side] = `${100 * box[i]}%`));
  picture.append(pad);
  let current = 0;

  // Where a stop lies on the picture, in fractions of its sides: stops may run either way, arrows follow the picture.
  const place = (stop) => ({ x: x[stop % x.length], y: y ? y[Math.floor(stop / x.length)] : 0 });

  function point(event) {
    const frame = picture.getBoundingClientRect();
    const distance = (stop) => {
      const across = (event.clientX - frame.left) - place(stop).x * frame.width;
      const along = y ? (event.clientY - frame.top) - place(stop).y * frame.height : 0;
      return Math.hypot(across, along);
    };
    move(reach().reduce((best, stop) => (distance(stop) < distance(best) ? stop : best)));
  }
  // The next stop in a direction: as straight ahead as there is one, and of those the nearest (or the farthest).
  function next(direction) {
    const here = place(current);
    const ahead = reach().map((stop) => {
      const [dx, dy] = [place(stop).x - here.x, place(stop).y - here.y];
      const along = dx * direction.x + dy * direction.y;
      return { stop, along, aside: Math.abs(dx * direction.y) + Math.abs(dy * direction.x) };
    }).filter(({ along }) => along > 0);
    const sooner = direction.far ? -1 : 1;
    ahead.sort((a, b) => a.aside - b.aside || sooner * (a.along - b.along));
    return ahead.length ? ahead[0].stop : current;
  }
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pad.focus();
    point(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) point(event);
  });
  pad.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    move(next(direction));
  });
  const hint = y ? "point at the picture" : "drag on the picture";
  return {
    node: element("span", { class: "courseware-control" }, element("span", {}, spec.label), value,
      element("small", {}, `(${hint})`)),
    takesFocus: pad,
    show(stop) {
      current = stop;
      pad.setAttribute("aria-valuenow", stop);
      pad.setAttribute("aria-valuetext", spec.texts[stop]);
      value.textContent = spec.texts[stop];
    },
  };
}

const CONTROLS = { slider: sliderControl, menu: menuControl, pad: padControl };

// ---------------------------------------------------------------------------------------------- the explorer
function render({ model, el }) {
  const spec = model.get("spec");
  const exported = Boolean(model.get("images"));
  const pictures = new Pictures(model);
  let position = [...model.get("position")];

  const picture = element("div", { class: "courseware-picture" });
  picture.style.aspectRatio = `${spec.width} / ${spec.height}`;
  const says = element("figcaption", { id: `courseware-${Math.random().toString(36).slice(2)}` });
  const controls = spec.controls.map((control, i) =>
    CONTROLS[control.kind](control, (stop) => go(i, stop), () => reach(i), picture));
  for (const { takesFocus } of controls) takesFocus.setAttribute("aria-describedby", says.id);
  const row = element("div", { class: "courseware-controls" }, ...controls.map((control) => control.node));
  const root = element("figure", { class: "courseware-explorer", role: "group", "aria-label": spec.title },
    row, picture, says);
  const holds = model.get("holds");
  if (holds) row.after(element("p", { class: "courseware-holds" }, holds));
  if (spec.credit) {
    const credit = element("small", { class: "courseware-credit" });
    credit.innerHTML = spec.credit; // escaped by who wrote the credit, in Python
    row.append(credit);
  }
  // A deck must not turn the page on keys that are meant for a control; PageUp and PageDown, which are what a
  // presenter's remote sends, are left to it.
  const PASSED_ON = ["Escape", "Tab", "PageUp", "PageDown"];
  root.addEventListener("keydown", (event) => {
    if (!PASSED_ON.includes(event.key)) event.stopPropagation();
  });
  // What showed the same explorer before says where it stood.
  root.addEventListener("courseware-go", ({ detail }) => {
    if (keyOf(detail) === keyOf(position)) return;
    position = [...detail];
    update();
    model.set("position", position);
    model.save_changes();
  });
  // The picture keeps the room that the slide has left for it, so that controls and caption stay in sight.
  root.style.setProperty("--courseware-ratio", spec.width / spec.height);

  let asked = 0;
  let shown = 0;
  function showPicture(key) {
    const order = ++asked;
    return pictures.decoded(key).then((node) => {
      // Pictures may finish decoding out of order: never go back to an older one.
      if (order < shown) return;
      shown = order;
      const old = picture.querySelector("img");
      if (old === node) return;
      if (old) old.replaceWith(node);
      else picture.prepend(node);
      picture.dataset.key = key;
    });
  }

  // The caption is true of the picture that is shown, or says why that is not the one asked for.
  function say(text, state = "") {
    says.textContent = text;
    says.classList.toggle("courseware-error", state === "error");
    says.setAttribute("aria-live", state === "error" ? "polite" : "off");
    picture.classList.toggle("courseware-stale", state !== "");
    root.setAttribute("aria-busy", state === "busy");
  }

  function present(key) {
    const sayNow = (text, state) => {
      if (keyOf(position) === key) say(text, state);
    };
    say(pictures.alt(key));
    const slow = setTimeout(() => sayNow("waiting for the picture …", "busy"), BUSY_AFTER_MS);
    const missing = "This picture could not be loaded. The folder that came with this page must lie beside it.";
    showPicture(key)
      .then(() => sayNow(pictures.alt(key)), () => sayNow(missing, "error"))
      .finally(() => clearTimeout(slow));
  }

  function update() {
    controls.forEach((control, i) => control.show(position[i]));
    const key = keyOf(position);
    if (pictures.has(key)) {
      present(key);
    } else if (failed.has(key)) {
      say(`This picture could not be drawn. ${failed.get(key)}`, "error");
    } else {
      setTimeout(() => {
        const missing = keyOf(position);
        if (!pictures.has(missing) && !failed.has(missing)) say("waiting for the kernel …", "busy");
      }, BUSY_AFTER_MS);
    }
    askKernel();
  }

  function go(control, stop) {
    if (position[control] === stop) return;
    const wanted = position.with(control, stop);
    position = exported && !pictures.has(keyOf(wanted)) ? giveWay(control, stop) : wanted;
    line = spec.controls[control].kind === "menu" ? 0 : control;
    update();
    model.set("position", position);
    model.save_changes();
  }

  // An exported page holds a subset of the positions.
  const kept = exported ? [...pictures.entries.keys()].map((key) => key.split(",").map(Number)) : [];

  // The stops that a control can go to: those kept for the other controls as they stand, or, if that is none but
  // the one it is on, those kept at all.
  function reach(control) {
    if (!exported) return [...spec.controls[control].texts.keys()];
    const own = kept.filter((held) => held.every((stop, i) => i === control || stop === position[i]));
    return [...new Set((own.length > 1 ? own : kept).map((held) => held[control]))];
  }

  // The kept position for a stop of one control in which the others give way as little as possible.
  function giveWay(control, stop) {
    const stops = kept.map((held) => held[control]);
    const there = stops[nearest(stops, stop)];
    const changes = (held) => held.filter((other, i) => other !== position[i]).length;
    const distance = (held) => held.reduce((sum, other, i) => sum + Math.abs(other - position[i]), 0);
    return kept.filter((held) => held[control] === there)
      .sort((a, b) => changes(a) - changes(b) || distance(a) - distance(b))[0];
  }

  // Pictures that lie beside the page are fetched when a person first turns to the explorer, near ones first, so that
  // a page opens without them and a drag finds them.
  function fetchAll() {
    const distance = (held) => held.reduce((sum, stop, i) => sum + Math.abs(stop - position[i]), 0);
    const queue = [...kept].sort((a, b) => distance(a) - distance(b)).map(keyOf);
    const fetchNext = () => queue.length && pictures.fetched(queue.shift()).then(fetchNext);
    for (let i = 0; i < AT_ONCE; i += 1) fetchNext();
  }
  if (exported && model.get("images").some((address) => !address.startsWith("data:"))) {
    for (const type of ["pointerenter", "focusin"]) root.addEventListener(type, fetchAll, { once: true });
  }

  // Live: one request at a time, what is wanted now first, then the other stops of the control moved last (after a
  // menu: of the first control), near ones first, so that the next drag finds its pictures.
  // A picture that could not be drawn is not asked for again.
  let waiting = null;
  let line = 0;
  const failed = new Map();
  function askKernel() {
    if (exported || waiting || !alive) return;
    const now = position[line];
    const near = spec.controls[line].texts.map((_, stop) => stop).filter((stop) => Math.abs(stop - now) <= AHEAD);
    near.sort((a, b) => Math.abs(a - now) - Math.abs(b - now));
    const wanted = near.map((stop) => position.with(line, stop)).map(keyOf)
      .find((key) => !pictures.has(key) && !failed.has(key));
    if (!wanted) return;
    waiting = wanted;
    model.send({ draw: wanted.split(",").map(Number) });
  }
  function receive(message, buffers) {
    if (message.key === waiting) waiting = null;
    if (message.error) failed.set(message.key, message.error);
    else pictures.add(message.key, { image: buffers[0], alt: message.alt });
    if (message.key === keyOf(position)) update();
    else askKernel();
  }

  let alive = true;
  const follow = () => {
    const wanted = model.get("position");
    if (keyOf(wanted) === keyOf(position)) return;
    position = [...wanted];
    update();
  };
  const refresh = () => {
    for (const [key, entry] of Object.entries(model.get("frames"))) if (!pictures.has(key)) pictures.add(key, entry);
    update();
  };
  model.on("change:position", follow);
  model.on("change:frames", refresh);
  model.on("msg:custom", receive);

  // The first picture is decoded before the explorer takes the place of the still, so nothing jumps.
  const first = keyOf(position);
  const ready = pictures.has(first) ? showPicture(first) : Promise.resolve();
  ready.finally(() => el.replaceChildren(root));
  update();
  // Decode the rest while nobody waits: the first drag is then as quick as the second.
  ready.finally(async () => {
    for (const key of [...pictures.entries.keys()]) if (alive && !exported) await pictures.decoded(key);
  });

  return () => {
    alive = false;
    model.off("change:position", follow);
    model.off("change:frames", refresh);
    model.off("msg:custom", receive);
    pictures.dispose();
  };
}

// An exported page has, for each explorer, one host with a still, its state, the addresses of its other pictures, and
// one copy of this script.
function mountExports(page) {
  for (const host of page.querySelectorAll(".courseware-export:not([data-mounted])")) {
    host.dataset.mounted = "true";
    const read = (part) => JSON.parse(host.querySelector(`script.courseware-${part}`).textContent);
    const state = { ...read("state"), images: [host.querySelector(".courseware-still").src, ...read("pictures")] };
    const model = { get: (name) => state[name], set() {}, save_changes() {}, on() {}, off() {}, send() {} };
    render({ model, el: host.querySelector(".courseware-host") });
  }
}

export default { render, mountExports };
