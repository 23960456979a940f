import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // As in the root's ./test.
    exclude: [...configDefaults.exclude, ...(process.env.TEST_BROWSER === "0" ? ["test/browser/**"] : [])],
    // Stories talk to a real server, in a debug build perhaps, on a machine that is busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
