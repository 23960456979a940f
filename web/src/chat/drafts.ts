/** What was typed and not sent, by user and chat. Survives a reload; the list of chats shows it. */
import { useSyncExternalStore } from "react";

const PREFIX = "chinwag-draft:";
const listeners = new Set<() => void>();

function nameOf(userId: string, chatId: string): string {
  return `${PREFIX}${userId}:${chatId}`;
}

export function draftOf(userId: string, chatId: string): string {
  return localStorage.getItem(nameOf(userId, chatId)) ?? "";
}

export function keepDraft(userId: string, chatId: string, text: string): void {
  const name = nameOf(userId, chatId);
  if (text.trim() === "") localStorage.removeItem(name);
  else localStorage.setItem(name, text);
  for (const listener of listeners) listener();
}

export function useDraft(userId: string, chatId: string): string {
  return useSyncExternalStore(subscribe, () => draftOf(userId, chatId));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
