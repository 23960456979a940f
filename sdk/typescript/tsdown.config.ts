import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", store: "src/store/store.ts", indexeddb: "src/storage/indexeddb.ts", file: "src/storage/file.ts" },
  format: ["esm", "cjs"],
  platform: "neutral",
  target: "es2022",
  dts: true,
  minify: true,
  sourcemap: true,
  fixedExtension: true,
  external: [/^node:/],
});
