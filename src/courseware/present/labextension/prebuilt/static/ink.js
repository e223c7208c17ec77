// A laser pointer that follows the mouse, and a pen that draws over the slide.

const dot = document.createElement("div");
dot.className = "courseware-pointer";

function moveDot({ clientX, clientY }) {
  dot.style.translate = `${clientX}px ${clientY}px`;
}

// The mouse is where it was last seen, so that the dot appears there and not in a corner.
let last = { clientX: innerWidth / 2, clientY: innerHeight / 2 };
window.addEventListener("pointermove", (event) => {
  last = event;
  moveDot(last);
});

export function togglePointer(on = !dot.isConnected) {
  document.body.toggleAttribute("data-pointer", on);
  moveDot(last);
  if (on) document.body.append(dot);
  else dot.remove();
}

const canvas = document.createElement("canvas");
canvas.className = "courseware-pen";
const ink = canvas.getContext("2d");

// Setting a canvas' size also wipes it.
export function clearPen() {
  canvas.width = innerWidth * devicePixelRatio;
  canvas.height = innerHeight * devicePixelRatio;
  ink.scale(devicePixelRatio, devicePixelRatio);
}

canvas.addEventListener("pointerdown", ({ pointerId, clientX, clientY }) => {
  canvas.setPointerCapture(pointerId);
  ink.strokeStyle = getComputedStyle(canvas).color;
  ink.lineWidth = 4;
  ink.lineCap = ink.lineJoin = "round";
  ink.beginPath();
  ink.moveTo(clientX, clientY);
});
canvas.addEventListener("pointermove", ({ buttons, clientX, clientY }) => {
  if (!buttons) return;
  ink.lineTo(clientX, clientY);
  ink.stroke();
});
window.addEventListener("resize", clearPen);

// Without the pen, what it drew stays to be seen, and the mouse reaches the slide again.
export function togglePen(on = !document.body.hasAttribute("data-pen")) {
  if (!canvas.isConnected) {
    document.body.append(canvas);
    clearPen();
  }
  document.body.toggleAttribute("data-pen", on);
}

export function drop() {
  togglePointer(false);
  document.body.removeAttribute("data-pen");
}
