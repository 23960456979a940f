import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import groups, { type Emoji } from "virtual:emoji";

const RECENT = "chinwag-emoji";
const RECENT_MAX = 16;
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀"];
const FOUND_MAX = 96;

/** A chunk of its own: the data is as large as the rest of the chat. */
export default function EmojiPicker({ onChoose }: { onChoose: (emoji: string) => void }): ReactNode {
  const [sought, setSought] = useState("");
  const [recent] = useState(recentEmoji);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => search.current?.focus({ preventScroll: true }), []);
  const found = useMemo(() => (sought.trim() === "" ? null : find(sought)), [sought]);
  const choose = (emoji: string) => {
    localStorage.setItem(RECENT, JSON.stringify([emoji, ...recent.filter((other) => other !== emoji)].slice(0, RECENT_MAX)));
    onChoose(emoji);
  };
  return (
    <div className="emoji-picker" onKeyDown={walk}>
      <input
        ref={search}
        className="input"
        type="search"
        aria-label="Search emoji"
        placeholder="Search emoji"
        value={sought}
        onChange={(event) => setSought(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          // The same key would press the button that gets the focus back.
          event.preventDefault();
          if (found?.[0]) choose(found[0][0]);
        }}
      />
      <div className="emoji-groups" tabIndex={-1}>
        {found ? (
          <Group name={found.length > 0 ? "Found" : "Nothing found"} emoji={found} onChoose={choose} />
        ) : (
          <>
            <Group name="Often used" emoji={recent.map((emoji) => [emoji, nameOf(emoji), ""])} onChoose={choose} />
            {groups.map(({ name, emoji }) => (
              <Group key={name} name={name} emoji={emoji} onChoose={choose} />
            ))}
          </>
        )}
      </div>
    </div>
  );
}

function Group({ name, emoji, onChoose }: { name: string; emoji: readonly Emoji[]; onChoose: (emoji: string) => void }): ReactNode {
  return (
    <section>
      <h4>{name}</h4>
      <div className="emoji-grid">
        {emoji.map(([character, label]) => (
          <button key={character} type="button" title={label} aria-label={label} onClick={() => onChoose(character)}>
            {character}
          </button>
        ))}
      </div>
    </section>
  );
}

function recentEmoji(): readonly string[] {
  const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]") as string[];
  return [...new Set([...kept, ...FIRST])].slice(0, RECENT_MAX);
}

function nameOf(character: string): string {
  for (const { emoji } of groups) for (const [known, name] of emoji) if (known === character) return name;
  return character;
}

/** Those whose name begins with what is sought first. */
function find(sought: string): readonly Emoji[] {
  const words = sought.toLowerCase().trim().split(/\s+/);
  const all = groups.flatMap(({ emoji }) => emoji);
  const matching = all.filter(([, name, more]) => words.every((word) => name.includes(word) || more.includes(word)));
  const rank = ([, name]: Emoji) => (name.startsWith(words[0] ?? "") ? 0 : 1);
  return matching.sort((one, other) => rank(one) - rank(other)).slice(0, FOUND_MAX);
}

/** Arrow keys go over the grid as it looks. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(".emoji-grid button")];
  const at = buttons.indexOf(event.target as HTMLElement);
  const columns = buttons.findIndex((button) => button.offsetTop !== buttons[0]?.offsetTop);
  const wide = columns > 0 ? columns : 8;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: at < 0 ? 1 : wide, ArrowUp: -wide }[event.key];
  if (step === undefined || (at < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const next = buttons[at + step];
  if (next) next.focus();
  else if (step < 0) event.currentTarget.querySelector("input")?.focus();
}
