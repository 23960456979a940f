import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`../typescript/src/${path}`, import.meta.url));

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["test/dom.ts"],
    alias: [
      { find: /^@chinwag\/sdk$/, replacement: source("index.ts") },
      { find: /^@chinwag\/sdk\/store$/, replacement: source("store/store.ts") },
    ],
  },
});
