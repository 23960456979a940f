/** What the server counts, a figure every second, and which of them a chart shows. Pure. */

export interface Figures {
  at: string;
  connections: number;
  users: number;
  messagesPerMinute: number;
  deliveriesPerMinute: number;
  errorsPerMinute: number;
  deliveryP50Ms: number | null;
  deliveryP99Ms: number | null;
}

/** What a chart spans, however much of it is known. */
export const SPAN_MS = 3 * 60_000;
/** They come every second: between two that are further apart nothing is known. */
const GAP_MS = 3_000;

export function timeOf({ at }: Figures): number {
  return Date.parse(at);
}

/** The last three minutes up to `figures`. A clock that was set back begins anew. */
export function withFigures(history: readonly Figures[], figures: Figures): readonly Figures[] {
  const now = timeOf(figures);
  const before = history.at(-1);
  if (before && timeOf(before) >= now) return [figures];
  return [...history.filter((each) => timeOf(each) >= now - SPAN_MS), figures];
}

/** Seconds since 1970, and the values of each line then: none in the middle of a gap, so that no line is drawn over it. */
export function linesOf(history: readonly Figures[], lines: readonly ((figures: Figures) => number | null)[]): [number[], ...(number | null)[][]] {
  const times: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  for (const [index, figures] of history.entries()) {
    const [time, before] = [timeOf(figures), history[index - 1]];
    if (before && time - timeOf(before) > GAP_MS) {
      times.push((time + timeOf(before)) / 2_000);
      for (const line of values) line.push(null);
    }
    times.push(time / 1_000);
    for (const [at, of] of lines.entries()) values[at]?.push(of(figures));
  }
  return [times, ...values];
}
