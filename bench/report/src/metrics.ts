// SPDX-License-Identifier: MIT
// metrics.ts: the figures of a cell, each with one unit for all cells.
import type { Cell, FigureKey, RunFigures, Summary, Table, Times } from "./data";
import { formatFigure } from "./format";

export interface Metric {
  id: string; // in the address
  key: FigureKey;
  label: string; // on buttons
  unit: string;
  time: boolean; // what it is called depends on the load
  scale: number; // a figure divided by it is in the unit
  better: "lower" | "higher";
  ofRun: keyof RunFigures;
  missing: string; // why a cell that ran may not have it
  words: { lower: string; higher: string }; // than the baseline
}

const cost = { lower: "cheaper", higher: "dearer" };
const time = { lower: "faster", higher: "slower" };
const size = { lower: "smaller", higher: "larger" };
const uncounted = "not counted in these runs";
const tooFew = "too few requests for it";

export const metrics: readonly Metric[] = [
  { id: "cpu", key: "server_cpu_us_per_request", label: "CPU per request", unit: "µs", time: false,
    scale: 1, better: "lower", ofRun: "server_cpu_us_per_request", missing: uncounted,
    words: cost },
  { id: "rate", key: "requests_per_s", label: "requests", unit: "k/s", time: false, scale: 1e3,
    better: "higher", ofRun: "requests_per_s", missing: uncounted,
    words: { lower: "fewer", higher: "more" } },
  { id: "p50", key: "p50_us", label: "p50", unit: "µs", time: true, scale: 1, better: "lower",
    ofRun: "p50_us", missing: tooFew, words: time },
  { id: "p99", key: "p99_us", label: "p99", unit: "µs", time: true, scale: 1, better: "lower",
    ofRun: "p99_us", missing: tooFew, words: time },
  { id: "p999", key: "p999_us", label: "p99.9", unit: "µs", time: true, scale: 1, better: "lower",
    ofRun: "p999_us", missing: tooFew, words: time },
  { id: "switches", key: "server_switches_per_request", label: "switches per request", unit: "",
    time: false, scale: 1, better: "lower", ofRun: "switches_per_request", missing: uncounted,
    words: cost },
  { id: "syscalls", key: "server_syscalls_per_request", label: "system calls per request",
    unit: "", time: false, scale: 1, better: "lower", ofRun: "syscalls_per_request",
    missing: uncounted, words: cost },
  { id: "allocations", key: "server_allocations_per_request", label: "allocations per request",
    unit: "", time: false, scale: 1, better: "lower", ofRun: "allocations_per_request",
    missing: uncounted, words: cost },
  { id: "rss", key: "server_rss_bytes", label: "memory", unit: "MiB", time: false,
    scale: 1024 * 1024, better: "lower", ofRun: "rss_bytes", missing: uncounted, words: size },
  { id: "connection", key: "bytes_per_connection", label: "memory per connection", unit: "KiB",
    time: false, scale: 1024, better: "lower", ofRun: "bytes_per_connection",
    missing: "taken only where a crowd of connections is idle", words: size },
];

// Of closed loops.
export const primary = metrics[0] as Metric;

// What a table's verdicts are about.
export function figureOf(table: Table): Metric {
  return metrics.find((metric) => metric.key === table.figure) ?? primary;
}

// The one of the address, else the table's own.
export function findMetric(id: string | null, table?: Table): Metric {
  return metrics.find((one) => one.id === id) ?? (table ? figureOf(table) : primary);
}

// Times of a closed loop are not those of an open one, and go by another name.
export function kindOfTime(times: Times): string {
  return times === "response" ? "response time" : "service time";
}

export function labelOf(metric: Metric, { times }: { times: Times }): string {
  return metric.time ? `${kindOfTime(times)} ${metric.label}` : metric.label;
}

export function titleOf(metric: Metric, of: { times: Times }): string {
  return labelOf(metric, of) + (metric.unit === "" ? "" : `, ${metric.unit}`);
}

export function inUnit(metric: Metric, value: number): number {
  return value / metric.scale;
}

export function show(metric: Metric, value: number): string {
  return formatFigure(inUnit(metric, value));
}

// A rate that the client limited is a lower bound.
export function bound(metric: Metric, cell: Cell): string {
  return metric.id === "rate" && cell.client_bound ? "≥" : "";
}

export function summaryOf(metric: Metric, cell: Cell): Summary | null {
  return cell[metric.key];
}

export function hasFigures(metric: Metric, tables: Table[]): boolean {
  return tables.some((table) => table.cells.some((cell) => summaryOf(metric, cell) !== null));
}
