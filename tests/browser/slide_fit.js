// Measures the shown slide of a reveal.js deck; see slide_fit.py. `present` selects that slide and its column.
(present, smallestText) => {
  const isSlide = (section) => !section.querySelector("section"); // otherwise it is a column of slides
  const slides = [...document.querySelectorAll(".reveal .slides section")].filter(isSlide);
  const slide = [...document.querySelectorAll(present)].filter(isSlide).at(-1);
  const number = slides.indexOf(slide) + 1;

  function name() {
    const heading = slide.querySelector("h1, h2, h3, h4, h5, h6")?.cloneNode(true);
    heading?.querySelectorAll(".anchor-link, .jp-InternalAnchorLink").forEach((link) => link.remove());
    return `slide ${number} (${heading ? heading.textContent.trim() : "no heading"})`;
  }

  function position() {
    return `${number}:${slide.querySelectorAll(".fragment.visible").length}`;
  }

  function quote(node) {
    const text = node.textContent.trim().replace(/\s+/g, " ");
    return text ? `"${text.slice(0, 40)}"` : `<${node.localName}>`;
  }

  function* ancestors(element) {
    for (let each = element; each; each = each.parentElement) yield each;
  }

  function visible(element) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    for (const each of ancestors(element)) {
      if (each === slide) return true;
      // A box of a pixel or two holds text for screen readers only.
      if (getComputedStyle(each).overflow !== "visible" && each.offsetWidth <= 2) return false;
    }
    return true;
  }

  function scale(element) {
    let product = element.currentCSSZoom ?? 1;
    for (const each of ancestors(element)) {
      const { transform } = getComputedStyle(each);
      if (transform === "none") continue;
      const { a, b, c, d } = new DOMMatrix(transform);
      product *= Math.sqrt(Math.abs(a * d - b * c));
    }
    return product;
  }

  // By how much a rectangle sticks out of a box, for each side.
  const overhang = (rect, box) => ({
    below: rect.bottom - box.bottom,
    above: box.top - rect.top,
    "to the right of": rect.right - box.right,
    "to the left of": box.left - rect.left,
  });

  const worst = new Map(); // kind of problem -> { badness, sentence }
  function report(kind, badness, sentence) {
    if (badness > (worst.get(kind)?.badness ?? 0)) worst.set(kind, { badness, sentence });
  }

  function checkPlace(rect, node, element) {
    if (rect.width < 1 || rect.height < 1) return;
    const view = { top: 0, left: 0, right: innerWidth, bottom: innerHeight };
    for (const [side, pixels] of Object.entries(overhang(rect, view))) {
      if (pixels > 1) report(side, pixels, `${quote(node)} reaches ${Math.round(pixels)} px ${side} the window`);
    }
    for (const each of ancestors(element)) {
      if (each === slide) break;
      const { overflowX, overflowY } = getComputedStyle(each);
      const out = overhang(rect, each.getBoundingClientRect());
      const hidden = Math.max(
        overflowX === "visible" ? 0 : Math.max(out["to the right of"], out["to the left of"]),
        overflowY === "visible" ? 0 : Math.max(out.below, out.above),
      );
      if (hidden > 1) report("cut off", hidden, `${quote(node)} is cut off by ${Math.round(hidden)} px`);
    }
  }

  function checkSize(node, element) {
    const size = parseFloat(getComputedStyle(element).fontSize) * scale(element);
    const missing = smallestText - size;
    const sentence = `${quote(node)} is ${size.toFixed(1)} px high, less than ${smallestText}`;
    if (missing > 0.05) report("text", missing, sentence);
  }

  function checkTexts() {
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent.trim() || element.closest("script, style, svg, option")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const rects = [...range.getClientRects()];
      if (!rects.length || !visible(element)) continue;
      if (element.closest("math")) {
        // Indices and exponents are smaller by convention; what they belong to is measured.
        if (Number(getComputedStyle(element).mathDepth) === 0) checkSize(node, element);
      } else {
        rects.forEach((rect) => checkPlace(rect, node, element));
        // Whom a picture is owed to stands beside it in small print, as on any slide: it is not for the room.
        if (!element.closest(".courseware-credit")) checkSize(node, element);
      }
    }
  }

  function checkBoxes() {
    const boxes = "img, svg, canvas, video, math, mjx-container, button, input, select, textarea";
    for (const element of slide.querySelectorAll(boxes)) {
      if (!visible(element)) continue;
      checkPlace(element.getBoundingClientRect(), element, element.parentElement);
      const plain = "[type=range], [type=checkbox], [type=radio]";
      if (element.matches(`select, textarea, input:not(${plain})`)) checkSize(element, element);
    }
  }

  function checkScrollBars() {
    for (const element of [...slide.querySelectorAll("*"), ...ancestors(slide)]) {
      const { overflowX, overflowY } = getComputedStyle(element);
      const page = element === document.documentElement;
      const bar = (overflow) => overflow === "auto" || overflow === "scroll" || (page && overflow === "visible");
      const excess = Math.max(
        bar(overflowY) ? element.scrollHeight - element.clientHeight : 0,
        bar(overflowX) ? element.scrollWidth - element.clientWidth : 0,
      );
      const sentence = `<${element.localName} class="${element.className}"> has a scroll bar for ${excess} px`;
      if (excess > 1 && element.checkVisibility()) report("scroll bar", excess, sentence);
    }
  }

  async function problems() {
    await document.fonts.ready;
    await Promise.all([...slide.querySelectorAll("img")].map((image) => image.decode().catch(() => null)));
    checkTexts();
    checkBoxes();
    checkScrollBars();
    return [...worst.values()].map(({ sentence }) => `${name()}: ${sentence}`);
  }

  return { name, position, problems };
}
