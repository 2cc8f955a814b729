// Runs src/**/*.test.ts: plain functions, without a browser.
import { readdir } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

const outdir = "node_modules/.tests";
const files = (await readdir("src", { recursive: true })).filter((f) => f.endsWith(".test.ts"));
await build({
  entryPoints: files.map((f) => `src/${f}`),
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  outExtension: { ".js": ".mjs" },
  logLevel: "error",
});
const made = files.map((f) => `${outdir}/${f.replace(/\.ts$/, ".mjs")}`);
const { status } = spawnSync(process.execPath, ["--test", ...made], { stdio: "inherit" });
process.exit(status ?? 1);
