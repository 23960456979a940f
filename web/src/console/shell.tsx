import { type ReactNode, useState } from "react";
import { Icon, Mark } from "../shared/icons.js";
import { applyTheme, nextTheme, theme } from "../shared/theme.js";
import type { App, Profile } from "./api.js";
import { AppPage } from "./app-page.js";
import { Apps } from "./apps.js";
import { useLoaded } from "./context.js";
import { hrefOf, useRoute } from "./route.js";

const THEME_ICON = { auto: "auto", light: "sun", dark: "moon" } as const;
const THEME = { auto: "as the system", light: "light", dark: "dark" } as const;

export function Shell({ onSignOut }: { onSignOut: () => void }): ReactNode {
  const { appId, tab } = useRoute();
  const profile = useLoaded<Profile>("/api/client/profile");
  const apps = useLoaded<App[]>("/api/client/apps");
  const [colours, setColours] = useState(theme);
  const change = () => {
    const next = nextTheme(colours);
    applyTheme(next);
    setColours(next);
  };
  const app = apps.value?.find(({ id }) => id === appId);
  return (
    <div className="console">
      <nav className="side" aria-label="Console">
        <a className="wordmark" href="#/">
          <Mark />
          Chinwag
        </a>
        <ul>
          <li>
            <a href="#/" aria-current={appId === null ? "page" : undefined}>
              All apps
            </a>
          </li>
          {apps.value?.map(({ id, name, status }) => (
            <li key={id}>
              <a href={hrefOf(id, "start")} aria-current={id === appId ? "page" : undefined}>
                <span className="dot" data-status={status} title={status === "ACTIVE" ? "Active" : "Suspended"} />
                {name}
              </a>
            </li>
          ))}
        </ul>
        <footer>
          <a href="/docs" target="_blank" rel="noopener">
            <Icon name="book" />
            API reference
          </a>
          <div>
            <span>
              <b>{profile.value?.companyName ?? "…"}</b>
              <small>{profile.value?.email}</small>
            </span>
            <button type="button" className="icon-button" aria-label={`Colours: ${THEME[colours]}. Change`} title={`Colours: ${THEME[colours]}`} onClick={change}>
              <Icon name={THEME_ICON[colours]} />
            </button>
            <button type="button" className="icon-button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
              <Icon name="out" />
            </button>
          </div>
        </footer>
      </nav>
      <main className="stage">
        {appId === null ? (
          <Apps apps={apps} />
        ) : app ? (
          <AppPage key={app.id} app={app} tab={tab} onChanged={apps.reload} />
        ) : (
          apps.value && (
            <div className="nothing">
              <h1>No such app</h1>
              <p>It was deleted, or belongs to another account.</p>
              <a className="button" href="#/">
                All apps
              </a>
            </div>
          )
        )}
      </main>
    </div>
  );
}
