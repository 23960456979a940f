/** The server's own documents, brought into one form. */
import type { Schema, Schemas } from "./schema.js";

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

export interface Answer {
  status: string;
  description: string;
  /** Of the body, if there is one. */
  schema: Schema | null;
  headers: Parameter[];
}

/** An HTTP operation, or a message of the realtime connection. */
export interface Entry {
  id: string;
  /** The method, or the kind of a message. */
  kind: string;
  /** The path, or the message's name. */
  name: string;
  summary: string;
  parameters: Parameter[];
  body: Schema | null;
  answers: Answer[];
  /** Names of security schemes: any one of them opens it. */
  credentials: string[];
}

export interface Group {
  name: string;
  description: string;
  entries: Entry[];
}

export interface Reference {
  id: string;
  title: string;
  description: string;
  /** Where it is served, as the document says. */
  server: string;
  /** Where the document itself is. */
  source: string;
  groups: Group[];
  schemas: Schemas;
  /** What each credential is. */
  credentials: Record<string, { type: string; in?: string; name?: string; scheme?: string; description?: string }>;
  codes: { code: string; status: number; title: string }[];
}

type Json = Record<string, never>;

const SOURCES = [
  { id: "chat", title: "Chat API", source: "/docs/openapi.json", read: readOpenApi },
  { id: "realtime", title: "Realtime", source: "/docs/asyncapi.json", read: readAsyncApi },
  { id: "management", title: "Management", source: "/docs/management.json", read: readOpenApi },
] as const;

export function load(): Promise<Reference[]> {
  return Promise.all(
    SOURCES.map(async ({ id, title, source, read }) => {
      const answer = await fetch(source);
      if (!answer.ok) throw new Error(`${source} was answered with ${answer.status}`);
      const document = await answer.json();
      return { id, title, source, ...read(document) };
    }),
  );
}

type Read = Omit<Reference, "id" | "title" | "source">;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

interface OpenApi {
  info: { description?: string };
  servers?: { url: string }[];
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas?: Schemas; securitySchemes?: Reference["credentials"] };
}

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema }>; headers?: Record<string, Omit<Parameter, "name" | "in">> }>;
  security?: Record<string, string[]>[];
}

function readOpenApi(document: Json): Read {
  const { info, servers, tags, paths, components } = document as unknown as OpenApi;
  const entries = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ tag: operation.tags?.[0] ?? "Other", entry: entryOf(method, path, operation) }] : [];
    }),
  );
  const names = [...new Set([...(tags ?? []).map(({ name }) => name), ...entries.map(({ tag }) => tag)])];
  return {
    description: info.description ?? "",
    server: servers?.[0]?.url ?? "",
    groups: names
      .map((name) => ({
        name,
        description: tags?.find((tag) => tag.name === name)?.description ?? "",
        entries: entries.filter(({ tag }) => tag === name).map(({ entry }) => entry),
      }))
      .filter((group) => group.entries.length > 0),
    schemas: components.schemas ?? {},
    credentials: components.securitySchemes ?? {},
    codes: [],
  };
}

function entryOf(method: string, path: string, operation: Operation): Entry {
  return {
    id: operation.operationId,
    kind: method.toUpperCase(),
    name: path,
    summary: operation.summary ?? "",
    parameters: operation.parameters ?? [],
    body: contentOf(operation.requestBody?.content),
    answers: Object.entries(operation.responses).map(([status, { description, content, headers }]) => ({
      status,
      description,
      schema: contentOf(content),
      headers: Object.entries(headers ?? {}).map(([name, header]) => ({ ...header, name, in: "header" })),
    })),
    credentials: (operation.security ?? []).flatMap((any) => Object.keys(any)),
  };
}

function contentOf(content: Record<string, { schema?: Schema }> | undefined): Schema | null {
  return Object.values(content ?? {})[0]?.schema ?? null;
}

interface AsyncApi {
  info: { description?: string };
  servers: Record<string, { protocol: string; host: string; pathname?: string }>;
  channels: Record<string, { address: string | null; description?: string; messages: Record<string, unknown> }>;
  components: { messages: Record<string, { name: string; summary?: string; payload?: Schema; headers?: Schema }>; schemas?: Schemas; securitySchemes?: Reference["credentials"] };
  "x-error-codes"?: Reference["codes"];
}

const CHANNELS: Record<string, { name: string; kind: string }> = {
  actions: { name: "Actions", kind: "SEND" },
  events: { name: "Events", kind: "MESSAGE" },
  connection: { name: "Frames", kind: "FRAME" },
};

function readAsyncApi(document: Json): Read {
  const { info, servers, channels, components, ...more } = document as unknown as AsyncApi;
  const server = Object.values(servers)[0];
  const groups = Object.keys(CHANNELS)
    .concat(Object.keys(channels).filter((id) => !(id in CHANNELS)))
    .flatMap((id) => {
      const channel = channels[id];
      if (!channel) return [];
      const { name, kind } = CHANNELS[id] ?? { name: id, kind: "MESSAGE" };
      const entries = Object.keys(channel.messages).map((key) => {
        const message = components.messages[key];
        const entry: Entry = {
          id: key,
          kind,
          name: message?.name ?? key,
          summary: message?.summary ?? "",
          parameters: Object.entries(message?.headers?.properties ?? {}).map(([header, schema]) => ({
            name: header,
            in: "header",
            required: message?.headers?.required?.includes(header) ?? false,
            description: schema.description ?? "",
            schema: { ...schema, description: "" },
          })),
          body: message?.payload ?? null,
          answers: [],
          credentials: [],
        };
        return entry;
      });
      return [{ name, description: [channel.address && `\`${channel.address}\``, channel.description].filter(Boolean).join(": "), entries }];
    });
  return {
    description: info.description ?? "",
    server: server ? `${server.protocol}://${server.host}${server.pathname ?? ""}` : "",
    groups,
    schemas: components.schemas ?? {},
    credentials: components.securitySchemes ?? {},
    codes: more["x-error-codes"] ?? [],
  };
}
