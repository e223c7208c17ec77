// The deck as reveal.js has it on the page. RISE keeps reveal.js' object to itself, so we read the page, listen to the
// events that reveal.js sends, and ask it by messages (https://revealjs.com/postmessage/).

export const slides = () => [...document.querySelectorAll(".reveal .slides > section > section")];

export const current = () => document.querySelector(".reveal .slides > section.present > section.present");

// `method` is one of reveal.js' own: next, prev, togglePause.
export function ask(method) {
  window.postMessage(JSON.stringify({ method }), location.origin);
}

export function title(slide) {
  const heading = slide?.querySelector("h1, h2, h3, h4")?.cloneNode(true);
  heading?.querySelectorAll("a").forEach((anchor) => anchor.remove());
  return heading?.textContent.trim() ?? "";
}

// The whole page and not, as RISE does, the slides alone: the pen and the pointer lie above them.
export function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}
