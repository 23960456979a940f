import type { ReactNode } from "react";
import type { App } from "./api.js";

export function Live({ app }: { app: App }): ReactNode {
  return <p>{app.name}</p>;
}
