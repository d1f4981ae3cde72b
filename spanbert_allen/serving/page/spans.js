// Spans of a text that is being edited: marked by selecting, moved along with what is typed.

import { make } from "./linked.js";

const MOST_SHOWN = 50000; // letters of a text in which the browser shows marks while one types

// The service counts characters, JavaScript counts halves of surrogate pairs.
const characters = (text, offset) => [...text.slice(0, offset)].length;
const offset = (text, count) => [...text].slice(0, count).join("").length;

export class Spans {
  constructor(area, { noun, typed, types }) {
    Object.assign(this, { area, noun, typed, types });
    this.spans = [];
    this.text = area.value;
    this.marks = make("div", { class: "marks", "aria-hidden": "true" });
    this.list = make("ul", { class: "spans" });
    const hint = `Mark the selected text as ${noun}`;
    this.button = make("button", { type: "button", onclick: () => this.mark() }, hint);
    area.before(this.marks);
    area.addEventListener("input", () => this.edited());
    area.addEventListener("scroll", () => this.scrolled());
    area.addEventListener("keydown", (event) => {
      if (event.altKey && event.key.toLowerCase() === "m") {
        event.preventDefault();
        this.mark();
      }
    });
    this.element = make("div", { class: "marking" }, this.button, make("kbd", {}, "Alt+M"), this.list);
    if (types?.length) {
      const options = types.map((value) => make("option", { value }));
      this.element.append(make("datalist", { id: "types" }, ...options));
    }
  }

  mark() {
    const text = this.area.value;
    let { selectionStart: start, selectionEnd: end } = this.area;
    while (start < end && /\s/.test(text[start])) start += 1;
    while (start < end && /\s/.test(text[end - 1])) end -= 1;
    if (start === end) return;
    if (!this.spans.some((span) => span.start === start && span.end === end)) {
      this.spans.push({ start, end, type: "" });
      this.spans.sort((one, other) => one.start - other.start || other.end - one.end);
    }
    this.show();
    const place = this.spans.findIndex((span) => span.start === start && span.end === end);
    if (this.typed) this.list.children[place].querySelector("input")?.focus();
  }

  // Move spans behind a change; one that it touches is gone.
  edited() {
    const [before, after] = [this.text, this.area.value];
    this.text = after;
    if (!this.spans.length) return;
    let start = 0;
    const most = Math.min(before.length, after.length);
    while (start < most && before[start] === after[start]) start += 1;
    let kept = 0;
    while (kept < most - start && before.at(-1 - kept) === after.at(-1 - kept)) kept += 1;
    const end = before.length - kept;
    const shift = after.length - before.length;
    this.spans = this.spans
      .filter((span) => span.end <= start || span.start >= end)
      .map((span) =>
        span.start >= end ? { ...span, start: span.start + shift, end: span.end + shift } : span,
      );
    this.show();
  }

  show() {
    const text = this.area.value;
    this.list.replaceChildren(...this.spans.map((span) => this.item(span, text)));
    const pieces = [];
    let place = 0;
    for (const span of text.length > MOST_SHOWN ? [] : this.spans) {
      if (span.start < place) continue; // one within another is in the list only
      pieces.push(text.slice(place, span.start), make("mark", {}, text.slice(span.start, span.end)));
      place = span.end;
    }
    this.marks.replaceChildren(...pieces, pieces.length ? `${text.slice(place)}\n` : "");
    this.scrolled();
  }

  scrolled() {
    this.marks.scrollTop = this.area.scrollTop;
  }

  item(span, text) {
    const words = text.slice(span.start, span.end);
    const remove = () => {
      this.spans = this.spans.filter((one) => one !== span);
      this.show();
      this.button.focus();
    };
    const item = make("li", {}, make("b", { dir: "auto" }, words), " ");
    if (this.typed) {
      const type = make("input", { list: this.types?.length ? "types" : null, value: span.type });
      type.setAttribute("aria-label", `Type of ${words}`);
      type.placeholder = "type";
      type.addEventListener("input", () => { span.type = type.value; });
      item.append(type, " ");
    }
    item.append(make("button", { type: "button", "aria-label": `Remove ${words}`, onclick: remove }, "×"));
    return item;
  }

  get value() {
    const text = this.area.value;
    return this.spans.map(({ start, end, type }) => {
      const place = [characters(text, start), characters(text, end)];
      return type.trim() ? [...place, type.trim()] : place;
    });
  }

  set value(spans) {
    this.text = this.area.value;
    this.spans = spans.map(([start, end, type = ""]) => ({
      start: offset(this.text, start),
      end: offset(this.text, end),
      type,
    }));
    this.show();
  }
}
