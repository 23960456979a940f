import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.tsx" },
  format: ["esm", "cjs"],
  platform: "neutral",
  target: "es2022",
  // The sources of the SDK are for tests; what is published refers to the package.
  dts: { tsconfig: false, compilerOptions: { jsx: "react-jsx", module: "esnext", moduleResolution: "bundler", target: "es2022" } },
  minify: true,
  sourcemap: true,
  fixedExtension: true,
  external: [/^react/, /^@chinwag\/sdk/],
});
