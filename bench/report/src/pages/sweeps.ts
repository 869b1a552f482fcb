// SPDX-License-Identifier: MIT
// sweeps.ts: one figure by the number of connections, or by the size of a request.
import { dot, line, ruleX, text, type Markish } from "@observablehq/plot";
import { logAxisX, logAxisY } from "../axes";
import { chart } from "../chart";
import { metricChoice } from "../controls";
import type { Cell, Data, Table, Times } from "../data";
import { h, p } from "../dom";
import { formatRate, plain } from "../format";
import { figureOf, findMetric, hasFigures, inUnit, labelOf, show, summaryOf, titleOf, type Metric }
  from "../metrics";
import { keyOf, signsOf } from "../servers";
import { logDomain, logTicks } from "../ticks";
import type { Page, View } from "../view";

export const sweeps: Page = { id: "sweeps", title: "Sweeps", absent, draw };

interface Sweep {
  title: string;
  axis: string;
  times: Times;
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
    const { workload, pipeline, placement, mode, times, rate_per_s, work_ns, block_ns } = table;
    const key = JSON.stringify([workload, pipeline, placement, mode, rate_per_s, work_ns, block_ns,
                                other(table)]);
    const rate = rate_per_s === null ? "" : `, ${formatRate(rate_per_s)} k/s`;
    const title =
      `${workload} by ${axis.replace(/,.*/, "")} (${rest(table)}${rate}, ${placement})`;
    const sweep = groups.get(key) ?? { title, axis, times, tables: [] };
    sweep.tables.push({ at: at(table), table });
    groups.set(key, sweep);
  }
  return [...groups.values()].filter((sweep) => sweep.tables.length > 1);
}

function draw(view: View): Node[] {
  const all = sweepsOf(view.data);
  const tables = all.flatMap((sweep) => sweep.tables.map(({ table }) => table));
  const asked = findMetric(view.state.get("metric"), tables[0]);
  const metric = hasFigures(asked, tables) ? asked : figureOf(tables[0] as Table);
  return [
    h("div", { class: "controls" }, metricChoice(view, tables, metric)),
    ...all.flatMap((sweep) => figuresOf(sweep, metric).map((one) => drawing(view, sweep, one))),
    ...without(all, metric),
  ];
}

// What was asked for, and what a crowd of idle connections is measured for in any case.
function figuresOf({ tables }: Sweep, metric: Metric): Metric[] {
  const own = tables.map(({ table }) => figureOf(table))
    .filter((one) => one.id === "connection").slice(0, 1);
  const those = tables.map(({ table }) => table);
  return [...new Set([...own, metric])].filter((one) => hasFigures(one, those));
}

function without(all: Sweep[], metric: Metric): Node[] {
  const gone = all.filter(({ tables }) => !hasFigures(metric, tables.map(({ table }) => table)));
  return gone.map((sweep) =>
    p(`${sweep.title}: ${labelOf(metric, sweep)} is not known (${metric.missing}).`));
}

interface Point {
  cell: Cell;
  at: number;
  pool: string;
  value: number;
  low: number;
  high: number;
}

function pointsOf({ tables }: Sweep, metric: Metric): Point[] {
  return tables.flatMap(({ at, table }) => table.cells.flatMap((cell): Point[] => {
    const summary = summaryOf(metric, cell);
    if (summary === null) return [];
    const { median, interval } = summary;
    if (median <= 0) return [];
    const low = interval && interval.low > 0 ? interval.low : median;
    return [{ cell, at, pool: cell.pool ?? "other servers", value: inUnit(metric, median),
              low: inUnit(metric, low), high: inUnit(metric, interval?.high ?? median) }];
  }));
}

// A logarithm has no place for nothing, such as memory that did not grow.
function nothingOf({ tables }: Sweep, metric: Metric): string {
  const gone = tables.flatMap(({ at, table }) => table.cells.flatMap((cell) => {
    const summary = summaryOf(metric, cell);
    return summary && summary.median <= 0 ? [`${cell.name} at ${at}`] : [];
  }));
  return gone.length > 0 ? ` Not drawn, as they are 0: ${gone.join(", ")}.` : "";
}

function drawing(view: View, sweep: Sweep, metric: Metric): HTMLElement {
  const signs = signsOf(view.data);
  const points = pointsOf(sweep, metric);
  const at = [...new Set(points.map((one) => one.at))].sort((a, b) => a - b);
  const pools = [...new Set(points.map((point) => point.pool))];
  const wide = view.width > 560;
  // A request may be empty, which no logarithm has a place for.
  const even = at.some((value) => value <= 0);
  const panel = wide ? (view.width - 70) / pools.length : view.width - 70;
  const across = logDomain(at, 1.15);
  const domain = logDomain(points.flatMap(({ low, high }) => [low, high]));
  const ink = (point: Point) => signs.colour(point.cell);
  const facet = wide ? { fx: "pool" } : { fy: "pool" };
  const band = { domain: pools, label: null, padding: 0.12 };
  return h("div", {}, chart(view, `${sweep.title}: ${titleOf(metric, sweep)}.`,
    "A line for each backend, a panel for each pool; bars are intervals. Logarithmic both ways."
      + nothingOf(sweep, metric), {
      height: wide ? 300 : 40 + 170 * pools.length,
      marginLeft: 56,
      marginRight: 12,
      fx: wide ? band : {},
      fy: wide ? {} : { ...band, axis: null },
      x: even ? { type: "point", domain: at, label: sweep.axis }
              : { type: "log", domain: across, label: sweep.axis },
      y: { type: "log", label: null, domain },
      marks: [
        ...(even ? [] : logAxisX(thin(at, across, panel), plain)),
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
        ...namesOf(points, facet),
      ],
    }), keyOf(signs, sweep.tables.flatMap(({ table }) => table.cells)));
}

// Other servers share a colour and a sign, so that each has its name at the end of its line.
function namesOf(points: Point[], facet: object): Markish[] {
  const names = [...new Set(points.filter((point) => point.cell.pool === null)
    .map((point) => point.cell.name))];
  const ends = names.flatMap((name) =>
    points.filter((point) => point.cell.name === name).sort((a, b) => a.at - b.at).slice(-1));
  return ends.sort((a, b) => b.value - a.value).map((end, i) =>
    text([end], { ...facet, x: "at", y: "value", text: [end.cell.name], dx: -8,
                  dy: i === 0 ? -10 : 12 * i, textAnchor: "end", fontSize: 11,
                  fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 }));
}

// Of what was measured, as much as can be read: the last first, as that is where things change.
function thin(values: number[], [low, high]: [number, number], length: number): number[] {
  const px = (value: number) => (length * Math.log(value / low)) / Math.log(high / low);
  const taken: number[] = [];
  for (const value of [...values].reverse()) {
    if (taken.every((other) => Math.abs(px(other) - px(value)) >= 34)) taken.push(value);
  }
  return taken;
}
