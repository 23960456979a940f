/** How each page is built. Each becomes a directory of its own under dist, with hashed names beside one entry. */
import { fileURLToPath } from "node:url";
import { emoji } from "./emoji.mjs";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const alias = [
  { find: /^@chinwag\/sdk$/, replacement: here("../sdk/typescript/src/index.ts") },
  { find: /^@chinwag\/sdk\/store$/, replacement: here("../sdk/typescript/src/store/store.ts") },
  { find: /^@chinwag\/sdk\/indexeddb$/, replacement: here("../sdk/typescript/src/storage/indexeddb.ts") },
  { find: /^@chinwag\/react$/, replacement: here("../sdk/react/src/index.tsx") },
  // The hooks' sources lie outside, and must meet the same React as ours.
  { find: /^(react|react-dom)(\/.*)?$/, replacement: `${here("node_modules")}/$1$2` },
];

const common = {
  configFile: false,
  logLevel: "warn",
  plugins: [emoji()],
  resolve: { alias },
  build: {
    target: "es2022",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // A data: URL would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // "use client" in a library says nothing to a page that has no server part.
    rollupOptions: { checks: { moduleLevelDirective: false }, onwarn: (warning, warn) => warning.code !== "MODULE_LEVEL_DIRECTIVE" && warn(warning) },
  },
};

/** A page with the path under which its listener serves it. */
function page(name, base) {
  return {
    ...common,
    root: here(`src/${name}`),
    base,
    build: { ...common.build, outDir: here(`dist/${name}`) },
  };
}

export const pages = {
  chat: page("chat", "/"),
  console: page("console", "/"),
  docs: page("docs", "/docs/"),
};

/** One module for other people's pages: everything in it, and no file beside it. */
export const embed = {
  ...common,
  root: here("src/embed"),
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    ...common.build,
    outDir: here("dist/embed"),
    lib: { entry: here("src/embed/embed.ts"), formats: ["es"], fileName: () => "embed.js" },
    rollupOptions: { ...common.build.rollupOptions, output: { codeSplitting: false, minify: true } },
  },
};
