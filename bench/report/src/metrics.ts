// SPDX-License-Identifier: MIT
// metrics.ts: the figures of a cell, each with one unit for all cells.
import type { Cell, FigureKey, RunFigures, Summary, Table } from "./data";
import { formatFigure } from "./format";

export interface Metric {
  id: string; // in the address
  key: FigureKey;
  label: string; // on buttons
  unit: string;
  time?: boolean; // what it is called depends on the load
  scale: number; // a figure divided by it is in the unit
  better: "lower" | "higher";
  ofRun: keyof RunFigures;
}

export const metrics: readonly Metric[] = [
  metric("cpu", "server_cpu_us_per_request", "CPU per request", "µs", 1, "lower",
         "server_cpu_us_per_request"),
  metric("rate", "requests_per_s", "requests", "k/s", 1e3, "higher", "requests_per_s"),
  metric("p50", "service_time_p50_us", "p50", "µs", 1, "lower", "p50_us", true),
  metric("p99", "service_time_p99_us", "p99", "µs", 1, "lower", "p99_us", true),
  metric("p999", "service_time_p999_us", "p99.9", "µs", 1, "lower", "p999_us", true),
  metric("rss", "server_rss_bytes", "memory", "MiB", 1024 * 1024, "lower", "rss_bytes"),
  metric("switches", "server_switches_per_request", "switches per request", "", 1,
         "lower", "switches_per_request"),
];

export const primary = metrics[0] as Metric;

function metric(id: string, key: FigureKey, label: string, unit: string, scale: number,
                better: "lower" | "higher", ofRun: keyof RunFigures, time = false): Metric {
  return { id, key, label, unit, scale, better, ofRun, time };
}

export function findMetric(id: string | null): Metric {
  return metrics.find((one) => one.id === id) ?? primary;
}

export type Mode = Table["mode"];

// Times under a closed loop are not those under an open one, and go by another name.
export function kindOfTime(mode: Mode): string {
  return mode === "open" ? "response time" : "service time";
}

export function titleOf(metric: Metric, mode: Mode): string {
  const title = metric.time ? `${kindOfTime(mode)} ${metric.label}` : metric.label;
  return metric.unit === "" ? title : `${title}, ${metric.unit}`;
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
