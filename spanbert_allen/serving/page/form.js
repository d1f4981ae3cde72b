// The fields of a task's record.

import { make } from "./linked.js";
import { Spans } from "./spans.js";

export const TASKS = {
  coref: {
    title: "Coreference",
    fields: { text: "Text" },
    spans: { name: "mentions", noun: "a mention to link (otherwise all are found)", typed: false },
    options: { probabilities: true, sentences: true },
  },
  qa: {
    title: "Question answering",
    fields: { question: "Question", context: "Text" },
    lines: ["question"],
    options: { top_k: 20 },
  },
  relation: {
    title: "Relations",
    fields: { text: "Text" },
    spans: { name: "entities", noun: "an entity", typed: true },
    options: {},
  },
  document: {
    title: "Everything in one text",
    fields: { text: "Text", questions: "Questions, one in each line" },
    lists: ["questions"],
    optional: ["questions"],
    spans: { name: "entities", noun: "an entity", typed: true, optional: true },
    options: {},
  },
  sequence: {
    title: "Classification",
    fields: { text: "Text", text_pair: "Second text, for a model of pairs" },
    optional: ["text_pair"],
    options: {},
  },
};

// A task that is not known here gets its record as JSON.
const OTHER = { fields: {}, options: {} };

export class Form {
  constructor(place, model) {
    this.task = TASKS[model.task] ?? OTHER;
    this.inputs = {};
    this.rest = {}; // what a filled-in record has besides
    place.replaceChildren();
    for (const [name, label] of Object.entries(this.task.fields)) {
      const isLine = this.task.lines?.includes(name);
      const input = isLine ? make("input") : make("textarea", { rows: 7, dir: "auto" });
      input.id = `field-${name}`;
      input.required = !this.task.optional?.includes(name);
      this.inputs[name] = input;
      place.append(make("label", { for: input.id }, label), make("div", { class: "editor" }, input));
    }
    if (this.task.spans) {
      this.spans = new Spans(this.inputs.text, { ...this.task.spans, types: model.entity_types });
      place.append(this.spans.element);
    }
    if (this.task === OTHER) {
      this.json = make("textarea", { rows: 9, id: "field-record", spellcheck: "false" });
      place.append(make("label", { for: this.json.id }, "Record, as JSON"), this.json);
    }
  }

  isList(name) {
    return this.task.lists?.includes(name) ?? false;
  }

  get record() {
    if (this.json) return JSON.parse(this.json.value);
    const record = {};
    for (const [name, input] of Object.entries(this.inputs)) {
      if (!input.value && !input.required) continue;
      record[name] = this.isList(name) ? input.value.split("\n").filter((line) => line.trim()) : input.value;
    }
    Object.assign(record, this.rest);
    const needsSpans = this.task.spans?.typed && !this.task.spans.optional;
    if (this.spans?.value.length || needsSpans) record[this.task.spans.name] = this.spans.value;
    return record;
  }

  set record(record) {
    const { options, ...given } = record;
    if (this.json) {
      this.json.value = JSON.stringify(given, null, 2);
      return;
    }
    const rest = this.task.spans?.typed ? withEntities(given) : given;
    for (const [name, input] of Object.entries(this.inputs)) {
      const value = this.isList(name) ? (rest[name] ?? []).join("\n") : rest[name];
      input.value = typeof value === "string" ? value : "";
      delete rest[name];
    }
    if (this.spans) {
      this.spans.value = rest[this.task.spans.name] ?? [];
      delete rest[this.task.spans.name];
    }
    this.rest = rest;
  }
}

// A record with a subject and an object as one with entities.
function withEntities(record) {
  const { subject, object, subject_type: ofSubject, object_type: ofObject, ...rest } = record;
  if (!subject || !object || rest.entities) return rest;
  const entity = (place, type) => (type ? [...place, type] : place);
  return { ...rest, entities: [entity(subject, ofSubject), entity(object, ofObject)] };
}
