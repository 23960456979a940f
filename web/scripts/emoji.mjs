/** `virtual:emoji`: what a picker needs of emojibase-data, and no more, so that it is small. */
import { createRequire } from "node:module";

const NAME = "virtual:emoji";
/** Of emojibase's groups; 2 is components, which are no emoji of their own. */
const GROUPS = [
  [0, "Smileys"],
  [1, "People"],
  [3, "Animals and nature"],
  [4, "Food and drink"],
  [5, "Travel and places"],
  [6, "Activities"],
  [7, "Objects"],
  [8, "Symbols"],
  [9, "Flags"],
];

export function emoji() {
  return {
    name: "chinwag-emoji",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const all = createRequire(import.meta.url)("emojibase-data/en/compact.json");
      const groups = GROUPS.map(([group, name]) => ({ name, emoji: all.filter((each) => each.group === group).sort(byOrder).map(entry) }));
      return `export default ${JSON.stringify(groups)}`;
    },
  };
}

const byOrder = (one, other) => one.order - other.order;

/** The emoji, and the words by which it is found: its name first. */
function entry({ unicode, label, tags = [] }) {
  const words = tags.filter((tag) => !label.includes(tag));
  return [unicode, label, words.join(" ")];
}
