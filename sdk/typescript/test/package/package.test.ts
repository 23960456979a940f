import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { apiReport } from "../../scripts/api-report.js";
import { wireTypes } from "../../scripts/wire.js";
import { packedFiles } from "../harness/packed.js";

const ENTRIES = {
  "@chinwag/sdk": "src/index.ts",
  "@chinwag/sdk/store": "src/store/store.ts",
  "@chinwag/sdk/indexeddb": "src/storage/indexeddb.ts",
  "@chinwag/sdk/file": "src/storage/file.ts",
};
const CORE_BYTES_MAX = 15 * 1024;
const SOURCE_LINES_MEDIAN = 180;

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const text = (path: string) => readFileSync(at(path), "utf8");

function built(path: string): URL {
  if (!existsSync(at(path))) throw new Error(`there is no ${path}: npm run build comes first`);
  return at(path);
}

test("the public interface changes only on purpose: npm run api writes it down anew", async () => {
  expect(existsSync(at("api.txt")), "api.txt belongs to the repository").toBe(true);
  await expect(apiReport(fileURLToPath(at(".")), ENTRIES)).toMatchFileSnapshot("../../api.txt");
});

test("wire types are those of the server's own description: npm run wire writes them down anew", async () => {
  await expect(wireTypes(JSON.parse(text("../../docs/api/openapi.json")))).toMatchFileSnapshot("../../src/wire.ts");
});

test("the core is under 15 KB, compressed, and in one file", () => {
  expect(/from\s*["'`]/.test(text("dist/index.mjs"))).toBe(false);
  expect(gzipSync(readFileSync(built("dist/index.mjs"))).length).toBeLessThan(CORE_BYTES_MAX);
});

test("it can be imported and required, and knows nothing of Node at its core", async () => {
  const manifest = JSON.parse(text("package.json"));
  for (const [name, conditions] of Object.entries<Record<string, { types: string; default: string }>>(manifest.exports)) {
    if (name === "./package.json") continue;
    for (const { types, default: file } of Object.values(conditions)) {
      built(types);
      built(file);
    }
  }
  const imported = await import(built("dist/index.mjs").href);
  const required = createRequire(import.meta.url)("../../dist/index.cjs");
  for (const module of [imported, required]) {
    expect(new module.ChinwagClient({ baseUrl: "http://127.0.0.1:1" }).isAuthenticated).toBe(false);
    expect(new module.ChinwagError("NETWORK", "no answer")).toMatchObject({ name: "ChinwagError", status: 0, transient: true });
  }
  for (const file of ["dist/index.mjs", "dist/index.cjs"]) expect(/node:|\brequire\(/.test(text(file)), file).toBe(false);
  expect(manifest.sideEffects).toBe(false);
  expect(manifest.dependencies).toBeUndefined();
});

test("what is packed is what is needed: nothing of the tests, and the licence", () => {
  const packed = packedFiles(fileURLToPath(at(".")));
  expect(packed).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json", "dist/index.mjs", "dist/index.d.cts"]));
  expect(packed.filter((path) => !/^(dist|src)\/|^(LICENSE|README\.md|package\.json)$/.test(path))).toEqual([]);
  expect(text("LICENSE")).toBe(text("../../LICENSE"));
});

test("files are short", () => {
  const files = readdirSync(at("src"), { recursive: true, encoding: "utf8" }).filter((file) => statSync(at(`src/${file}`)).isFile());
  const lines = files.map((file) => text(`src/${file}`).split("\n").length).sort((one, other) => one - other);
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(SOURCE_LINES_MEDIAN);
});
