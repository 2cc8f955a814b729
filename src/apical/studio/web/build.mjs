// Builds ../static: index.html, app.js with its late chunks, app.css, fonts and licences.
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { build, context } from "esbuild";

const out = process.env.STUDIO_OUT ?? "../static";
const watch = process.argv.includes("--watch");

const common = {
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !watch,
  sourcemap: watch,
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "fonts/[name]",
  loader: { ".woff2": "file" },
  legalComments: "none",
  logLevel: "warning",
};
// a notebook loads its module as one text, the page what it needs late in chunks
const page = { ...common, entryPoints: { app: "src/main.tsx" }, splitting: true };
// and it knows no addresses beside it: its fonts are in its style sheet
const widget = {
  ...common,
  entryPoints: [
    { in: "src/widget.ts", out: "widget" },
    { in: "src/css/app.css", out: "widget" },
  ],
  loader: { ".woff2": "dataurl" },
};

/** The licences of everything that is in the bundle. */
async function licences() {
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8"));
  const names = [...Object.keys(dependencies), "@preact/signals-core"].sort();
  const texts = await Promise.all(
    names.map(async (name) => {
      const files = await readdir(`node_modules/${name}`);
      const file = files.find((f) => /^licen[cs]e/i.test(f));
      return `${name}\n\n${file ? await readFile(`node_modules/${name}/${file}`, "utf8") : ""}`;
    }),
  );
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

await rm(out, { recursive: true, force: true });
if (watch) {
  await (await context({ ...page, logLevel: "info" })).watch();
} else {
  await Promise.all([build(page), build(widget)]);
}
await cp("index.html", `${out}/index.html`);
await writeFile(`${out}/licences.txt`, await licences());
