import "uplot/dist/uPlot.min.css";
import { type ReactNode, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { clockSeconds, clockTime } from "../shared/time.js";
import type { App } from "./api.js";
import { type Figures, SPAN_MS, linesOf, timeOf, withFigures } from "./figures.js";
import { type Streaming, useStream } from "./stream.js";

/** They come every second: who hears none for so long has old ones. */
const SILENCE_MS = 4_000;

interface ChartKind {
  title: string;
  unit: string;
  lines: { name: string; of: (figures: Figures) => number | null }[];
}

const CHARTS: readonly ChartKind[] = [
  {
    title: "Connected",
    unit: "",
    lines: [
      { name: "connections", of: ({ connections }) => connections },
      { name: "users", of: ({ users }) => users },
    ],
  },
  { title: "Messages per minute", unit: "", lines: [{ name: "messages", of: ({ messagesPerMinute }) => messagesPerMinute }] },
  {
    title: "Delivery, from disk to connection",
    unit: " ms",
    lines: [
      { name: "99 of 100", of: ({ deliveryP99Ms }) => deliveryP99Ms },
      { name: "median", of: ({ deliveryP50Ms }) => deliveryP50Ms },
    ],
  },
  { title: "Errors per minute", unit: "", lines: [{ name: "errors", of: ({ errorsPerMinute }) => errorsPerMinute }] },
];

/** Of what is counted there are no halves. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];

export function Live({ app }: { app: App }): ReactNode {
  const [history, setHistory] = useState<readonly Figures[]>([]);
  const streaming = useStream(`/api/client/apps/${app.id}/figures`, (data) => setHistory((before) => withFigures(before, data as Figures)));
  const newest = history.at(-1);
  const silent = useSilence(newest);
  const stale = newest !== undefined && (silent || streaming.state === "refused");
  return (
    <section>
      <p className="quiet live-state" role="status" data-state={stale && streaming.state === "open" ? "waiting" : streaming.state}>
        {stale ? stopped(newest, streaming) : told(streaming)}
      </p>
      <div className="charts" data-stale={stale}>
        {CHARTS.map((kind) => (
          <Chart key={kind.title} kind={kind} history={history} />
        ))}
      </div>
    </section>
  );
}

/** Whether the newest figures are older than they may be. */
function useSilence(newest: Figures | undefined): boolean {
  const [silentSince, setSilentSince] = useState<Figures>();
  useEffect(() => {
    const timer = setTimeout(() => setSilentSince(newest), SILENCE_MS);
    return () => clearTimeout(timer);
  }, [newest]);
  return newest !== undefined && silentSince === newest;
}

function told({ state, error }: Streaming): string {
  if (state === "open") return "Live, a figure every second. The charts span the last three minutes.";
  if (state === "refused") return error;
  return state === "waiting" ? `Not connected, trying again. ${error}` : "Connecting…";
}

function stopped(newest: Figures, { state, error }: Streaming): string {
  const since = `These figures are of ${clockSeconds(timeOf(newest))}.`;
  return state === "refused" ? `${since} ${error}` : `${since} The server has sent none since; it is asked again and again.`;
}

function Chart({ kind, history }: { kind: ChartKind; history: readonly Figures[] }): ReactNode {
  const now = history.at(-1);
  return (
    <figure className="chart">
      <figcaption>
        <h2>{kind.title}</h2>
        <dl>
          {kind.lines.map(({ name, of }, at) => (
            <div key={name} data-line={at}>
              <dd>{now ? shown(of(now), kind.unit) : "–"}</dd>
              <dt>{name}</dt>
            </div>
          ))}
        </dl>
      </figcaption>
      <Plot kind={kind} history={history} />
    </figure>
  );
}

function shown(value: number | null, unit: string): string {
  if (value === null) return "–";
  return value.toLocaleString(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 }) + unit;
}

function Plot({ kind, history }: { kind: ChartKind; history: readonly Figures[] }): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(kind, element), dataOf(kind, []), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }));
    resized.observe(element);
    // The colours are read when it is drawn.
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      themed.disconnect();
      plot.current?.destroy();
    };
  }, [kind]);
  useEffect(() => plot.current?.setData(dataOf(kind, history)), [kind, history]);
  return <div className="plot" ref={frame} aria-hidden="true" />;
}

function dataOf({ lines }: ChartKind, history: readonly Figures[]): uPlot.AlignedData {
  return linesOf(history, lines.map(({ of }) => of));
}

function options(kind: ChartKind, element: HTMLElement): uPlot.Options {
  // A canvas knows no custom properties: an element of that colour says what they are.
  const colour = (name: string) => {
    element.style.color = `var(${name})`;
    const { color } = getComputedStyle(element);
    element.style.color = "";
    return color;
  };
  const axis = { stroke: colour("--ink-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `11px ${getComputedStyle(element).fontFamily}` };
  const strokes = [colour("--accent"), colour("--line-strong")];
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { range: (_, __, newest) => spanTo(newest) }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.15)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 50, incrs: [60], values: (_, times) => times.map((time) => clockTime(time * 1_000)) },
      { ...axis, size: 44, space: 28, ...(kind.unit === "" && { incrs: WHOLE }) },
    ],
    series: [{}, ...kind.lines.map((_, at) => ({ stroke: strokes[at] ?? "", width: at === 0 ? 1.75 : 1.25, points: { show: false }, ...(kind.lines.length === 1 && { fill: colour("--accent-soft") }) }))],
  };
}

/** In seconds since 1970. Without any figure it is of no matter which. */
function spanTo(newest: number | null): [number, number] {
  const end = newest ?? Date.now() / 1_000;
  return [end - SPAN_MS / 1_000, end];
}
