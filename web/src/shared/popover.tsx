import { type ReactNode, useLayoutEffect, useRef } from "react";

/** Between what it belongs to and itself, and to the edges of the window, in pixels. */
const GAP = 6;

/** A light panel above everything, beside `anchor`. Escape, a click elsewhere and a scroll of what is below close it. */
export function Popover({ anchor, label, onClose, children }: { anchor: HTMLElement; label: string; onClose: () => void; children: ReactNode }): ReactNode {
  const panel = useRef<HTMLDivElement>(null);
  const closed = useRef(onClose);
  closed.current = onClose;
  useLayoutEffect(() => {
    const shown = panel.current;
    if (!shown) return;
    shown.showPopover();
    const place = () => position(shown, anchor.getBoundingClientRect());
    place();
    const resized = new ResizeObserver(place);
    resized.observe(shown);
    const toggled = (event: Event) => (event as ToggleEvent).newState === "closed" && closed.current();
    shown.addEventListener("toggle", toggled);
    return () => {
      resized.disconnect();
      shown.removeEventListener("toggle", toggled);
      const within = shown.contains((shown.getRootNode() as Document | ShadowRoot).activeElement);
      shown.hidePopover();
      if (within && anchor.isConnected) anchor.focus({ preventScroll: true });
    };
  }, [anchor]);
  return (
    <div ref={panel} popover="auto" className="popover" role="dialog" aria-label={label}>
      {children}
    </div>
  );
}

function position(panel: HTMLElement, at: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + GAP + height <= innerHeight - GAP || at.top < innerHeight - at.bottom;
  const top = below ? at.bottom + GAP : at.top - GAP - height;
  const left = at.left + width <= innerWidth - GAP ? at.left : at.right - width;
  panel.style.top = `${clamp(top, innerHeight - height - GAP)}px`;
  panel.style.left = `${clamp(left, innerWidth - width - GAP)}px`;
}

function clamp(value: number, max: number): number {
  return Math.max(GAP, Math.min(value, max));
}
