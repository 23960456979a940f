/** Our own icons, drawn on a grid of 24. They say nothing to a screen reader: what holds them does. */
import type { ReactNode } from "react";

const PATHS = {
  plus: "M12 5v14M5 12h14",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4",
  send: "M5 12h13M12.5 5.5 19 12l-6.5 6.5",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14.5c1.8 2.3 5.2 2.3 7 0M9 9.5h.01M15 9.5h.01",
  reply: "M9 6 4 11l5 5M4.5 11H14a6 6 0 0 1 6 6v1",
  edit: "M4 20h4L19 9a2.1 2.1 0 0 0-3-3L5 17l-1 3ZM14 8l3 3",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 11v5M13.8 11v5",
  more: "M5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M18 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0",
  close: "M6 6l12 12M18 6 6 18",
  back: "M14.5 5.5 8 12l6.5 6.5",
  down: "M12 5v13M5.5 12 12 18.5l6.5-6.5",
  check: "M5 12.5 9.5 17 19 7.5",
  checks: "M2.5 12.5 7 17l8.5-9.5M12 16l1 1 8.5-9.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2",
  alert: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5v5.5M12 16.2h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.8h.01",
  copy: "M9 9h10.5v10.5H9ZM15 9V4.5H4.5V15H9",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  auto: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 3v18M12 8h7M12 12h9M12 16h7",
  out: "M14 4.5H5.5v15H14M10.5 12H20M16.5 8.5 20 12l-3.5 3.5",
  people: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.4-3.4 3-5.5 6.5-5.5s6.1 2.1 6.5 5.5M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.6c2 .7 3.3 2.4 3.5 4.9",
  window: "M4 5.5h16v13H4ZM4 9.5h16M7 7.5h.01",
  external: "M13 5h6v6M19 5l-8.5 8.5M10 6H5v13h13v-5",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 4v4.5H15",
  key: "M8 17a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 12.5h9v3.5M17 12.5v2.5",
  book: "M12 6.5C10 5 7 4.5 4 4.7v13.5c3-.2 6 .3 8 1.8 2-1.5 5-2 8-1.8V4.7c-3-.2-6 .3-8 1.8ZM12 6.5V20",
  chart: "M4 19.5h16M6.5 16v-5M12 16V5.5M17.5 16V9",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  play: "M8 5.5v13l11-6.5Z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  cog: "M4 7.5h9M17 7.5h3M15 9.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM4 16.5h3M11 16.5h9M9 18.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Two people talking: two bubbles that share a corner. */
export function Mark(): ReactNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" fill="currentColor">
      <path d="M6.5 2h5A4.5 4.5 0 0 1 16 6.5V11H6.5a4.5 4.5 0 0 1 0-9Z" />
      <path opacity=".55" d="M8 13h9.5a4.5 4.5 0 0 1 0 9h-5A4.5 4.5 0 0 1 8 17.5Z" />
    </svg>
  );
}
