import { ChinwagError } from "@chinwag/sdk";
import type { ReactNode } from "react";
import { useSettled } from "./settled.js";

/** Why something that does not wait in the outbox, as messages do, was not done. */
export function reasonOf(error: Error): string {
  const unreachable = error instanceof ChinwagError && error.code === "NETWORK";
  return unreachable ? "The server cannot be reached. This does not wait as messages do: try again when you are online." : error.message;
}

/** Says so before somebody tries. */
export function OfflineHint(): ReactNode {
  if (useSettled() !== "waiting") return null;
  return (
    <p className="note" role="status">
      You are offline. Messages wait and are sent later, but chats can only be made and changed online.
    </p>
  );
}
