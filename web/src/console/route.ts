import { useSyncExternalStore } from "react";

export const TABS = ["start", "keys", "users", "live", "events", "settings"] as const;
export type Tab = (typeof TABS)[number];

export interface Route {
  /** Null on the page of all apps. */
  appId: string | null;
  tab: Tab;
}

export function hrefOf(appId: string, tab: Tab): string {
  return `#/apps/${appId}/${tab}`;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const [, appId = null, tab] = /^#\/apps\/([0-9a-f-]{36})(?:\/(\w+))?$/.exec(hash) ?? [];
  return { appId, tab: TABS.find((known) => known === tab) ?? "start" };
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
