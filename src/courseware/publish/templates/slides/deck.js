// What a deck does beside reveal.js: keys that leave a control, light and dark, votes by show of hands, and the handout.
const MODE = new URLSearchParams(location.search);
const PRINTED = MODE.has("print-pdf") || MODE.has("handout");

// ---- light and dark
// Light unless somebody chose otherwise: what a projector shows must not follow from a setting of the laptop. A browser
// may forbid a page from a disk to remember, and paper is light.
const THEME = "courseware-theme";

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

function showTheme() {
  const dark = !PRINTED && remembered() === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function changeTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // Not remembered; shown all the same.
  }
}

showTheme();
// The speaker view holds the deck twice, and another window may show it: all of them change together.
window.addEventListener("storage", (event) => {
  if (event.key === THEME) showTheme();
});

function block(name, ...children) {
  const node = document.createElement("div");
  node.className = name;
  node.append(...children);
  return node;
}

// ---- on paper: an explorer is its still picture with its words, in place before anything is waited for
function printStills() {
  for (const explorer of document.querySelectorAll(".courseware-export")) {
    explorer.dataset.mounted = "true"; // the explorer's own script then leaves it alone
    const still = explorer.querySelector(".courseware-still");
    const picture = block("courseware-picture", still);
    const figure = document.createElement("figure");
    const words = document.createElement("figcaption");
    figure.className = "courseware-explorer";
    figure.style.setProperty("--courseware-ratio", still.getAttribute("width") / still.getAttribute("height"));
    words.textContent = still.alt;
    figure.append(picture, words);
    explorer.querySelector(".courseware-host").append(figure);
  }
}

// ---- the handout: three slides on each page of A4, with their notes beside them
const ON_A_SHEET = 3;

function besides(slide, number) {
  const notes = block("handout-notes");
  for (const aside of slide.querySelectorAll("aside.notes")) {
    if (MODE.get("handout") !== "lines") notes.append(...aside.childNodes);
    aside.remove();
  }
  notes.append(block("handout-lines"));
  return block("handout-row", block("handout-slide", slide), block("handout-number", number), notes);
}

function layOutHandout() {
  // The second class keeps reveal.js' own print style away.
  document.documentElement.classList.add("courseware-handout", "print-pdf");
  const paper = document.createElement("style");
  paper.textContent = "@page { size: A4; margin: 0; }";
  document.head.append(paper);
  const slides = document.querySelector(".slides");
  const all = [...slides.querySelectorAll("section")].filter((section) => !section.querySelector("section"));
  const rows = all.map((slide, i) => besides(slide, i + 1));
  const count = Math.ceil(rows.length / ON_A_SHEET);
  const sheets = Array.from({ length: count }, (_, i) =>
    block("handout-sheet", ...rows.slice(ON_A_SHEET * i, ON_A_SHEET * (i + 1)),
      block("handout-foot", document.title.replace(/ \(slides\)$/, ""), block("", `${i + 1} / ${count}`))));
  slides.replaceChildren(...sheets);
}

// ---- what is too high for its slide is made smaller, and from half its size on it scrolls
const SMALLEST_ZOOM = 0.5;

function fit(slide) {
  Object.assign(slide.style, { zoom: "", width: "", height: "", overflowY: "" });
  const zoom = Math.max(SMALLEST_ZOOM, slide.clientHeight / slide.scrollHeight);
  if (zoom === 1) return;
  const [width, height] = [1280, 720].map((side) => `${side / zoom}px`);
  Object.assign(slide.style, { zoom, width, height, overflowY: zoom === SMALLEST_ZOOM ? "auto" : "" });
}

// ---- the deck
function startDeck() {
  const ofCourse = document.body.dataset.deck === "course";
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    transition: "none",
    backgroundTransition: "none",
    slideNumber: ofCourse ? "c" : "c/t", // a longer number would reach into the slide
    controlsTutorial: false,
    // In the deck of the whole course each lesson is a column; an arrow to the right must not leave out the rest of it.
    navigationMode: ofCourse ? "linear" : "default",
    pdfSeparateFragments: false,
    pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, changeTheme);

  // Code is folded until somebody asks for it; a slide that then is too high shrinks to the window.
  const unfold = document.querySelector(".course-code");
  const folded = () => Reveal.getCurrentSlide().querySelector(".jp-CodeCell:not(.celltag_show-code) .jp-InputArea");
  const toggleCode = () => {
    if (folded()) Reveal.getCurrentSlide().toggleAttribute("data-code");
    fit(Reveal.getCurrentSlide());
  };
  unfold.addEventListener("click", () => {
    toggleCode();
    unfold.blur();
  });
  Reveal.addKeyBinding({ keyCode: 67, key: "C", description: "Code, shown or folded" }, toggleCode);
  const offerCode = () => { unfold.hidden = !folded(); };
  Reveal.on("ready", offerCode);
  Reveal.on("slidechanged", offerCode);

  // A control on a slide keeps its keys, but Escape leaves it, and PageUp and PageDown, which a presenter's remote
  // sends, turn the page from anywhere. On the way down, so that neither the control nor reveal.js sees the key.
  const focusedControl = () => document.activeElement?.closest(".slides :is(input, select, textarea, [tabindex])");
  const LEAVING = { Escape() {}, PageUp: () => Reveal.prev(), PageDown: () => Reveal.next() };
  window.addEventListener("keydown", (event) => {
    const control = focusedControl();
    if (!control || !Object.hasOwn(LEAVING, event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    control.blur();
    LEAVING[event.key]();
  }, true);
  Reveal.on("slidechanged", () => focusedControl()?.blur());
}

// ---- the class votes by show of hands: votes.js, which is a module and comes after this script, calls it
function startVotes(offerVotes, questionsIn, words) {
  if (PRINTED) return;
  const said = (text, places = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
  const questions = () => questionsIn(document.getElementById("course-quizzes").content);
  const { help, act } = offerVotes({ slide: () => Reveal.getCurrentSlide(), questions, said });
  Reveal.addKeyBinding({ keyCode: 86, key: "V", description: said(help) }, act);
}

// ---- who lectures, where and when: below the title
if (document.body.dataset.by) {
  const line = document.createElement("p");
  line.className = "course-by";
  line.textContent = document.body.dataset.by;
  document.querySelector(".slides h1")?.after(line);
}

if (PRINTED) printStills();
if (MODE.has("handout")) layOutHandout();
else startDeck();
