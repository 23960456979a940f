/** Who uses this window. Each window has its own user, so that alice and bob can sit side by side. */
import { type AuthState, ChinwagClient, ChinwagError } from "@chinwag/sdk";

export interface Session {
  auth: AuthState;
  username: string;
}

/** A user that `chinwag dev` made, and tells everybody on this machine. */
export interface DevUser {
  username: string;
  password: string;
}

export interface DevUsers {
  apiKey: string;
  users: readonly DevUser[];
}

const KEPT = "chinwag-session";

/** The session of before a reload, or the one that the operator's own back end sent the user here with. */
export function keptSession(): Session | null {
  const handed = new URLSearchParams(location.hash.slice(1));
  const jwt = handed.get("jwt");
  if (jwt) {
    // It is a secret: not in the address bar, the history, or a bookmark.
    history.replaceState(null, "", location.pathname);
    return sessionOf(jwt, handed.get("refreshToken") ?? "");
  }
  const kept = sessionStorage.getItem(KEPT);
  return kept === null ? null : (JSON.parse(kept) as Session);
}

export function keepSession(session: Session | null): void {
  if (session) sessionStorage.setItem(KEPT, JSON.stringify(session));
  else sessionStorage.removeItem(KEPT);
}

/** For whom of the users of `chinwag dev` the window was opened; null if for nobody. */
export function askedFor(): string | null {
  return new URLSearchParams(location.search).get("as");
}

/** Whoever signs out of this window, or reloads it, is not to be that user again. */
export function noLongerAsked(): void {
  const { pathname, search, hash } = location;
  const query = new URLSearchParams(search);
  if (!query.has("as")) return;
  query.delete("as");
  history.replaceState(null, "", pathname + (query.size > 0 ? `?${query}` : "") + hash);
}

/** The users of `chinwag dev`; null under any other command. Rejects if the server cannot be reached, or something before it answers. */
export async function devUsers(signal: AbortSignal): Promise<DevUsers | null> {
  const answer = await fetch("/dev/users", { headers: { accept: "application/json" }, signal });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()) as DevUsers;
}

export async function signIn(apiKey: string, user: DevUser): Promise<Session> {
  const client = new ChinwagClient({ baseUrl: location.origin, apiKey });
  const { username } = await client.signIn(user);
  const auth = client.getAuth();
  if (!auth) throw new ChinwagError("NOT_AUTHENTICATED", "nobody is signed in", 401);
  return { auth, username };
}

/** Null if it is not a JWT. Whether it is a good one is for the server to say. */
export function sessionOf(jwt: string, refreshToken: string): Session | null {
  try {
    const payload = (jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const { sub, username } = JSON.parse(new TextDecoder().decode(bytes)) as { sub: string; username: string };
    return { auth: { jwt, refreshToken, userId: sub }, username };
  } catch {
    return null;
  }
}
