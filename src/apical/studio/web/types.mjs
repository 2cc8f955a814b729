// Writes src/messages.ts from messages.schema.json, which Python writes (apical.studio.messages).
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

/** Titles of fields would become types of their own; tuples are said in an older way here. */
function plain(node, named = false) {
  if (Array.isArray(node)) return node.map((item) => plain(item));
  if (node === null || typeof node !== "object") return node;
  if (node.$ref) return { $ref: node.$ref };
  const out = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === "title" && !named && typeof value === "string") continue;
    if (key === "prefixItems") out.items = plain(value);
    else if (key === "properties") {
      out.properties = fields(value);
      out.required = Object.keys(value); // both sides always say every field
    } else if (key === "required") continue;
    else if (key === "definitions") out.definitions = fields(value, true);
    else out[key] = plain(value);
  }
  return out;
}

function fields(object, named = false) {
  return Object.fromEntries(Object.entries(object).map(([k, v]) => [k, plain(v, named)]));
}

const schema = JSON.parse(await readFile("messages.schema.json", "utf8"));
const banner = "// Made by `npm run types` from the Python schema; not edited by hand.";
const text = await compile(plain(schema, true), "Messages", {
  bannerComment: banner,
  additionalProperties: false,
  unreachableDefinitions: true,
  ignoreMinAndMaxItems: true,
  format: true,
});
const chatter = /^ \*\n \* This interface was referenced by .*\n \* via the `definition` ".*"\.\n/gm;
const alone = /^\/\*\*\n \* This interface was referenced by .*\n \* via the `definition` ".*"\.\n \*\/\n/gm;
const root = /^export interface Messages \{\n {2}\[k: string\]: unknown;\n\}\n/m;
await writeFile("src/messages.ts", text.replace(chatter, "").replace(alone, "").replace(root, ""));
