// The browser's half of courseware.notebook.picture_input: takes a picture from a file, a drop or the camera, makes it
// smaller, and hands it to the kernel. No request goes anywhere else.

const LONGEST = 1600; // pixels: more than any figure of the course shows
const RAW_BYTES = 6e6; // Jupyter closes the connection over a message of 10 MB

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// A JPEG of the picture with its longest side at most LONGEST, on white, the right way up.
function jpegOf(source, width, height) {
  const factor = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = element("canvas");
  canvas.width = Math.max(1, Math.round(width * factor));
  canvas.height = Math.max(1, Math.round(height * factor));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came out"))), "image/jpeg", 0.95),
  );
}

async function smaller(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // turned as the camera says
  } catch {
    // No picture, or of a kind that this browser does not know and the kernel may.
    if (file.size > RAW_BYTES) {
      throw new Error(`This browser cannot read ${file.name}: save it as a JPEG or a PNG and take that.`);
    }
    return file;
  }
  try {
    return await jpegOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

const CAMERA_ERRORS = {
  NotAllowedError: "The camera was not allowed. The browser's address bar has the switch.",
  NotFoundError: "No camera was found.",
  NotReadableError: "Another program has the camera.",
};

function render({ model, el }) {
  const file = element("input", { type: "file", accept: "image/*" });
  const choose = element("label", {}, "Choose a picture …", file);
  const camera = element("button", { type: "button" }, "Use the camera");
  const take = element("button", { type: "button", hidden: "" }, "Take it");
  const stop = element("button", { type: "button", hidden: "" }, "Camera off");
  const video = element("video", { hidden: "", playsinline: "", "aria-label": "What the camera sees" });
  video.muted = true;
  const said = element("p", { role: "status" }, "Or drop one here. It goes to this notebook's kernel, where Python runs, and nowhere else.");
  const box = element("div", { class: "courseware-input" }, choose, camera, take, stop, video, said);
  box.dataset.lmSuppressShortcuts = "true";
  el.append(box);

  let stream = null;
  let gone = false; // the cell has run again, or its page is closed
  const stopped = (given) => given?.getTracks().forEach((track) => track.stop());
  function cameraOff() {
    stopped(stream);
    stream = null;
    video.srcObject = null;
    for (const node of [video, take, stop]) node.hidden = true;
    camera.hidden = !navigator.mediaDevices?.getUserMedia;
  }
  cameraOff();

  async function give(picture) {
    said.textContent = "Looking at it …";
    try {
      const blob = await picture();
      model.send({ kind: "picture" }, undefined, [await blob.arrayBuffer()]);
    } catch (error) {
      said.textContent = error.message;
    }
  }

  file.addEventListener("change", () => {
    const [chosen] = file.files;
    file.value = ""; // the same file may be chosen again
    if (chosen) give(() => smaller(chosen));
  });
  for (const kind of ["dragenter", "dragover"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      box.classList.add("courseware-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    box.addEventListener(kind, () => box.classList.remove("courseware-over"));
  }
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const [dropped] = event.dataTransfer.files;
    if (dropped) give(() => smaller(dropped));
    else said.textContent = "That was no file.";
  });
  camera.addEventListener("click", async () => {
    camera.hidden = true; // a second click would open a second camera
    try {
      const given = await navigator.mediaDevices.getUserMedia({ video: true });
      if (gone) return stopped(given);
      stream = given;
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      cameraOff();
      said.textContent = CAMERA_ERRORS[error.name] ?? `The camera did not start: ${error.message}`;
      return;
    }
    for (const node of [video, take, stop]) node.hidden = false;
    take.focus();
    said.textContent = "Nothing is recorded. “Take it” takes one picture and turns the camera off.";
  });
  take.addEventListener("click", () =>
    give(async () => {
      try {
        return await jpegOf(video, video.videoWidth, video.videoHeight);
      } finally {
        cameraOff();
      }
    }),
  );
  stop.addEventListener("click", () => {
    cameraOff();
    said.textContent = "The camera is off.";
  });

  const speak = () => {
    if (model.get("said")) said.textContent = model.get("said");
  };
  model.on("change:said", speak);
  model.on("msg:custom", speak); // the same sentence twice is no change
  return () => {
    gone = true;
    cameraOff();
    model.off("change:said", speak);
    model.off("msg:custom", speak);
  };
}

export default { render };
