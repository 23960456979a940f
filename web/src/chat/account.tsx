import { type ReactNode, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Icon } from "../shared/icons.js";
import { applyTheme, nextTheme, theme } from "../shared/theme.js";
import { useSurroundings } from "./context.js";
import { useSettled } from "./settled.js";

const CONNECTION = { connected: "Online", connecting: "Connecting…", waiting: "Offline, trying again"} as const;
const THEME = { auto: "as the system", light: "light", dark: "dark" } as const;
const THEME_ICON = { auto: "auto", light: "sun", dark: "moon" } as const;

/** Who this is, and whether the server hears them. */
export function Account({ onSignOut }: { onSignOut: (() => void) | undefined }): ReactNode {
  const { me } = useSurroundings();
  const connection = useSettled();
  const [shown, setShown] = useState(theme);
  const change = () => {
    const next = nextTheme(shown);
    applyTheme(next);
    setShown(next);
  };
  return (
    <footer className="account">
      <Avatar id={me.username} name={me.username} />
      <div>
        <b>{me.username}</b>
        <small className="connection" data-connection={connection} role="status">
          {CONNECTION[connection]}
        </small>
      </div>
      {onSignOut && (
        <>
          <button type="button" className="icon-button" aria-label={`Colours: ${THEME[shown]}. Change`} title={`Colours: ${THEME[shown]}`} onClick={change}>
            <Icon name={THEME_ICON[shown]} />
          </button>
          <button type="button" className="icon-button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
            <Icon name="out" />
          </button>
        </>
      )}
    </footer>
  );
}
