import type { ReactNode } from "react";
import { Dialog } from "../shared/dialog.js";
import { clockMillis } from "../shared/time.js";
import type { App } from "./api.js";
import { useLoaded } from "./context.js";

interface Trace {
  messageId: string;
  seq: number;
  senderId: string;
  acceptedAt: string | null;
  storedAt: string;
  /** Whether deliveries were noted when it was sent. */
  noted: boolean;
  members: { userId: string; username: string; deliveredAt: string[]; read: boolean; readAt: string | null }[];
}

/** Accepted, stored, delivered to whom and when, read. */
export function TraceDialog({ app, messageId, onClose }: { app: App; messageId: string; onClose: () => void }): ReactNode {
  const { value: trace, error, reload } = useLoaded<Trace>(`/api/client/apps/${app.id}/messages/${messageId}/trace`);
  return (
    <Dialog title="What became of it" onClose={onClose}>
      {error && <p className="note bad" role="alert">{error.message}</p>}
      {trace && (
        <>
          <p className="quiet">
            <code>{trace.messageId}</code>, number {trace.seq} of its chat
          </p>
          <ol className="trace">
            <li>
              <b>Accepted</b>
              <span>{trace.acceptedAt ? exact(trace.acceptedAt) : "not noted"}</span>
            </li>
            <li>
              <b>Stored</b>
              <span>
                {exact(trace.storedAt)} {after(trace.acceptedAt, trace.storedAt)}
              </span>
            </li>
            {trace.members.map(({ userId, username, deliveredAt, read, readAt }) => (
              <li key={userId} data-done={deliveredAt.length > 0 || read}>
                <b>{username}</b>
                <span>
                  {deliveredAt.length === 0 ? (trace.noted ? "not delivered live" : "delivery not noted") : deliveredAt.map((at) => `delivered ${exact(at)} ${after(trace.storedAt, at)}`).join(", ")}
                  <br />
                  {read ? `read${readAt ? ` ${exact(readAt)}` : ""}` : userId === trace.senderId ? "sent it" : "not read yet"}
                </span>
              </li>
            ))}
          </ol>
          {!trace.noted && <p className="note">Deliveries are noted for a quarter of an hour after each look. Send another message, and its trace has them.</p>}
        </>
      )}
      <div className="row end">
        <button type="button" className="button" onClick={reload}>
          Look again
        </button>
      </div>
    </Dialog>
  );
}

function exact(text: string): string {
  return clockMillis(Date.parse(text));
}

function after(from: string | null, to: string): string {
  return from === null ? "" : `(after ${Date.parse(to) - Date.parse(from)} ms)`;
}
