import { useEffect, useRef, useState } from "react";
import { Refusal } from "./api.js";
import { useApi } from "./context.js";

const AGAIN_MS = 2_000;

export interface Streaming {
  state: "connecting" | "open" | "waiting" | "refused";
  error: string;
}

/** Hears a stream of the API while it is shown; null hears nothing. What is refused is not asked for again. */
export function useStream(path: string | null, hear: (data: unknown) => void): Streaming {
  const api = useApi();
  const [streaming, setStreaming] = useState<Streaming>({ state: "connecting", error: "" });
  const heard = useRef(hear);
  heard.current = hear;
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let again: ReturnType<typeof setTimeout>;
    const open = async () => {
      setStreaming({ state: "connecting", error: "" });
      let why = "The stream ended.";
      try {
        await api.stream(path, stop.signal, () => setStreaming({ state: "open", error: "" }), (data) => heard.current(data));
      } catch (error) {
        if (stop.signal.aborted) return;
        why = (error as Error).message;
        if (error instanceof Refusal && error.status < 500 && error.status !== 429) return setStreaming({ state: "refused", error: why });
      }
      if (stop.signal.aborted) return;
      setStreaming({ state: "waiting", error: why });
      again = setTimeout(() => void open(), AGAIN_MS);
    };
    void open();
    return () => {
      stop.abort();
      clearTimeout(again);
    };
  }, [api, path]);
  return streaming;
}
