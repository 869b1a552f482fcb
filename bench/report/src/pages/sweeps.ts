// SPDX-License-Identifier: MIT
// sweeps.ts: one figure by the number of connections, or by the size of a request.
import { dot, line, ruleX, text } from "@observablehq/plot";
import { logAxisY } from "../axes";
import { chart } from "../chart";
import { metricChoice } from "../controls";
import type { Cell, Data, Table } from "../data";
import { h } from "../dom";
import { plain } from "../format";
import { findMetric, inUnit, show, summaryOf, titleOf, type Metric, type Mode } from "../metrics";
import { keyOf, signsOf } from "../servers";
import { logDomain, logTicks } from "../ticks";
import type { Page, View } from "../view";

export const sweeps: Page = { id: "sweeps", title: "Sweeps", absent, draw };

interface Sweep {
  title: string;
  axis: string;
  mode: Mode;
  tables: { at: number; table: Table }[];
}

function absent(data: Data): string | null {
  if (sweepsOf(data).length > 0) return null;
  return "Each workload was measured with one number of connections and one size of a request: "
    + "`collet-bench run -c 1,16,64` measures more.";
}

// Tables that differ in nothing but the number of connections, or nothing but the payload.
function sweepsOf(data: Data): Sweep[] {
  return [
    ...along(data, "connections", (table) => table.connections, (table) =>
      `${table.payload_bytes} B`, (table) => table.payload_bytes),
    ...along(data, "payload, B", (table) => table.payload_bytes, (table) =>
      `${table.connections} connections`, (table) => table.connections),
  ];
}

function along(data: Data, axis: string, at: (table: Table) => number,
               rest: (table: Table) => string, other: (table: Table) => number): Sweep[] {
  const groups = new Map<string, Sweep>();
  for (const table of data.tables) {
    const { workload, pipeline, placement, mode, work_ns, block_ns } = table;
    const key = JSON.stringify([workload, pipeline, placement, mode, work_ns, block_ns,
                                other(table)]);
    const title = `${workload} by ${axis.replace(/,.*/, "")} (${rest(table)}, ${placement})`;
    const sweep = groups.get(key) ?? { title, axis, mode, tables: [] };
    sweep.tables.push({ at: at(table), table });
    groups.set(key, sweep);
  }
  return [...groups.values()].filter((sweep) => sweep.tables.length > 1);
}

function draw(view: View): Node[] {
  const metric = findMetric(view.state.get("metric"));
  return [
    h("div", { class: "controls" }, metricChoice(view)),
    ...sweepsOf(view.data).map((sweep) => drawing(view, sweep, metric)),
  ];
}

interface Point {
  cell: Cell;
  at: string;
  pool: string;
  value: number;
  low: number;
  high: number;
}

function pointsOf({ tables }: Sweep, metric: Metric): Point[] {
  return tables.flatMap(({ at, table }) => table.cells.flatMap((cell): Point[] => {
    const summary = summaryOf(metric, cell);
    if (summary === null) return [];
    const { low, high } = summary.interval ?? { low: summary.median, high: summary.median };
    return [{ cell, at: String(at), pool: cell.pool ?? "other servers",
              value: inUnit(metric, summary.median), low: inUnit(metric, low),
              high: inUnit(metric, high) }];
  }));
}

function drawing(view: View, sweep: Sweep, metric: Metric): HTMLElement {
  const signs = signsOf(view.data);
  const points = pointsOf(sweep, metric);
  const at = [...new Set(sweep.tables.map((one) => one.at))].sort((a, b) => a - b).map(String);
  const pools = [...new Set(points.map((point) => point.pool))];
  const wide = view.width > 560;
  const domain = logDomain(points.flatMap(({ low, high }) => [low, high]));
  const ink = (point: Point) => signs.colour(point.cell);
  const facet = wide ? { fx: "pool" } : { fy: "pool" };
  const band = { domain: pools, label: null, padding: 0.12 };
  return h("div", {}, chart(view, `${sweep.title}: ${titleOf(metric, sweep.mode)}.`,
    "A line for each backend, a panel for each pool; bars are intervals. Logarithmic.", {
      height: wide ? 300 : 40 + 170 * pools.length,
      marginLeft: 56,
      marginRight: 12,
      fx: wide ? band : {},
      fy: wide ? {} : { ...band, axis: null },
      x: { type: "point", domain: at, label: sweep.axis },
      y: { type: "log", label: null, domain },
      marks: [
        ...logAxisY(logTicks(domain, wide ? 210 : 130, 26), plain),
        wide ? null : text(pools, { fy: (pool: string) => pool, text: (pool: string) => pool,
                                    frameAnchor: "top-right", dy: 4, fill: "currentColor" }),
        ruleX(points, { ...facet, x: "at", y1: "low", y2: "high", stroke: ink,
                        strokeOpacity: 0.4 }),
        line(points, { ...facet, x: "at", y: "value", z: (point: Point) => point.cell.name,
                       stroke: ink, sort: { channel: "x" } as never }),
        dot(points, { ...facet, x: "at", y: "value", r: 3.5, stroke: ink, fill: "var(--page)",
                      symbol: (point: Point) => signs.symbol(point.cell),
                      tip: true, title: (point: Point) =>
                        `${point.cell.name} at ${point.at}: `
                          + show(metric, point.value * metric.scale) }),
      ],
    }), keyOf(signs, sweep.tables.flatMap(({ table }) => table.cells)));
}
