import type { ReactNode } from "react";

/** Text of the documents: what is between backticks is code. */
export function Rich({ text }: { text: string }): ReactNode {
  return text.split("`").map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part));
}
