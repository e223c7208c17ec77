// The notes window's side: shows what the slides say (notes.js), keeps the time, and turns the slides by its keys.

import { say, use } from "./words.js";

const channel = new BroadcastChannel(decodeURIComponent(location.hash.slice(1)));
const by = (id) => document.getElementById(id);
const TURNING = {
  " ": "next",
  ArrowRight: "next",
  ArrowDown: "next",
  PageDown: "next",
  ArrowLeft: "prev",
  ArrowUp: "prev",
  PageUp: "prev",
};

let start = Number(sessionStorage.start) || Date.now(); // a reload of this window does not lose the time
let plan = { from: 0, to: 0, all: 0 };

function reset() {
  start = Date.now();
  keepTime();
}

// 3.5 minutes are 3½.
const half = (minutes) => (minutes === 0.5 ? "½" : `${Math.floor(minutes)}${minutes % 1 ? "½" : ""}`);

function verdict(elapsed) {
  const [late, early] = [elapsed - plan.to, plan.from - elapsed].map((minutes) => Math.ceil(minutes));
  if (late > 0) return ["behind", say("{late} min behind", { late })];
  return early > 0 ? ["ahead", say("{early} min ahead", { early })] : ["time", say("on time")];
}

function keepTime() {
  sessionStorage.start = start;
  const seconds = Math.floor((Date.now() - start) / 1000);
  by("elapsed").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const [from, to, all] = [plan.from, plan.to, plan.all].map(half);
  by("plan").textContent = say("{from} to {to} of {all} min", { from, to, all });
  [document.body.dataset.verdict, by("verdict").textContent] = verdict(seconds / 60);
}

channel.addEventListener("message", ({ data }) => {
  if (!data.number) return;
  plan = data.plan;
  use(data.words);
  by("elapsed-word").textContent = say("elapsed");
  by("planned-word").textContent = say("planned");
  by("reset").textContent = say("Reset (R)");
  by("where").textContent = say("Slide {number} of {of}", data);
  by("title").textContent = data.title;
  by("notes").innerHTML = data.notes || `<p>${say("No notes for this slide.")}</p>`;
  by("next").textContent = data.next === null
    ? say("This is the last slide.") : say("Next: {next}", { next: data.next || say("(no title)") });
  document.documentElement.dataset.theme = data.theme;
  document.title = say("Notes: {title}", data);
  keepTime();
});

window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key.toLowerCase() === "r") reset();
  const pressing = event.target.closest("button") && event.key === " ";
  if (!Object.hasOwn(TURNING, event.key) || pressing) return;
  event.preventDefault();
  channel.postMessage({ ask: event.key === " " && event.shiftKey ? "prev" : TURNING[event.key] });
});
by("reset").addEventListener("click", reset);

keepTime();
setInterval(keepTime, 1000);
channel.postMessage({ hello: true });
