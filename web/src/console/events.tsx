import type { ReactNode } from "react";
import type { App } from "./api.js";

export function Events({ app }: { app: App }): ReactNode {
  return <p>{app.name}</p>;
}
