import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { apiReport } from "../../typescript/scripts/api-report.js";
import { packedFiles } from "../../typescript/test/harness/packed.js";

const at = (path: string) => new URL(`../${path}`, import.meta.url);

test("the public interface changes only on purpose: npm run api writes it down anew", async () => {
  expect(existsSync(at("api.txt")), "api.txt belongs to the repository").toBe(true);
  await expect(apiReport(fileURLToPath(at(".")), { "@chinwag/react": "src/index.tsx" })).toMatchFileSnapshot("../api.txt");
});

test("it can be imported and required, and brings neither React nor the SDK along", async () => {
  for (const path of ["dist/index.mjs", "dist/index.cjs", "dist/index.d.mts", "dist/index.d.cts"]) {
    expect(existsSync(at(path)), `${path}: npm run build comes first`).toBe(true);
    expect(readFileSync(at(path), "utf8")).toMatch(/["'`]react["'`]/);
    expect(readFileSync(at(path), "utf8")).toContain("@chinwag/sdk");
  }
  const imported = await import(at("dist/index.mjs").href);
  const required = createRequire(import.meta.url)("../dist/index.cjs");
  const names = ["ChinwagProvider", "useChats", "useClient", "useConnection", "useMessages", "useSend", "useTyping"];
  for (const module of [imported, required]) expect(Object.keys(module).sort()).toEqual(names);
});

test("what is packed is what is needed: nothing of the tests, and the licence", () => {
  const packed = packedFiles(fileURLToPath(at(".")));
  expect(packed).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json", "dist/index.mjs", "dist/index.d.cts"]));
  expect(packed.filter((path) => !/^(dist|src)\/|^(LICENSE|README\.md|package\.json)$/.test(path))).toEqual([]);
  expect(readFileSync(at("LICENSE"), "utf8")).toBe(readFileSync(at("../../LICENSE"), "utf8"));
});
