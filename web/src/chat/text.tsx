/** The text of a message: links become links, and nothing else becomes anything. */
import type { ReactNode } from "react";

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;
/** Up to three emoji and nothing else. Null where the engine does not know sets of strings yet. */
const FEW_EMOJI = emojiPattern();

export function Text({ text }: { text: string }): ReactNode {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    parts.push(text.slice(end, index));
    parts.push(
      <a key={index} href={link} target="_blank" rel="noopener noreferrer" tabIndex={-1}>
        {link}
      </a>,
    );
    end = index + link.length;
  }
  parts.push(text.slice(end));
  return parts;
}

export function isFewEmoji(text: string): boolean {
  return text.length <= 40 && (FEW_EMOJI?.test(text) ?? false);
}

function emojiPattern(): RegExp | null {
  try {
    return new RegExp("^(?:\\p{RGI_Emoji}\\s*){1,3}$", "v");
  } catch {
    return null;
  }
}
