/** Light, dark, or what the system prefers. Kept for all pages of this origin. */
export type Theme = "auto" | "light" | "dark";

const KEPT = "chinwag-theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

export function theme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((known) => known === kept) ?? "auto";
}

/** Shows what is kept, or `chosen` from now on. */
export function applyTheme(chosen: Theme = theme()): void {
  localStorage.setItem(KEPT, chosen);
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function nextTheme(of: Theme): Theme {
  return THEMES[(THEMES.indexOf(of) + 1) % THEMES.length] ?? "auto";
}
