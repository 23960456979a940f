/**
 * <chinwag-chat>: the chat in any page.
 *
 *     <script type="module" src="https://chat.example.com/embed.js"></script>
 *     <chinwag-chat session-url="/my-backend/chat-session"></chinwag-chat>
 *
 * The page's own back end signs its user in with the API key, and answers {jwt, refreshToken}. Instead of `session-url` the
 * property `session` may be set: a function that resolves with the same. It is asked at the start, and again when a session
 * is over. Other attributes: `base-url` (of the server, if this script comes from elsewhere), `chat-id` (that chat alone),
 * `theme` ("light" or "dark", if not as the system). The custom property --chinwag-font is the font.
 */
import { ChinwagChatElement } from "./element.js";

if (!customElements.get("chinwag-chat")) customElements.define("chinwag-chat", ChinwagChatElement);

export { ChinwagChatElement };
export type { EmbedSession, SessionSource } from "./element.js";
