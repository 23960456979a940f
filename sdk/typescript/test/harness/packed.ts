import { execFileSync } from "node:child_process";

/** What `npm publish` would take along, by paths in the package. */
export function packedFiles(home: string): string[] {
  const flags = ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
  const [packed] = JSON.parse(execFileSync("npm", flags, { cwd: home, encoding: "utf8" })) as { files: { path: string }[] }[];
  return packed?.files.map(({ path }) => path) ?? [];
}
