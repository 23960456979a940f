/** npm run build: writes dist/{chat,console,docs,embed}. With names, only those. */
import { build } from "vite";
import { embed, pages } from "./config.mjs";

const wanted = process.argv.slice(2);
for (const [name, config] of Object.entries({ ...pages, embed })) {
  if (wanted.length === 0 || wanted.includes(name)) await build(config);
}
