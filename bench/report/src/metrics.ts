// SPDX-License-Identifier: MIT
// metrics.ts: the figures of a cell, each with one unit for all cells.
import type { Cell, FigureKey, Run, Summary, Table, Times } from "./data";
import { formatFigure } from "./format";

export interface Metric {
  id: string; // in the address
  key: FigureKey;
  label: string; // on buttons
  unit: string;
  time: boolean; // what it is called depends on the load
  scale: number; // a figure divided by it is in the unit
  better: "lower" | "higher";
  missing: string; // why a cell that ran may not have it
  words: { lower: string; higher: string }; // than the baseline
}

const cost = { lower: "cheaper", higher: "dearer" };
const size = { lower: "smaller", higher: "larger" };
const speed = { lower: "faster", higher: "slower" };

export const metrics: readonly Metric[] = [
  metric("cpu", "server_cpu_us_per_request", "CPU per request", "µs", cost),
  metric("machine", "machine_cpu_us_per_request", "machine CPU per request", "µs", cost),
  { ...metric("rate", "requests_per_s", "requests", "k/s", { lower: "fewer", higher: "more" }),
    scale: 1e3, better: "higher" },
  timeOf("p50", "p50_us", "p50"),
  timeOf("p99", "p99_us", "p99"),
  timeOf("p999", "p999_us", "p99.9"),
  metric("switches", "server_switches_per_request", "switches per request", "", cost),
  metric("syscalls", "server_syscalls_per_request", "system calls per request", "", cost),
  metric("allocations", "server_allocations_per_request", "allocations per request", "", cost),
  handOff("handoff-p50", "handoff_p50_us", "hand-off p50"),
  handOff("handoff-p99", "handoff_p99_us", "hand-off p99"),
  { ...metric("rss", "server_rss_bytes", "memory", "MiB", size), scale: 1024 * 1024 },
  { ...metric("connection", "bytes_per_connection", "memory per connection", "KiB", size),
    scale: 1024 },
];

function metric(id: string, key: FigureKey, label: string, unit: string,
                words: Metric["words"]): Metric {
  return { id, key, label, unit, words, time: false, scale: 1, better: "lower",
           missing: "not counted in these runs" };
}

// From the submission of a task to its begin.
function handOff(id: string, key: FigureKey, label: string): Metric {
  return { ...metric(id, key, label, "µs", speed),
           missing: "not timed in these runs, or nothing is handed over" };
}

function timeOf(id: string, key: FigureKey, label: string): Metric {
  return { ...metric(id, key, label, "µs", speed), time: true,
           missing: "too few requests for it" };
}

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
  return cell[metric.key] ?? null;
}

export function ofRun(metric: Metric, run: Run): number | null {
  return run.figures?.[metric.key] ?? null;
}

export function hasFigures(metric: Metric, tables: Table[]): boolean {
  return tables.some((table) => table.cells.some((cell) => summaryOf(metric, cell) !== null));
}
