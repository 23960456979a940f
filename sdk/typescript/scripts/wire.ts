/** What crosses the wire, as types, from the description that the server gives of itself: docs/api/openapi.json. */

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  const?: string;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

export interface Description {
  components: { schemas: Record<string, Schema> };
}

/** What is to be written down, by the description's names; what it refers to comes along. Ours where they differ. */
const NAMES: Record<string, string> = {
  NewUser: "RegisterUserRequest",
  Registered: "RegisteredUser",
  Credentials: "SignInRequest",
  SignedIn: "SignInResponse",
  Profile: "User",
  ChatDetails: "ChatDetails",
  Chats: "ChatsResponse",
  ChatUserInfo: "ChatUserInfo",
  Users: "ChatUsersResponse",
  Message: "Message",
  Messages: "MessagesResponse",
  Missed: "SyncResponse",
  Action: "Action",
  Event: "ChatEvent",
  Notice: "Notice",
  ErrorBody: "Problem",
  ErrorCode: "ServerCode",
};
/** Of the variants of a union: SEND_MSG of Event is SendMsgEvent. */
const REFUSAL = "ERROR";
/** Fields of an action that whoever acts does not say: the server knows them, or the client makes them. */
const UNSAID = ["senderId", "timeStamp", "nonce"];

const HEAD = `/** What crosses the wire (docs/protocol.md), as types. Written by \`npm run wire\` from docs/api/openapi.json: do not edit. */

/** RFC 3339 in UTC, with milliseconds. Never an order: that is \`seq\`. */
export type Timestamp = string;
export type Uuid = string;
`;

export function wireTypes({ components: { schemas } }: Description): string {
  const written = new Map<string, string>();
  const write = (name: string) => {
    const schema = schemas[name];
    if (!schema) throw new Error(`the description has no ${name}`);
    if (written.has(name)) return;
    written.set(name, "");
    written.set(name, declared(name, schema));
    for (const [, other] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) if (other) write(other);
  };
  for (const name of Object.keys(NAMES)) write(name);
  return [HEAD, ...written.values()].join("\n");
}

function declared(name: string, schema: Schema): string {
  const ours = named(name);
  if (schema.oneOf) return union(ours, name, schema, schema.oneOf);
  if (schema.enum) return `${comment(schema)}export type ${ours} =${schema.enum.map((value) => `\n  | "${value}"`).join("")};\n`;
  if (schema.properties) return `${comment(schema)}export interface ${ours} {\n${fields(schema)}}\n`;
  return `${comment(schema)}export type ${ours} = ${typed(schema)};\n`;
}

/** Told apart by \`type\`; what all variants have comes from an interface of its own. */
function union(ours: string, name: string, schema: Schema, variants: Schema[]): string {
  const base = schema.properties ? `${name}Base` : null;
  const parts: string[] = [];
  if (base) parts.push(`export interface ${base} {\n${fields(schema)}}\n`);
  const members = variants.map((variant) => {
    const type = variant.properties?.type?.const;
    if (!type) throw new Error(`a variant of ${name} has no type`);
    const member = type === REFUSAL ? `Refusal${name}` : `${type.toLowerCase().replace(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase())}${name}`;
    parts.push(`${comment(variant)}export interface ${member}${base ? ` extends ${base}` : ""} {\n${fields(variant, name === "Action" ? UNSAID : [])}}\n`);
    return `\n  | ${member}`;
  });
  return `${parts.join("\n")}\n${comment(schema)}export type ${ours} =${members.join("")};\n`;
}

function fields({ properties = {}, required = [] }: Schema, unsaid: string[] = []): string {
  const order = [...required, ...Object.keys(properties).filter((name) => !required.includes(name))];
  const lines = order.filter((name) => !unsaid.includes(name)).map((name) => {
    const schema = properties[name] ?? {};
    // What need not be there is left out when there is nothing to say, rather than null.
    const type = required.includes(name) ? typed(schema) : typed(schema).replace(/ \| null$/, "");
    return `${comment(schema, "  ")}  ${name}${required.includes(name) ? "" : "?"}: ${type};\n`;
  });
  return lines.join("");
}

function typed(schema: Schema): string {
  if (schema.$ref) return named(schema.$ref.replace(/.*\//, ""));
  if (schema.const) return `"${schema.const}"`;
  if (schema.anyOf) return schema.anyOf.map(typed).join(" | ");
  const types = [schema.type ?? "unknown"].flat();
  return types.map((type) => typeNamed(type, schema)).join(" | ");
}

function typeNamed(type: string, { format, items }: Schema): string {
  if (type === "array") return `${typed(items ?? {})}[]`;
  if (type === "integer") return "number";
  if (type === "string" && format === "uuid") return "Uuid";
  if (type === "string" && format === "date-time") return "Timestamp";
  return type;
}

function named(name: string): string {
  return NAMES[name] ?? name;
}

function comment({ description }: Schema, indent = ""): string {
  return description ? `${indent}/** ${description.replace(/\s+/g, " ")} */\n` : "";
}
