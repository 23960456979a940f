import { type ReactNode, useState } from "react";

interface SureProps {
  label: string;
  /** What it says after the first click. */
  sure: string;
  danger?: boolean;
  busy: boolean;
  onSure: () => void;
}

/** Something that cannot be undone takes two clicks. */
export function Sure({ label, sure, danger = false, busy, onSure }: SureProps): ReactNode {
  const [asked, setAsked] = useState(false);
  const click = () => {
    if (asked) onSure();
    setAsked(!asked);
  };
  return (
    <button type="button" className={`button small ${danger ? "danger" : ""}`} disabled={busy} onClick={click} onBlur={() => setAsked(false)}>
      {asked ? sure : label}
    </button>
  );
}
