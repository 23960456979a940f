import type { ReactNode } from "react";

const HUES = 8;

/** Initials on a colour that follows from `id`, so that the same one always looks the same. */
export function Avatar({ id, name, size = "" }: { id: string; name: string; size?: "" | "tiny" | "large" }): ReactNode {
  return (
    <span className={`avatar ${size}`} data-hue={hueOf(id)} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function hueOf(id: string): number {
  let sum = 0;
  for (let at = 0; at < id.length; at += 1) sum = (sum * 31 + id.charCodeAt(at)) >>> 0;
  return sum % HUES;
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const [first = "?", last] = words.length > 1 ? [words[0], words.at(-1)] : words;
  const letters = [first, last].map((word) => (word ? [...word][0] : ""));
  return letters.join("").toUpperCase();
}
