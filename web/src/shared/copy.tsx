import { type ReactNode, useEffect, useState } from "react";
import { Icon } from "./icons.js";

const COPIED_MS = 1_600;

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }): ReactNode {
  const [state, setState] = useState<"" | "copied" | "refused">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), COPIED_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState("copied"),
      () => setState("refused"),
    );
  return (
    <button type="button" className="button small copy" onClick={() => void copy()}>
      <Icon name={state === "copied" ? "check" : "copy"} />
      <span role="status">{state === "copied" ? "Copied" : state === "refused" ? "Select it and copy" : label}</span>
    </button>
  );
}

/** Something to paste elsewhere, with its copy button. */
export function Snippet({ text, title }: { text: string; title?: string }): ReactNode {
  return (
    <figure className="snippet">
      <figcaption>
        <span>{title}</span>
        <CopyButton text={text} />
      </figcaption>
      <pre tabIndex={0} aria-label={title}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
