/** The parts of JSON Schema, OpenAPI 3.1 and AsyncAPI 3 that our documents use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  description?: string;
  title?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  "x-ext"?: boolean;
}

export type Schemas = Readonly<Record<string, Schema>>;

const LOCAL = /^#\/components\/(?:schemas|messages)\//;

export function nameOf($ref: string): string {
  return $ref.replace(LOCAL, "");
}

/** What a reference refers to; what came with it stays. */
export function resolved(schema: Schema, schemas: Schemas): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  return { ...resolved(schemas[nameOf($ref)] ?? {}, schemas), ...beside };
}

/** Everything that must hold at once, as one object. */
export function merged(schema: Schema, schemas: Schemas): Schema {
  const whole = resolved(schema, schemas);
  const { allOf, ...rest } = whole;
  if (!allOf) return whole;
  return allOf
    .map((part) => merged(part, schemas))
    .concat(rest)
    .reduce((into, part) => ({
      ...into,
      ...part,
      properties: { ...into.properties, ...part.properties },
      required: [...(into.required ?? []), ...(part.required ?? [])],
    }));
}

/** The alternatives, without null. */
export function alternatives(schema: Schema): Schema[] {
  return (schema.oneOf ?? schema.anyOf ?? []).filter(({ type }) => type !== "null");
}

/** In words: "string (uuid) or null", "array of Reaction". */
export function typeOf(schema: Schema, schemas: Schemas): string {
  const nullable = [schema.oneOf, schema.anyOf].some((parts) => parts?.some(({ type }) => type === "null")) || (Array.isArray(schema.type) && schema.type.includes("null"));
  return plainType(schema, schemas) + (nullable ? " or null" : "");
}

function plainType(schema: Schema, schemas: Schemas): string {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const parts = alternatives(schema);
  if (parts.length > 0) return parts.map((part) => plainType(part, schemas)).join(" or ");
  const type = [schema.type ?? "any"].flat().filter((name) => name !== "null").join(" or ");
  if (type === "array") return `array of ${schema.items ? typeOf(schema.items, schemas) : "any"}`;
  return schema.format && type === "string" ? `${type} (${schema.format})` : type;
}

/** What must hold besides the type, as far as the description does not say so. */
export function bounds({ description = "", minimum, maximum, minLength, maxLength, minItems, maxItems, pattern }: Schema): string {
  const span = (least: number | undefined, most: number | undefined, what: string) =>
    most !== undefined && least === most ? `exactly ${most}${what}` : most !== undefined ? (least ? `${least} to ${most}${what}` : `at most ${most}${what}`) : least ? `at least ${least}${what}` : "";
  return [
    span(minimum, maximum, ""),
    span(minLength, maxLength, " characters"),
    span(minItems, maxItems, " items"),
    pattern === "\\S" && !/white space/.test(description) ? "not only white space" : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** What tells one form from another comes first. */
export function fieldsOf({ properties = {} }: Schema): [name: string, schema: Schema][] {
  const fields = Object.entries(properties);
  return [...fields.filter(([, { const: only }]) => only !== undefined), ...fields.filter(([, { const: only }]) => only === undefined)];
}

const EXAMPLES: Record<string, unknown> = {
  uuid: "019f1c2e-6b1a-7c44-9d1e-0c9c71b1888f",
  "date-time": "2026-11-22T15:40:00.007Z",
  email: "alice@example.com",
};

const WORDS: Record<string, string> = {
  username: "alice",
  password: "correct horse",
  email: "alice@example.com",
  chatName: "Tea",
  userNames: "alice",
  newUsername: "bob",
  newChatName: "More tea",
  message: "Tea?",
  reaction: "🍵",
  companyName: "Teapots & Co",
  name: "Tea room",
};

/** A value of that schema, with what is required and no more. */
export function exampleOf(schema: Schema, schemas: Schemas, name = ""): unknown {
  const whole = merged(schema, schemas);
  if (whole.examples?.length) return whole.examples[0];
  if (whole.const !== undefined) return whole.const;
  if (whole.enum?.length) return whole.enum[0];
  const [first] = alternatives(whole);
  if (first && !whole.properties) return exampleOf(first, schemas, name);
  const type = [whole.type ?? ""].flat()[0];
  if (whole.properties) {
    const required = fieldsOf(whole).filter(([field]) => whole.required?.includes(field));
    return Object.fromEntries(required.map(([field, part]) => [field, exampleOf(part, schemas, field)]));
  }
  if (type === "array") return whole.items ? [exampleOf(whole.items, schemas, name)] : [];
  if (type === "integer" || type === "number") return whole.minimum ?? 1;
  if (type === "boolean") return false;
  return EXAMPLES[whole.format ?? ""] ?? WORDS[name] ?? "…";
}
