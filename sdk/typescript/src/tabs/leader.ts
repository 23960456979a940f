/** The tab that has the connection, as the others know it. Pure. */
import type { Action, ChatEvent, Notice } from "../wire.js";
import type { TabMessage } from "./talk.js";

/** What a leader shares. */
export interface Shared {
  /** Whether it is live, and to where; null if not. */
  standing(): { cursor: string; carries: boolean } | null;
  send(action: Action & { nonce?: string }): boolean;
  wake(): void;
}

export class Leader {
  constructor(
    private readonly name: string,
    private readonly shared: Shared,
    private readonly post: (message: TabMessage) => void,
  ) {
    // Those who followed somebody else are to know.
    this.away();
  }

  away(): void {
    this.post({ say: "away", leader: this.name });
  }

  live(): void {
    this.post({ say: "live", leader: this.name });
  }

  heard(said: ChatEvent | Notice, cursor: string | null): void {
    this.post({ say: "heard", leader: this.name, said, cursor });
  }

  received(message: TabMessage): void {
    switch (message.say) {
      case "join": {
        const standing = this.shared.standing();
        this.post(standing ? { say: "joined", leader: this.name, tab: message.tab, ...standing } : { say: "pong", leader: this.name });
        return;
      }
      case "ping":
        return this.post({ say: "pong", leader: this.name });
      case "send":
        // What cannot be sent is not answered: whoever sent it hears `away`, and asks again over HTTP.
        if (message.leader === this.name) this.shared.send(message.action);
        return;
      case "wake":
        return this.shared.wake();
      default:
        return;
    }
  }
}
