import { createElement } from "react";
import { type Root, createRoot } from "react-dom/client";
import css from "./embed.css?inline";
import { Frame } from "./frame.js";

/** What the page's back end got from signing its user in. Without a refresh token it is asked for another JWT in time. */
export interface EmbedSession {
  jwt: string;
  refreshToken?: string;
}

export type SessionSource = () => Promise<EmbedSession>;

/** What a style sheet means by 1rem is the page's business; what we mean by it is this. */
const REM_PX = 16;

/** Shared by all elements of a page. No style is written into the page, so its policy needs no exception. */
let sheet: CSSStyleSheet | null = null;

function styles(): CSSStyleSheet {
  if (sheet) return sheet;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(css.replace(/(\d*\.?\d+)rem\b/g, (_, rems: string) => `${Number(rems) * REM_PX}px`));
  return sheet;
}

export class ChinwagChatElement extends HTMLElement {
  static readonly observedAttributes = ["base-url", "chat-id", "session-url"];

  #root: Root | null = null;
  #session: SessionSource | null = null;
  /** Counts sources: another one means another user. */
  #source = 0;

  /** Asked for a session whenever one is needed. Takes precedence over `session-url`. */
  get session(): SessionSource | null {
    return this.#session;
  }

  set session(session: SessionSource | null) {
    this.#session = session;
    this.#source += 1;
    this.#render();
  }

  connectedCallback(): void {
    // A framework may have set the property before this class was there.
    if (Object.hasOwn(this, "session")) {
      const { session } = this;
      delete (this as Partial<ChinwagChatElement>).session;
      this.session = session;
    }
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [styles()];
    const frame = document.createElement("div");
    frame.className = "frame";
    shadow.replaceChildren(frame);
    this.#root = createRoot(frame);
    this.#render();
  }

  disconnectedCallback(): void {
    this.#root?.unmount();
    this.#root = null;
  }

  attributeChangedCallback(name: string): void {
    if (name !== "chat-id") this.#source += 1;
    this.#render();
  }

  #render(): void {
    this.#root?.render(
      createElement(Frame, {
        key: this.#source,
        baseUrl: this.getAttribute("base-url") ?? new URL(import.meta.url).origin,
        only: this.getAttribute("chat-id") ?? undefined,
        source: this.#session ?? this.#fromUrl(),
      }),
    );
  }

  #fromUrl(): SessionSource | null {
    const url = this.getAttribute("session-url");
    if (url === null) return null;
    return async () => {
      const answer = await fetch(url, { method: "POST", headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(`the page's back end answered with ${answer.status}`);
      return (await answer.json()) as EmbedSession;
    };
  }
}
