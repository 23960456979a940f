import type { ChinwagClient } from "@chinwag/sdk";
import { createContext, useContext } from "react";

export interface Me {
  readonly userId: string;
  readonly username: string;
}

/** What every part of the chat may need. */
export interface Surroundings {
  readonly me: Me;
  readonly client: ChinwagClient;
  /** Says something in passing, to eyes and to screen readers. */
  readonly say: (text: string) => void;
  /** Names of everybody who was seen in any chat, by user id. */
  readonly names: Map<string, string>;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (!found) throw new Error("this belongs into ChatApp");
  return found;
}

/** Somebody who left keeps their messages, and may never have been seen here. */
export function nameOf({ me, names }: Surroundings, userId: string): string {
  return userId === me.userId ? me.username : (names.get(userId) ?? "Former member");
}
