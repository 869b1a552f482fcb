// SPDX-License-Identifier: MIT
// detail.ts: all that is known of one cell.
import { dot, ruleX } from "@observablehq/plot";
import { chart } from "../chart";
import type { Cell, Comparison, Table } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { formatChange } from "../format";
import { bound, findMetric, inUnit, metrics, show, summaryOf, titleOf } from "../metrics";
import type { View } from "../view";

export function detail(view: View, table: Table, cell: Cell): HTMLElement {
  return h("section", { class: "detail", id: "detail", "aria-live": "polite" },
           h("h2", {}, cell.name), p(...sentences(table, cell)),
           cell.state === "ok" ? scroll(figures(table, cell), "figures") : null,
           cell.state === "ok" ? runs(view, table, cell) : null);
}

function sentences(table: Table, cell: Cell): string[] {
  const spec = cell.external === null ? `Backend ${cell.backend}, pool ${cell.pool}. `
                                      : "A server that is not collet's. ";
  const result = [spec, `${table.title}. `];
  if (cell.state !== "ok") return [...result, `${cell.state}: ${cell.reason ?? "why is unknown"}.`];
  if (cell.client_bound) result.push("The client was the bottleneck. ");
  if (cell.runs_noisy > 0) result.push(`${cell.runs_noisy} of its runs were noisy. `);
  if (cell.runs_repeated > 0) result.push(`${cell.runs_repeated} runs were taken again. `);
  if (cell.cpu_to_baseline) result.push(compared(cell, cell.cpu_to_baseline, table));
  return result;
}

function compared(cell: Cell, comparison: Comparison, table: Table): string {
  const { interval, ratio, n, adjusted_p, verdict } = comparison;
  const range = interval
    ? ` [${formatChange(interval.low)}, ${formatChange(interval.high)}]` : "";
  const against = cell.baseline ? "Its second run in each block against its first"
                                : "CPU per request against the baseline";
  const judged = { none: "not judged", "~": "~, no difference shown", lower: "lower",
                   higher: "higher" }[verdict];
  return `${against}: ${formatChange(ratio)} %${range} over ${n} blocks, dead band `
    + `±${(100 * table.dead_band).toFixed(1)} %, adjusted p ${adjusted_p.toPrecision(2)}: ${judged}`
    + (comparison.indicative ? " (indicative)." : ".");
}

function figures(table: Table, cell: Cell): HTMLElement {
  const rows = metrics.flatMap((metric) => {
    const summary = summaryOf(metric, cell);
    if (summary === null) return [];
    const { median, min, max, n, interval } = summary;
    return [[titleOf(metric, table.mode), bound(metric, cell) + show(metric, median),
             interval ? `${show(metric, interval.low)}–${show(metric, interval.high)}` : "–",
             `${show(metric, min)}–${show(metric, max)}`, String(n)]];
  });
  return simpleTable(["figure", "median", "interval", "range", "runs"], rows, [1, 2, 3, 4]);
}

function runs(view: View, table: Table, cell: Cell): HTMLElement {
  const metric = findMetric(view.state.get("metric"));
  const points = view.data.runs.flatMap((run) => {
    const value = run.cell === cell.cell ? run.figures?.[metric.ofRun] : null;
    return value == null ? [] : [{ ...run, value: inUnit(metric, value) }];
  });
  const median = summaryOf(metric, cell)?.median;
  return chart(view, "Runs.",
    `${titleOf(metric, table.mode)} of each run; the line is the median; hollow: noisy`
      + (cell.baseline ? "; row b is the second visit in each block." : "."), {
      height: cell.baseline ? 100 : 80,
      marginLeft: 40,
      x: { label: titleOf(metric, table.mode), grid: true, nice: true },
      y: { axis: cell.baseline ? "left" : null, label: null, type: "band", padding: 0.3 },
      marks: [
        ruleX(median === undefined ? [] : [inUnit(metric, median)], { stroke: "var(--muted)" }),
        dot(points, { x: "value", y: (run) => (run.twin ? "b" : "a"), r: 4, stroke: "currentColor",
                      fill: (run) => (run.noisy ? "var(--page)" : "currentColor"),
                      title: (run) => `block ${run.block}, ${run.flags.join(", ")}`, tip: true }),
      ],
    });
}
