// Relations as arcs from subject to object, drawn over the text that stands there.

import { byChain, followLinks, lightUp, show } from "./linked.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 40;
const LETTER = 7; // about how wide a letter of a label is
const LEVELS = 8; // of arcs above a line; further ones run in the highest
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
      const row = event.target.closest("tr[data-subject]");
      for (const arc of canvas.querySelectorAll(".arc")) arc.classList.toggle("on", arc.row === row);
      for (const one of article.querySelectorAll("tr.on")) one.classList.remove("on");
      event.target.closest(".arc")?.row.classList.add("on");
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
  const taken = [];
  // Short arcs first, so that they are below the long ones.
  const arcs = rows
    .map((row) => ({ row, subject: boxOf(text, area, row.dataset.subject), object: boxOf(text, area, row.dataset.object) }))
    .filter(({ subject, object }) => subject && object)
    .sort((one, other) => widthOf(one) - widthOf(other))
    .map((ends) => arcOf(ends, taken, arrow, area.width));
  text.style.setProperty("--levels", 1 + Math.max(0, ...taken.map((one) => one.level)));
  canvas.replaceChildren(draw("defs", {}, marker), ...arcs);
}

// The first box of an entity, from the text's own corner.
function boxOf(text, area, chain) {
  const box = text.querySelector(`[id][data-chain="${chain}"]`)?.getClientRects()[0];
  return box && { x: box.left + box.width / 2 - area.left, top: box.top - area.top, bottom: box.bottom - area.top };
}

const widthOf = ({ subject, object }) => Math.abs(subject.x - object.x);

function arcOf({ row, subject, object }, taken, arrow, width) {
  const [from, to] = [subject.x, object.x].map((x, end) => x + (end ? 4 : -4) * Math.sign(object.x - subject.x || 1) * -1);
  const oneLine = Math.abs(subject.top - object.top) < 6;
  let path, x, y;
  if (oneLine) {
    const height = heightOf(taken, subject.top, Math.min(from, to), Math.max(from, to));
    y = subject.top - height;
    const corner = Math.min(10, Math.abs(to - from) / 2);
    const way = Math.sign(to - from) || 1;
    path = `M${from} ${subject.top}Q${from} ${y} ${from + way * corner} ${y}H${to - way * corner}Q${to} ${y} ${to} ${object.top}`;
    x = (from + to) / 2;
  } else {
    const down = subject.top < object.top;
    const [start, end] = [down ? subject.bottom : subject.top, down ? object.top : object.bottom];
    const middle = (start + end) / 2;
    path = `M${subject.x} ${start}C${subject.x} ${middle} ${object.x} ${middle} ${object.x} ${end}`;
    // Arcs meet in the middle between two lines; their labels stand near the objects.
    [x, y] = [subject.x + 0.84 * (object.x - subject.x), start + 0.66 * (end - start)];
  }
  const label = row.querySelector("b").textContent;
  const half = Math.min(LETTER * label.length, width) / 2;
  x = Math.max(half, Math.min(x, width - half)); // labels stay within the text
  const arc = draw("g", { class: "arc" },
    draw("path", { d: path, "marker-end": `url(#${arrow})` }),
    draw("text", { x, y: y - 3, "text-anchor": "middle" }, label));
  arc.row = row;
  return arc;
}

// How far above its line an arc runs: as low as the arcs there leave room.
function heightOf(taken, top, left, right) {
  let level = 0;
  const crosses = (one) =>
    one.level === level && Math.abs(one.top - top) < 6 && one.left < right && left < one.right;
  while (taken.some(crosses) && level < LEVELS - 1) level += 1;
  taken.push({ level, top, left, right });
  return 14 + 18 * level;
}

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
