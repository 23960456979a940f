import { type ReactNode, memo, useState } from "react";
import { Snippet } from "../shared/copy.js";
import { curl } from "./curl.js";
import type { Answer, Entry, Parameter, Reference } from "./documents.js";
import { Rich } from "./rich.js";
import { alternatives, bounds, exampleOf, fieldsOf, merged, type Schema, type Schemas, typeOf } from "./schema.js";

/** Objects deeper than this are named, not shown. */
const DEPTH_MAX = 4;

export const EntryView = memo(function EntryView({ entry, reference }: { entry: Entry; reference: Reference }): ReactNode {
  const { schemas, credentials } = reference;
  const http = entry.kind !== "SEND" && entry.kind !== "MESSAGE" && entry.kind !== "FRAME";
  return (
    <article className="entry" id={`${reference.id}/${entry.id}`}>
      <header>
        <h3>
          <a href={`#${reference.id}/${entry.id}`}>
            <span className="kind" data-kind={entry.kind}>
              {entry.kind}
            </span>
            <code>{entry.name}</code>
          </a>
        </h3>
        <p>
          <Rich text={entry.summary} />
        </p>
      </header>
      <div className="entry-columns">
        <div>
          {http && <Opens names={entry.credentials} credentials={credentials} />}
          <Parameters title="Path" parameters={entry.parameters} of="path" schemas={schemas} />
          <Parameters title="Query" parameters={entry.parameters} of="query" schemas={schemas} />
          <Parameters title="Headers" parameters={entry.parameters} of="header" schemas={schemas} />
          {entry.body && (
            <section>
              <h4>Body</h4>
              <Fields schema={entry.body} schemas={schemas} depth={0} />
            </section>
          )}
          {entry.answers.length > 0 && (
            <section>
              <h4>Answers</h4>
              {entry.answers.map((answer) => (
                <AnswerView key={answer.status} answer={answer} schemas={schemas} />
              ))}
            </section>
          )}
        </div>
        <div className="entry-snippets">
          {http && !entry.answers.some(({ status }) => status === "101") && <Snippet title="curl" text={curl(entry, reference)} />}
          {!http && entry.body && <Snippet title="Body" text={JSON.stringify(exampleOf(entry.body, schemas), null, 2)} />}
        </div>
      </div>
    </article>
  );
});

interface DetailsProps {
  className: string;
  opened?: boolean;
  summary: ReactNode;
  children: ReactNode;
}

/** What is in it is made when it is first opened: most never are. */
function Details({ className, opened = false, summary, children }: DetailsProps): ReactNode {
  const [open, setOpen] = useState(opened);
  return (
    <details className={className} open={opened} onToggle={(event) => event.currentTarget.open && setOpen(true)}>
      <summary>{summary}</summary>
      {open && children}
    </details>
  );
}

function Opens({ names, credentials }: { names: string[]; credentials: Reference["credentials"] }): ReactNode {
  if (names.length === 0) return <p className="opens">Open to everybody</p>;
  return (
    <p className="opens">
      Needs{" "}
      {names.map((name, at) => (
        <span key={name} title={credentials[name]?.description}>
          {at > 0 && " or "}
          <code>{name}</code>
        </span>
      ))}
    </p>
  );
}

function Parameters({ title, parameters, of, schemas }: { title: string; parameters: Parameter[]; of: string; schemas: Schemas }): ReactNode {
  const shown = parameters.filter((parameter) => parameter.in === of);
  if (shown.length === 0) return null;
  return (
    <section>
      <h4>{title}</h4>
      <dl className="fields">
        {shown.map(({ name, schema, required = false, description = "" }) => (
          <Field key={name} name={name} schema={{ ...schema, description }} required={required} schemas={schemas} depth={DEPTH_MAX} />
        ))}
      </dl>
    </section>
  );
}

function AnswerView({ answer, schemas }: { answer: Answer; schemas: Schemas }): ReactNode {
  const good = answer.status < "400";
  return (
    <Details
      className="answer"
      opened={good && answer.schema !== null}
      summary={
        <>
          <b data-good={good}>{answer.status}</b>
          <span>
            <Rich text={answer.description} />
          </span>
        </>
      }
    >
      {answer.headers.length > 0 && (
        <dl className="fields">
          {answer.headers.map(({ name, description = "", schema }) => (
            <Field key={name} name={name} schema={{ ...schema, description }} required schemas={schemas} depth={DEPTH_MAX} />
          ))}
        </dl>
      )}
      {answer.schema && <Fields schema={answer.schema} schemas={schemas} depth={0} />}
    </Details>
  );
}

/** The fields of an object, or what else the schema is. */
function Fields({ schema, schemas, depth }: { schema: Schema; schemas: Schemas; depth: number }): ReactNode {
  const whole = merged(schema, schemas);
  const parts = alternatives(whole);
  if (whole.properties && Object.keys(whole.properties).length > 0) {
    return (
      <>
        <dl className="fields">
          {fieldsOf(whole).map(([name, part]) => (
            <Field key={name} name={name} schema={part} required={whole.required?.includes(name) ?? false} schemas={schemas} depth={depth} />
          ))}
        </dl>
        {parts.length > 1 && <Parts parts={parts} schemas={schemas} depth={depth} />}
      </>
    );
  }
  if (parts.length > 1) return <Parts parts={parts} schemas={schemas} depth={depth} />;
  if (parts[0]) return <Fields schema={parts[0]} schemas={schemas} depth={depth} />;
  if (whole.items) {
    return (
      <>
        <p className="type">{typeOf(schema, schemas)}</p>
        <Fields schema={whole.items} schemas={schemas} depth={depth + 1} />
      </>
    );
  }
  return whole.type === "object" ? null : <p className="type">{typeOf(schema, schemas)}</p>;
}

function Parts({ parts, schemas, depth }: { parts: Schema[]; schemas: Schemas; depth: number }): ReactNode {
  return parts.map((part, at) => {
    const whole = merged(part, schemas);
    const name = whole.properties?.type?.const ?? whole.title ?? `form ${at + 1}`;
    return (
      <Details
        key={String(name)}
        className="part"
        summary={
          <>
            <code>{String(name)}</code> <Rich text={whole.description ?? ""} />
          </>
        }
      >
        <Fields schema={part} schemas={schemas} depth={depth + 1} />
      </Details>
    );
  });
}

interface FieldProps {
  name: string;
  schema: Schema;
  required: boolean;
  schemas: Schemas;
  depth: number;
}

function Field({ name, schema, required, schemas, depth }: FieldProps): ReactNode {
  const whole = merged(schema, schemas);
  const inner = [whole, whole.items && merged(whole.items, schemas), ...alternatives(whole).map((part) => merged(part, schemas))].find((part) => part?.properties);
  const limits = bounds(whole);
  const said = [schema.description || whole.description, limits && `${limits[0]?.toUpperCase()}${limits.slice(1)}.`].filter(Boolean).join(" ");
  return (
    <div className="field-row">
      <dt>
        <code>{name}</code>
        <span className="type">{typeOf(schema, schemas)}</span>
        {!required && <span className="mark">optional</span>}
        {schema["x-ext"] && (
          <span className="mark" title="Chinwag's own: clients of the published API may ignore it">
            ext
          </span>
        )}
      </dt>
      <dd>
        {said && <Rich text={said} />}
        {inner && depth < DEPTH_MAX && (
          <Details className="part" summary="Its fields">
            <Fields schema={inner} schemas={schemas} depth={depth + 1} />
          </Details>
        )}
      </dd>
    </div>
  );
}
