// node compress.mjs FROM TO: copies a directory, with .br and .gz beside each file that they make smaller.
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [from, to] = process.argv.slice(2);
// Fonts and pictures are compressed already.
const worth = /\.(html|js|css|svg|json|webmanifest|txt)$/;

cpSync(from, to, { recursive: true });
for (const name of readdirSync(to, { recursive: true })) {
  const file = join(to, name);
  if (!worth.test(name) || !statSync(file).isFile()) continue;
  const plain = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  for (const [suffix, content] of [
    [".br", brotliCompressSync(plain, { params })],
    [".gz", gzipSync(plain, { level: 9 })],
  ]) {
    if (content.length < plain.length) writeFileSync(file + suffix, content);
  }
}
