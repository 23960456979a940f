import { useConnection } from "@chinwag/react";
import { useEffect, useState, useSyncExternalStore } from "react";

/** A connection that comes back within this time was never away, as far as people care. */
const SETTLE_MS = 1_200;

export type Settled = "connected" | "connecting" | "waiting";

/** The connection without its flickering: good news at once, bad news when it lasts, and then until there is good news. */
export function useSettled(): Settled {
  const state = useConnection();
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  const connected = state === "connected";
  const [shown, setShown] = useState<Settled>(connected ? "connected" : state === "waiting" ? "waiting" : "connecting");
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (connected) return setShown("connected");
    const timer = setTimeout(() => setLate(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [connected]);
  useEffect(() => {
    if (late && (state === "waiting" || shown === "connected")) setShown("waiting");
  }, [late, state, shown]);
  // A connection needs a while to notice that there is no network any more; the browser knows at once.
  return online ? shown : "waiting";
}

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}
