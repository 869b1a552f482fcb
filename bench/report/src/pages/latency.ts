// SPDX-License-Identifier: MIT
// latency.ts: percentiles of each cell. What they mean depends on the load, which is said first.
import { dot, link } from "@observablehq/plot";
import { logAxisX } from "../axes";
import { chart, nameMargin } from "../chart";
import { tableChoice } from "../controls";
import type { Cell, Table } from "../data";
import { h, p } from "../dom";
import { formatFigure, plain } from "../format";
import { kindOfTime } from "../metrics";
import { logDomain, logTicks } from "../ticks";
import { chosenTable, withoutTables, type Page, type View } from "../view";
import { hasMerged, percentileCurves, percentileTable } from "./percentiles";

export const latency: Page = { id: "latency", title: "Latency", absent: withoutTables, draw };

const percentiles = [
  { key: "p50_us", text: "p50", symbol: "circle" },
  { key: "p99_us", text: "p99", symbol: "square" },
  { key: "p999_us", text: "p99.9", symbol: "triangle" },
] as const;

interface Point {
  name: string;
  us: number;
  text: string;
  symbol: string;
}

function draw(view: View): Node[] {
  const table = chosenTable(view);
  const cells = table.cells.filter((cell) => cell.state === "ok");
  const head = [h("div", { class: "controls" }, tableChoice(view)), p(meaning(table))];
  if (cells.length === 0) return [...head, p("No cell of this table has figures.")];
  const merged = cells.filter(hasMerged);
  if (merged.length === 0) return [...head, drawing(view, table, cells)];
  const without = cells.filter((cell) => cell.merged === null).map((cell) => cell.name);
  return [
    ...head,
    ...percentileCurves(view, table, merged),
    percentileTable(table, merged),
    without.length > 0 ? h("p", { class: "note" },
                           `Without a histogram of all runs: ${without.join(", ")}.`) : null,
  ].filter((node) => node !== null);
}

function meaning(table: Table): string {
  return table.times === "response"
    ? "Requests were due by a schedule, whether the server kept up or not; times count from when "
      + "they were due. This is a latency under the given load."
    : "The load was a closed loop, so these are service times: a client that waits sends less to a "
      + "slow server. They say what a request took, not what latency a client sees at a given "
      + "rate; that takes an open loop.";
}

// Where runs kept percentiles but no histogram.
function drawing(view: View, table: Table, cells: Cell[]): HTMLElement {
  const points = cells.flatMap((cell) => percentiles.flatMap(({ key, text, symbol }): Point[] => {
    const summary = cell[key];
    return summary && summary.median > 0
      ? [{ name: cell.name, us: summary.median, text, symbol }] : [];
  }));
  const ranges = cells.flatMap((cell) => {
    const own = points.filter((point) => point.name === cell.name).map((point) => point.us);
    return own.length > 0
      ? [{ name: cell.name, low: Math.min(...own), high: Math.max(...own) }] : [];
  });
  const names = cells.map((cell) => cell.name);
  const marginLeft = nameMargin(view, names);
  const domain = logDomain(points.map((point) => point.us), 1.3);
  const ticks = logTicks(domain, view.width - marginLeft - 20, 44);
  const kind = kindOfTime(table.times);
  return chart(view, `Percentiles of the ${kind}, µs.`,
    "Medians over runs of each run's percentile: ○ p50, □ p99, △ p99.9; those with too few "
      + "requests beyond them are left out. Logarithmic.", {
      height: 60 + 26 * names.length,
      marginLeft,
      marginRight: 20,
      x: { type: "log", label: `${kind}, µs`, domain },
      y: { domain: names, label: null, tickSize: 0 },
      symbol: { domain: percentiles.map((one) => one.symbol),
                range: percentiles.map((one) => one.symbol) },
      marks: [
        ...logAxisX(ticks, plain),
        link(ranges, { y1: "name", y2: "name", x1: "low", x2: "high", stroke: "var(--muted)",
                       strokeOpacity: 0.6 }),
        dot(points, { y: "name", x: "us", symbol: "symbol", r: 4.5, stroke: "currentColor",
                      fill: "var(--page)", strokeWidth: 1.5, tip: true,
                      title: (point: Point) =>
                        `${point.name} ${point.text} ${formatFigure(point.us)} µs` }),
      ],
    });
}
