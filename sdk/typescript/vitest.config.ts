import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Stories talk to a real server, in a debug build perhaps, on a machine that is busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
