// SPDX-License-Identifier: MIT
// detail.ts: all that is known of one cell.
import { dot, ruleX } from "@observablehq/plot";
import { chart } from "../chart";
import { chosenMetric, fold } from "../controls";
import type { Cell, Comparison, Run, RunFigures, Table } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { figureOr, formatChange, formatChanges } from "../format";
import { bound, figureOf, inUnit, labelOf, metrics, ofRun, show, summaryOf, titleOf }
  from "../metrics";
import type { View } from "../view";
import { hasMerged, percentileTable } from "./percentiles";
import { seriesOf } from "./series";

export function detail(view: View, table: Table, cell: Cell): HTMLElement {
  const section = h("section", { class: "detail", id: "detail", "aria-live": "polite" },
                    h("h2", {}, cell.name), p(...sentences(table, cell)));
  if (cell.state !== "ok") return section;
  const own = view.data.runs.filter((run) => run.cell === cell.cell);
  section.append(figures(table, cell));
  if (hasMerged(cell)) section.append(percentileTable(table, [cell]));
  if (cell.syscalls !== null) section.append(p(calls("System calls", cell.syscalls)));
  if (cell.backend_calls !== null) {
    section.append(p(calls("Calls of the backend", cell.backend_calls)));
  }
  section.append(strip(view, table, cell, own));
  const series = seriesOf(view, own);
  if (series) section.append(series);
  section.append(fold(view, "runs", `All figures of its ${own.length} runs`,
                      scroll(runTable(own), "runs")));
  return section;
}

function sentences(table: Table, cell: Cell): string[] {
  const spec = cell.external === null ? `Backend ${cell.backend}, pool ${cell.pool}. `
                                      : "A server that is not collet's. ";
  const result = [spec, `${table.title}. `];
  if (cell.state !== "ok") return [...result, `${cell.state}: ${cell.reason ?? "why is unknown"}.`];
  if (cell.client_bound) result.push("The client was the bottleneck. ");
  if (cell.client_late) result.push("The client sent late: times are not those of this load. ");
  if (cell.overloaded) result.push("The server did not keep up with the rate. ");
  if (cell.runs_noisy > 0) result.push(`${cell.runs_noisy} of its runs were noisy. `);
  if (cell.runs_repeated > 0) result.push(`${cell.runs_repeated} runs were taken again. `);
  if (cell.to_baseline) result.push(compared(cell, cell.to_baseline, table));
  return result;
}

function compared(cell: Cell, comparison: Comparison, table: Table): string {
  const { interval, ratio, n, adjusted_p, verdict } = comparison;
  const against = cell.baseline ? "Its second run in each block against its first"
                                : `Its ${labelOf(figureOf(table), table)} against the baseline`;
  const judged = { none: "not judged", "~": "~, no difference shown", lower: "lower",
                   higher: "higher" }[verdict];
  return `${against}: ${formatChange(ratio)} %${formatChanges(interval)} over ${n} blocks, dead `
    + `band ±${(100 * table.dead_band).toFixed(1)} %, adjusted p ${adjusted_p.toPrecision(2)}: `
    + judged + (comparison.indicative ? " (indicative)." : ".");
}

function figures(table: Table, cell: Cell): HTMLElement {
  const rows = metrics.flatMap((metric) => {
    const summary = summaryOf(metric, cell);
    if (summary === null) return [];
    const { median, min, max, n, interval } = summary;
    return [[titleOf(metric, table), bound(metric, cell) + show(metric, median),
             interval ? `${show(metric, interval.low)}–${show(metric, interval.high)}` : "–",
             `${show(metric, min)}–${show(metric, max)}`, String(n)]];
  });
  const gone = metrics.filter((metric) => summaryOf(metric, cell) === null)
    .map((metric) => `${labelOf(metric, table)} (${metric.missing})`);
  const head = ["figure", "median", "interval", "range", "runs"];
  return h("div", {}, scroll(simpleTable(head, rows, [1, 2, 3, 4]), "figures"),
           gone.length > 0 ? h("p", { class: "note" }, `Not known: ${gone.join("; ")}.`) : null);
}

// The rare ones, of opening and closing connections, in one sum.
function calls(what: string, byName: Record<string, number>): string {
  const all = Object.entries(byName).sort(([, a], [, b]) => b - a);
  const often = all.filter(([, each]) => each >= 0.005);
  const rest = all.filter(([, each]) => each < 0.005).reduce((sum, [, each]) => sum + each, 0);
  return `${what} for each request: `
    + often.map(([name, each]) => `${name} ${figureOr(each)}`).join(", ")
    + (rest > 0 ? `; others ${rest.toPrecision(1)}.` : ".");
}

function strip(view: View, table: Table, cell: Cell, own: Run[]): HTMLElement {
  const metric = chosenMetric(view, table);
  const points = own.flatMap((run) => {
    const value = ofRun(metric, run);
    return value === null ? [] : [{ ...run, value: inUnit(metric, value) }];
  });
  const median = summaryOf(metric, cell)?.median;
  const title = titleOf(metric, table);
  return chart(view, "Runs.",
    `${title} of each run; the line is the median; hollow: noisy`
      + (cell.baseline ? "; row b is the second visit in each block." : "."), {
      height: cell.baseline ? 100 : 80,
      marginLeft: 40,
      x: { label: title, grid: true, nice: true },
      y: { axis: cell.baseline ? "left" : null, label: null, type: "band", padding: 0.3 },
      marks: [
        ruleX(median === undefined ? [] : [inUnit(metric, median)], { stroke: "var(--muted)" }),
        dot(points, { x: "value", y: (run) => (run.twin ? "b" : "a"), r: 4, stroke: "currentColor",
                      fill: (run) => (run.noisy ? "var(--page)" : "currentColor"),
                      title: (run) => `block ${run.block}, ${run.flags.join(", ")}`, tip: true }),
      ],
    });
}

const columns: { key: keyof RunFigures; text: string; scale?: number }[] = [
  { key: "server_cpu_us_per_request", text: "CPU, µs" },
  { key: "machine_cpu_us_per_request", text: "machine CPU, µs" },
  { key: "requests_per_s", text: "requests, k/s", scale: 1e3 },
  { key: "p50_us", text: "p50, µs" },
  { key: "p90_us", text: "p90, µs" },
  { key: "p99_us", text: "p99, µs" },
  { key: "p999_us", text: "p99.9, µs" },
  { key: "max_us", text: "longest, µs" },
  { key: "server_switches_per_request", text: "switches" },
  { key: "server_rss_bytes", text: "memory, MiB", scale: 1024 * 1024 },
  { key: "bytes_per_connection", text: "per connection, KiB", scale: 1024 },
  { key: "send_lag_p99_us", text: "send lag p99, µs" },
  { key: "littles_law_gap", text: "Little's law, %", scale: 0.01 },
  { key: "client_cores", text: "client, cores" },
  { key: "foreign_cores", text: "others, cores" },
  { key: "stolen_cores", text: "stolen, cores" },
];

function runTable(own: Run[]): HTMLElement {
  const known = columns.filter(({ key }) => own.some((run) => run.figures?.[key] != null));
  const rows = own.map((run) => [
    `${run.block}${run.twin ? " b" : ""}`, run.ok ? "ok" : (run.reason ?? "failed"),
    ...known.map(({ key, scale = 1 }) => {
      const value = run.figures?.[key];
      return value == null ? "–" : figureOr(value / scale);
    }),
    run.flags.join(", ")]);
  const heads = ["block", "status", ...known.map((column) => column.text), "flags"];
  return simpleTable(heads, rows, known.map((_, i) => i + 2));
}
