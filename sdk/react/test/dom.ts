/** A page, and nothing else of a browser: network and timers are Node's. */
import { Window } from "happy-dom";

const window = new Window();
const { document, navigator, MutationObserver } = window;
Object.assign(globalThis, { window, document, navigator, MutationObserver });
