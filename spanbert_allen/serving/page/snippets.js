// An input as a command or a program that asks for the same.

import { pathOf } from "./client.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(model, record, keyed) {
  const url = new URL(pathOf(model), document.baseURI.replace(/#.*/s, ""));
  const lines = [`curl ${quoted(url.href)}`, "-H 'Content-Type: application/json'"];
  if (keyed) lines.push("-H 'Authorization: Bearer KEY'");
  lines.push(`-d ${quoted(JSON.stringify(record))}`);
  return lines.join(" \\\n  ");
}

export function asPython(model, record) {
  const { options = {}, ...given } = record;
  const isDocument = model.task === "document";
  const part = model.part ? `path, task=${literal(model.part)}` : "path";
  const load = isDocument ? `\n    path,\n${named({ predictor: "spanbert_document", ...options })}` : part;
  const archive = isDocument ? "an archive; the options coref, relation and qa name others" : `the archive of ${model.name}`;
  return (
    "import spanbert_allen\n\n" +
    `path = "model.tar.gz"  # ${archive.replaceAll(/\s/g, " ")}\n` +
    `model = spanbert_allen.load(${load})\n` +
    `result = model.predict(\n${named(isDocument ? given : { ...given, ...options })})\n`
  );
}

// Arguments of a call. The names may come from somebody's link: one that is no name stays a text.
function named(values) {
  const lines = Object.entries(values).map(([name, value]) =>
    /^[A-Za-z_]\w*$/.test(name) ? `${name}=${literal(value)}` : `**{${literal(name)}: ${literal(value)}}`,
  );
  return lines.map((line) => `    ${line},\n`).join("");
}

function literal(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([key, one]) => `${literal(key)}: ${literal(one)}`).join(", ")}}`;
  }
  return JSON.stringify(value); // numbers and strings are written alike
}
