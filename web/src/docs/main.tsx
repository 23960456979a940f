import "../shared/fonts.css";
import "./page.css";
import { type ReactNode, StrictMode, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { Icon, Mark } from "../shared/icons.js";
import { applyTheme, nextTheme, theme } from "../shared/theme.js";
import { type Reference, load } from "./documents.js";
import { EntryView } from "./entry.js";
import { Rich } from "./rich.js";

function Page(): ReactNode {
  const [references, setReferences] = useState<Reference[] | null>(null);
  const [error, setError] = useState("");
  const [sought, setSought] = useState("");
  const { referenceId, entryId } = useAddress();
  useEffect(() => {
    load().then(setReferences, (problem: Error) => setError(problem.message));
  }, []);
  const reference = references?.find(({ id }) => id === referenceId) ?? references?.[0];
  useEffect(() => {
    // The entries are there only now, long after the browser looked for the address in the page.
    if (reference && entryId) document.getElementById(`${reference.id}/${entryId}`)?.scrollIntoView();
    else if (reference) scrollTo(0, 0);
  }, [reference, entryId]);
  if (error) return <p className="note bad docs-state" role="alert">The documents could not be loaded: {error}</p>;
  if (!references || !reference) return <p className="hidden" role="status">Loading</p>;
  return (
    <div className="docs">
      <Side references={references} current={reference} entryId={entryId} sought={sought} onSought={setSought} />
      <main>
        <header className="docs-head">
          <h1>{reference.title}</h1>
          <p>
            <Rich text={reference.description} />
          </p>
          <p className="docs-source">
            <code>{reference.server}</code>
            <a href={reference.source}>{reference.source.replace("/docs/", "")}</a>
          </p>
        </header>
        {reference.groups.map((group) => (
          <section key={group.name} className="docs-group">
            <h2 id={`${reference.id}/${group.name}`}>{group.name}</h2>
            {group.description && (
              <p>
                <Rich text={group.description} />
              </p>
            )}
            {group.entries.map((entry) => (
              <EntryView key={entry.id} entry={entry} reference={reference} />
            ))}
          </section>
        ))}
        {reference.codes.length > 0 && <Codes reference={reference} />}
      </main>
    </div>
  );
}

interface SideProps {
  references: Reference[];
  current: Reference;
  entryId: string | null;
  sought: string;
  onSought: (sought: string) => void;
}

function Side({ references, current, entryId, sought, onSought }: SideProps): ReactNode {
  const [colours, setColours] = useState(theme);
  const words = sought.trim().toLowerCase();
  const shown = useMemo(() => {
    if (!words) return [current];
    const found = (text: string) => text.toLowerCase().includes(words);
    return references
      .map((reference) => ({
        ...reference,
        groups: reference.groups
          .map((group) => ({ ...group, entries: group.entries.filter(({ id, name, summary }) => found(id) || found(name) || found(summary)) }))
          .filter(({ entries }) => entries.length > 0),
      }))
      .filter(({ groups }) => groups.length > 0);
  }, [references, current, words]);
  const change = () => {
    const next = nextTheme(colours);
    applyTheme(next);
    setColours(next);
  };
  return (
    <nav className="docs-side" aria-label="API reference">
      <header>
        <a className="wordmark" href="/">
          <Mark />
          Chinwag
        </a>
        <button type="button" className="icon-button" aria-label="Change colours" title="Change colours" onClick={change}>
          <Icon name={{ auto: "auto", light: "sun", dark: "moon" }[colours] as "auto"} />
        </button>
      </header>
      <input className="input" type="search" aria-label="Search the reference" placeholder="Search" value={sought} onChange={(event) => onSought(event.target.value)} />
      <ul className="docs-tabs">
        {references.map(({ id, title }) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === current.id ? "page" : undefined} onClick={() => onSought("")}>
              {title}
            </a>
          </li>
        ))}
      </ul>
      <div className="docs-entries">
        {shown.length === 0 && <p className="quiet">Nothing has “{sought.trim()}” in its name or summary.</p>}
        {shown.map((reference) =>
          reference.groups.map((group) => (
            <section key={`${reference.id} ${group.name}`}>
              <h3>{words ? `${reference.title}: ${group.name}` : group.name}</h3>
              <ul>
                {group.entries.map(({ id, kind, name }) => (
                  <li key={id}>
                    <a href={`#${reference.id}/${id}`} aria-current={reference === current && id === entryId ? "location" : undefined}>
                      <span className="kind" data-kind={kind}>
                        {kind}
                      </span>
                      <span>{name.replace(/^\/api/, "")}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          )),
        )}
      </div>
    </nav>
  );
}

function Codes({ reference }: { reference: Reference }): ReactNode {
  return (
    <section className="docs-group">
      <h2>Error codes</h2>
      <p>In every error answer, and in the notice ERROR. Match on the code: it is stable, the texts are not.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">HTTP</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {reference.codes.map(({ code, status, title }) => (
            <tr key={code}>
              <td>
                <code>{code}</code>
              </td>
              <td>{status}</td>
              <td>{title}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function useAddress(): { referenceId: string; entryId: string | null } {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const [referenceId = "", ...rest] = decodeURIComponent(hash.slice(1)).split("/");
  return { referenceId, entryId: rest.join("/") || null };
}

applyTheme();
const page = document.getElementById("page");
if (page) {
  createRoot(page).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
