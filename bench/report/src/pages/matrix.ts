// SPDX-License-Identifier: MIT
// matrix.ts: backends by pools, one figure in each cell; a click shows all of a cell.
import type { Cell, Table } from "../data";
import { h, p, scroll } from "../dom";
import { chosenMetric, metricChoice, tableChoice } from "../controls";
import { formatChange } from "../format";
import { bound, figureOf, show, summaryOf, titleOf, type Metric } from "../metrics";
import { go } from "../state";
import { chosenTable, withoutTables, type Page, type View } from "../view";
import { detail } from "./detail";

export const matrix: Page = { id: "matrix", title: "Matrix", absent: withoutTables, draw };

function draw(view: View): Node[] {
  const table = chosenTable(view);
  const metric = chosenMetric(view, table);
  const chosen = table.cells.find((cell) => cell.cell === view.state.get("cell"));
  return [
    h("div", { class: "controls" }, tableChoice(view),
      metricChoice(view, [table], metric)),
    p(h("strong", {}, titleOf(metric, table)),
      ` (${metric.better} is better), median over runs; ${table.about}.`),
    scroll(grid(view, table, metric), "matrix"),
    h("p", { class: "note" }, legend(metric, table)),
    chosen ? detail(view, table, chosen)
           : h("p", { class: "note" }, "Choose a cell to see all of its figures and runs."),
  ];
}

function legend(metric: Metric, table: Table): string {
  const figure = figureOf(table);
  if (metric !== figure) {
    return "The stronger the shade, the higher. Differences of this figure are not judged."
      + (metric.id === "rate" ? " ≥: the client was the bottleneck." : "")
      + (metric.time && table.times === "service"
        ? " Service times of a closed loop: no latency under a given load." : "");
  }
  return "Coloured only where the cell is told apart from the baseline: "
    + `▼ ${figure.words.lower}, ▲ ${figure.words.higher}, the stronger the further. `
    + "~: not told apart, within or across the dead band.";
}

function unique(values: (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}

function grid(view: View, table: Table, metric: Metric): HTMLElement {
  const pairs = table.cells.filter((cell) => cell.external === null);
  const externals = table.cells.filter((cell) => cell.external !== null);
  const backends = unique(pairs.map((cell) => cell.backend));
  const pools = unique(pairs.map((cell) => cell.pool));
  const range = rangeOf(table, metric);
  const rows = pools.map((pool) => {
    const cells = backends.map((backend) =>
      pairs.find((cell) => cell.backend === backend && cell.pool === pool));
    return h("tr", {}, h("th", { scope: "row" }, pool),
             ...cells.map((cell) => square(view, cell, metric, range)));
  });
  const others = externals.map((cell) =>
    h("tr", { class: "external" }, h("th", { scope: "row" }, cell.name),
      square(view, cell, metric, range)));
  const heading = h("tr", { class: "others" }, h("th", { scope: "rowgroup",
                    colspan: 1 + backends.length }, "servers that are not collet's"));
  const columns = backends.length > 0 ? backends : ["server"];
  return h("table", { class: "matrix" },
           h("thead", {}, h("tr", {}, h("td", {}),
                            ...columns.map((name) => h("th", { scope: "col" }, name)))),
           h("tbody", {}, ...rows, rows.length > 0 && others.length > 0 ? heading : null,
             ...others));
}

interface Range {
  low: number;
  high: number;
  judged: boolean; // verdicts are about this figure
}

function rangeOf(table: Table, metric: Metric): Range {
  const values = table.cells.map((cell) => summaryOf(metric, cell)?.median)
    .filter((value) => value !== undefined);
  return { low: Math.min(...values), high: Math.max(...values),
           judged: metric === figureOf(table) };
}

function square(view: View, cell: Cell | undefined, metric: Metric, range: Range): HTMLElement {
  if (cell === undefined) return h("td", { class: "gap" }, "–");
  const summary = summaryOf(metric, cell);
  const chosen = view.state.get("cell") === cell.cell;
  const click = () => go(view.state, { cell: chosen ? null : cell.cell });
  const content = summary === null
    ? [h("span", { class: "state" }, cell.state === "ok" ? "–" : cell.state),
       h("small", {}, cell.reason ?? metric.missing)]
    : [h("span", { class: "value", "data-value": summary.median },
         bound(metric, cell) + show(metric, summary.median)),
       h("small", {}, remark(cell, metric, range))];
  const { tint, strength } = summary === null ? { tint: "gap", strength: 0 }
                                              : heat(cell, summary.median, range);
  return h("td", { class: tint, style: `--strength: ${strength}%` },
           h("button", { type: "button", id: `cell-${cell.name}`, "data-cell": cell.cell,
                         "aria-pressed": chosen ? "true" : "false", click }, ...content));
}

function remark(cell: Cell, metric: Metric, { judged }: Range): string {
  const noisy = cell.runs_noisy > 0 ? ` · ${cell.runs_noisy} noisy` : "";
  if (!judged) return intervalOf(cell, metric) + noisy;
  if (cell.baseline) return "baseline" + noisy;
  const comparison = cell.to_baseline;
  if (comparison === null || comparison.verdict === "none") return intervalOf(cell, metric) + noisy;
  if (comparison.verdict === "~") return "~" + noisy;
  const sign = comparison.verdict === "lower" ? "▼ " : "▲ ";
  return `${sign}${formatChange(comparison.ratio)} %${noisy}`;
}

function intervalOf(cell: Cell, metric: Metric): string {
  const interval = summaryOf(metric, cell)?.interval;
  return interval ? `${show(metric, interval.low)}–${show(metric, interval.high)}` : "";
}

// How far from the baseline where that may be said; of figures that are not judged, how far up in
// the table. 40 % of the colour are the most that text can be read on.
function heat(cell: Cell, value: number, { low, high, judged }: Range) {
  const most = 40;
  if (!judged) {
    return { tint: "plain", strength: high > low ? (most * (value - low)) / (high - low) : 0 };
  }
  const comparison = cell.to_baseline;
  const told = !cell.baseline && (comparison?.verdict === "lower"
                                  || comparison?.verdict === "higher");
  if (!told || !comparison) return { tint: "same", strength: 0 };
  const distance = Math.abs(Math.log2(comparison.ratio));  // 1: half or twice
  return { tint: comparison.verdict, strength: 8 + (most - 8) * Math.min(1, distance) };
}
