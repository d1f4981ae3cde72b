// Relations as arcs from subject to object, drawn over the text that stands there.

import { byChain, followLinks, lightUp, show } from "./linked.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 40;
const LEVELS = 8; // lanes above a line; further arcs run in the highest, without a label until they light up
const BOLD = 1.1; // how much wider a label is when it lights up
const GAP = 6; // between two labels
let drawn = 0;

export function enhanceRelations(article) {
  lightUp(article, byChain(article));
  followLinks(article, show);
  const text = article.querySelector(".text");
  const rows = () =>
    [...article.querySelectorAll("tr[data-subject]")].filter((row) => !row.closest("details:not([open])"));
  if (!article.querySelector("tr[data-subject]")) return;
  text.classList.add("with-arcs");
  const canvas = draw("svg", { class: "arcs", "aria-hidden": "true" });
  text.append(canvas);
  drawn += 1;
  const arrow = `arrow-${drawn}`;
  const redraw = () => drawArcs(canvas, text, rows().slice(0, MOST), arrow);
  new ResizeObserver(redraw).observe(text);
  article.addEventListener("toggle", redraw, true);
  for (const kind of ["mouseover", "focusin"]) {
    article.addEventListener(kind, (event) => {
      const pointed = event.target.closest(".arc")?.row;
      const row = pointed ?? event.target.closest("tr[data-subject]");
      for (const arc of canvas.querySelectorAll(".arc")) arc.classList.toggle("on", arc.row === row);
      for (const one of article.querySelectorAll("tr.on")) one.classList.remove("on");
      pointed?.classList.add("on");
    });
  }
}

function drawArcs(canvas, text, rows, arrow) {
  const area = text.getBoundingClientRect();
  canvas.setAttribute("width", area.width);
  canvas.setAttribute("height", text.scrollHeight);
  const marker = draw("marker", {
    id: arrow, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse",
  }, draw("path", { d: "M0 0 8 4 0 8z" }));
  // Short arcs first, so that they are below the long ones.
  const arcs = rows
    .map((row) => ({ row, subject: boxOf(text, area, row.dataset.subject), object: boxOf(text, area, row.dataset.object) }))
    .filter(({ subject, object }) => subject && object)
    .sort((one, other) => widthOf(one) - widthOf(other));
  const labels = arcs.map(({ row }) => draw("text", { "text-anchor": "middle" }, row.querySelector("b").textContent));
  // Labels come after all lines, which would run through them.
  const lines = arcs.map(() => draw("path", { "marker-end": `url(#${arrow})` }));
  canvas.replaceChildren(draw("defs", {}, marker), ...lines, ...labels);
  const widths = labels.map((label) => label.getComputedTextLength() * BOLD + GAP);
  const taken = [];
  arcs.forEach((arc, place) => {
    const { path, x, y, isCrowded } = runOf(arc, widths[place], area.width, taken);
    setAll(lines[place], { d: path, class: "arc" });
    setAll(labels[place], { x, y: y - 3, class: isCrowded ? "arc crowded" : "arc" });
    lines[place].row = labels[place].row = arc.row;
  });
  text.style.setProperty("--levels", 1 + Math.max(0, ...taken.map((one) => one.level)));
}

// The first box of an entity, from the text's own corner.
function boxOf(text, area, chain) {
  const box = text.querySelector(`[id][data-chain="${chain}"]`)?.getClientRects()[0];
  return box && { x: box.left + box.width / 2 - area.left, top: box.top - area.top, bottom: box.bottom - area.top };
}

const widthOf = ({ subject, object }) => Math.abs(subject.x - object.x);

// The way of an arc, and the place of its label: in a lane above the lower one of its ends.
function runOf({ subject, object }, width, most, taken) {
  const [from, to] = [subject.x, object.x].map((x, end) => x + (end ? 4 : -4) * Math.sign(object.x - subject.x || 1) * -1);
  const inText = (x) => Math.max(width / 2, Math.min(x, most - width / 2));
  if (isOnLine(subject, object.top)) {
    const x = inText((from + to) / 2);
    const ends = [from, to, x - width / 2, x + width / 2];
    const [y, isCrowded] = laneAt(taken, subject.top, Math.min(...ends), Math.max(...ends));
    const way = Math.sign(to - from) || 1;
    const corner = Math.min(10, Math.abs(to - from) / 2) * way;
    const path = `M${from} ${subject.top}Q${from} ${y} ${from + corner} ${y}H${to - corner}Q${to} ${y} ${to} ${object.top}`;
    return { path, x, y, isCrowded };
  }
  const [upper, lower] = subject.top < object.top ? [subject, object] : [object, subject];
  const x = inText(lower.x);
  const [y, isCrowded] = laneAt(taken, lower.top, x - width / 2, x + width / 2);
  const middle = (upper.bottom + y) / 2;
  const path = lower === object
    ? `M${upper.x} ${upper.bottom}C${upper.x} ${middle} ${lower.x} ${middle} ${lower.x} ${y}V${lower.top}`
    : `M${lower.x} ${lower.top}V${y}C${lower.x} ${middle} ${upper.x} ${middle} ${upper.x} ${upper.bottom}`;
  return { path, x, y, isCrowded };
}

const isOnLine = (one, top) => Math.abs(one.top - top) < 6;

// Where the lowest lane above a line is that has room, and whether none has.
function laneAt(taken, top, left, right) {
  const near = taken.filter((one) => isOnLine(one, top) && one.left < right && left < one.right);
  const full = new Set(near.map((one) => one.level));
  let level = 0;
  while (full.has(level)) level += 1;
  const isCrowded = level >= LEVELS;
  if (isCrowded) level = LEVELS - 1;
  else taken.push({ level, top, left, right });
  return [top - 14 - 18 * level, isCrowded];
}

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

function setAll(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
}
