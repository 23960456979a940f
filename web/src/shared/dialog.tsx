import { type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "./icons.js";

interface DialogProps {
  title: string;
  /** Null if only a button of its own closes it: what is in it cannot be shown again. */
  onClose: (() => void) | null;
  children: ReactNode;
}

/** A modal dialog: the browser keeps the focus in it, and gives it back. Escape and a click beside it close it. */
export function Dialog({ title, onClose, children }: DialogProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = focused();
    if (shown && !shown.open) shown.showModal();
    return () => {
      shown?.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={heading}
      onKeyDown={(event) => {
        // A second Escape would close it without asking.
        if (event.key === "Escape" && !onClose) event.preventDefault();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onPointerDown={(event) => event.target === dialog.current && onClose?.()}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        {onClose && (
          <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}

/** What has the focus, inside shadow trees too. */
function focused(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement ? element : null;
}
