import type { ReactNode } from "react";
import type { App } from "./api.js";
import { Status } from "./apps.js";
import { useLoaded } from "./context.js";
import { Events } from "./events.js";
import { Keys } from "./keys.js";
import { Live } from "./live.js";
import { QuickStart } from "./quick-start.js";
import { TABS, type Tab, hrefOf } from "./route.js";
import { Settings } from "./settings.js";
import { Users } from "./users.js";

const NAMES: Record<Tab, string> = { start: "Quick start", keys: "API keys", users: "Users", live: "Live figures", events: "Events", settings: "Settings" };

export function AppPage({ app: listed, tab, onChanged }: { app: App; tab: Tab; onChanged: () => void }): ReactNode {
  const { value } = useLoaded<App>(`/api/client/apps/${listed.id}`);
  // The list is newer after a change, the app itself knows where it is served.
  const app = { ...value, ...listed };
  return (
    <>
      <header className="stage-head">
        <div>
          <h1>
            {app.name} <Status status={app.status} />
          </h1>
        </div>
      </header>
      <nav className="tabs" aria-label={app.name}>
        {TABS.map((each) => (
          <a key={each} href={hrefOf(app.id, each)} aria-current={each === tab ? "page" : undefined}>
            {NAMES[each]}
          </a>
        ))}
      </nav>
      <div className="tab">
        {tab === "start" && <QuickStart app={app} />}
        {tab === "keys" && <Keys app={app} />}
        {tab === "users" && <Users app={app} />}
        {tab === "live" && <Live app={app} />}
        {tab === "events" && <Events app={app} />}
        {tab === "settings" && <Settings app={app} onChanged={onChanged} />}
      </div>
    </>
  );
}
