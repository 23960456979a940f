/** An operation as a line for a terminal. */
import type { Entry, Reference } from "./documents.js";
import { exampleOf } from "./schema.js";

export function curl(entry: Entry, { server, schemas, credentials }: Reference): string {
  const query = entry.parameters.filter((parameter) => parameter.in === "query" && parameter.required);
  const asked = query.map(({ name }) => `${name}=$${variable(name)}`).join("&");
  const path = entry.name.replace(/\{(\w+)\}/g, (_, name: string) => `$${variable(name)}`);
  const lines = [`curl ${entry.kind === "GET" ? "" : `-X ${entry.kind} `}"${server}${path}${asked && `?${asked}`}"`];
  const scheme = credentials[entry.credentials[0] ?? ""];
  if (scheme?.in === "header" && scheme.name) lines.push(`-H "${scheme.name}: $${variable(entry.credentials[0] ?? "")}"`);
  if (scheme?.type === "http") lines.push(`-H "Authorization: Bearer $${variable(entry.credentials[0] ?? "")}"`);
  if (scheme?.in === "cookie" && scheme.name) lines.push(`-b "${scheme.name}=$${variable(scheme.name)}"`);
  if (entry.body) {
    lines.push("-H 'content-type: application/json'");
    lines.push(`-d '${JSON.stringify(exampleOf(entry.body, schemas)).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(" \\\n  ");
}

function variable(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}
