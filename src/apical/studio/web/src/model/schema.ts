// What the network's schema says of a value: unit, bounds and meaning.

import { at, type Tree } from "./address";

/** What there is to know of a value. */
export interface FieldInfo {
  unit: string;
  text: string;
  type: "number" | "integer" | "boolean" | "string" | "choice" | "other";
  choices: string[];
  minimum: number | null;
  maximum: number | null;
  /** whether the minimum itself is not allowed */
  open: boolean;
  optional: boolean;
}

const UNITS: Record<string, string> = {
  um: "µm", uS: "µS", uF: "µF", "1": "", degC: "°C", "uF/cm2": "µF/cm²", "S/cm2": "S/cm²",
  "ohm*cm": "Ω·cm", "ohm cm": "Ω·cm", "uA/mm3": "µA/mm³",
};

/** Says what is known of the value at an address of a network. */
export function describe(schema: Tree, network: Tree, path: string): FieldInfo {
  const found = described(schema, network, path);
  return found.unit ? found : { ...found, unit: parameterUnit(network, path) };
}

/** The unit that a mechanism gives its parameter, which channels and receptors set. */
function parameterUnit(network: Tree, path: string): string {
  const channel = /^cells\..+\.channels\.([^.]+)\.([^.]+)$/.exec(path);
  const receptor = /^(cells\..+\.receptors\.[^.]+)\.parameters\.([^.]+)$/.exec(path);
  const mechanism = channel ? channel[1] : receptor && at(network, `${receptor[1]}.mechanism`);
  const parameter = (channel ?? receptor)?.[2];
  const text = String(at(network, `mechanisms.${mechanism}.parameters.${parameter}`) ?? "");
  const unit = text.replace(/^[-+]?[\d.]+(e[-+]?\d+)?\s*/i, "");
  return UNITS[unit] ?? unit;
}

function described(schema: Tree, network: Tree, path: string): FieldInfo {
  let node: Tree = schema;
  let owner: Tree = schema;
  let here: unknown = network;
  let rest = path;
  let name = "";
  while (rest) {
    node = choose(schema, node, here);
    const step = next(node, here, rest);
    if (step === null) return info({}, "");
    if (node.properties) owner = node;
    name = node.properties ? step.name : name;
    node = step.node;
    here = at(here, step.name);
    rest = rest.slice(step.name.length + 1);
  }
  return info(resolve(schema, node), meaning(String(owner.description ?? ""), name));
}

function next(node: Tree, here: unknown, rest: string): { name: string; node: Tree } | null {
  const properties = (node.properties ?? {}) as Record<string, Tree>;
  const names = [...Object.keys(properties), ...Object.keys((here ?? {}) as Tree)];
  const fitting = names.filter((n) => rest === n || rest.startsWith(`${n}.`));
  const found = fitting.reduce((a, b) => (a.length > b.length ? a : b), "");
  const name = found || rest.split(".", 1)[0];
  const child = properties[name] ?? (node.additionalProperties as Tree | undefined);
  return child && typeof child === "object" ? { name, node: child } : null;
}

function resolve(schema: Tree, node: Tree): Tree {
  if (typeof node.$ref !== "string") return node;
  return at(schema, node.$ref.replace(/^#\//, "").replaceAll("/", ".")) as Tree;
}

/** The one of several forms that a value has. */
function choose(schema: Tree, node: Tree, here: unknown): Tree {
  const whole = resolve(schema, node);
  const forms = (whole.oneOf ?? whole.anyOf) as Tree[] | undefined;
  if (!forms) return whole;
  const key = (whole.discriminator as Tree | undefined)?.propertyName as string | undefined;
  const kind = (here as Tree | null)?.[key ?? "kind"];
  const found = forms.map((f) => resolve(schema, f)).filter((f) => f.type !== "null");
  const fits = (form: Tree) => (at(form, `properties.${key ?? "kind"}.const`) ?? null) === (kind ?? null);
  return found.find(fits) ?? found[0] ?? whole;
}

function info(node: Tree, text: string): FieldInfo {
  const forms = ((node.anyOf ?? [node]) as Tree[]).filter((f) => f.type !== "null");
  const form = forms[0] ?? {};
  const optional = node.anyOf !== undefined && forms.length < (node.anyOf as Tree[]).length;
  const open = form.exclusiveMinimum !== undefined;
  const unit = String(form.unit ?? "");
  return {
    unit: UNITS[unit] ?? unit,
    text,
    type: typeOf(form),
    choices: ((form.enum ?? []) as string[]).map(String),
    minimum: (form.minimum ?? form.exclusiveMinimum ?? null) as number | null,
    maximum: (form.maximum ?? null) as number | null,
    open,
    optional,
  };
}

function typeOf(form: Tree): FieldInfo["type"] {
  if (form.enum) return "choice";
  const types = [form.type].flat();
  for (const type of ["boolean", "integer", "number", "string"] as const) {
    if (types.includes(type)) return type;
  }
  return "other";
}

/** The sentence that a numpydoc description has for a parameter. */
export function meaning(description: string, name: string): string {
  const lines = description.split("\n");
  const head = lines.findIndex((line) => {
    const [names, type] = line.split(" : ");
    return type !== undefined && !line.startsWith(" ") && names.split(", ").includes(name);
  });
  if (head < 0) return "";
  const end = lines.findIndex((line, i) => i > head && !line.startsWith("    "));
  return lines
    .slice(head + 1, end < 0 ? undefined : end)
    .map((line) => line.trim())
    .join(" ")
    .replaceAll("`", "");
}
