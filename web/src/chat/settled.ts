import { useEffect, useState } from "react";

/** A connection that comes back within this time was never away, as far as people care. */
const SETTLE_MS = 1_200;

/** The connection's state without its flickering: good news at once, bad news when it lasts. */
export function useSettled<S extends string>(state: S): S {
  const [settled, setSettled] = useState(state);
  useEffect(() => {
    if (state === "connected") return setSettled(state);
    const timer = setTimeout(() => setSettled(state), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return settled;
}
