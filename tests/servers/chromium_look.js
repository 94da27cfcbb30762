// Runs in the page around the frames: measures what stands in each of them.
"use strict";

const channels = (colour) => {
  const numbers = colour.match(/[\d.]+/g).map(Number);
  return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
};

// Relative luminance and contrast as WCAG 2.2 defines them.
const luminance = (rgb) => {
  const linear = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

const behind = (element, view) => {
  for (let here = element; here; here = here.parentElement) {
    const { rgb, alpha } = channels(view.getComputedStyle(here).backgroundColor);
    if (alpha > 0) return rgb;
  }
  return [255, 255, 255];
};

const look = (frame) => {
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  const outside = [], faint = [];
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim(), parent = node.parentElement;
    if (!text || !parent.checkVisibility() || parent.closest("style")) continue;
    const range = page.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()];
    const fits = (box) => box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= view.innerWidth + 0.5;
    if (!boxes.length || !boxes.every(fits)) outside.push(text);
    const ratio = contrast(channels(view.getComputedStyle(parent).color).rgb, behind(parent, view));
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${text}`);
  }
  return {
    width: view.innerWidth,
    scroll_width: root.scrollWidth,
    text: page.body.innerText,
    outside,
    faint,
    background: view.getComputedStyle(page.body).backgroundColor,
  };
};

window.addEventListener("load", () => {
  const looks = [...document.querySelectorAll("iframe")].map(look);
  const told = document.createElement("pre");
  told.id = "looks";
  told.textContent = JSON.stringify(looks);
  document.body.replaceChildren(told);
});
