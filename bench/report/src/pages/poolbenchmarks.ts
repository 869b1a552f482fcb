// SPDX-License-Identifier: MIT
// poolbenchmarks.ts: what `collet-bench pools` measured: thread pools without a server.
import { dot, ruleY, text } from "@observablehq/plot";
import { logAxisX } from "../axes";
import { chart, nameMargin } from "../chart";
import type { PoolBenchmark, PoolFigure, PoolMeasurements, PoolRow } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { formatChange, formatFigure, plain } from "../format";
import { logDomain, logTicks } from "../ticks";
import type { View } from "../view";

export function poolBenchmarks(view: View, pools: PoolMeasurements): Node[] {
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  return [
    h("h2", { id: "pool-benchmarks" }, "Pools by themselves"),
    p(`Micro-benchmarks without a server: ${count(pools.workers, "worker")} on `
      + `${count(pools.cpus, "CPU")}, ${count(pools.blocks, "run")} of each, against `
      + `${pools.baseline}.`),
    pools.not_a_result === null ? p() : p(h("strong", {}, `NOT A RESULT: ${pools.not_a_result}.`)),
    p("Medians over runs with intervals; left is better, but for efficiency. Filled: told apart "
      + "from the baseline; hollow: not, or the baseline itself."),
    h("details", {}, h("summary", {}, "How to read them"), ...pools.method.map((line) => p(line))),
    ...pools.benchmarks.map((benchmark) => section(view, benchmark)),
  ];
}

function section(view: View, benchmark: PoolBenchmark): HTMLElement {
  const gone = benchmark.rows.filter((row) => row.state !== "ok");
  return h("section", { id: `pools-${benchmark.name}`, class: "pool-benchmark" },
           toPoints(benchmark).length > 0 ? drawing(view, benchmark) : gapOnly(benchmark),
           gone.length > 0
             ? h("p", { class: "note" }, `Not drawn: ${gone.map(describeGap).join("; ")}.`)
             : null,
           h("details", {}, h("summary", {}, "As a table"), table(benchmark)));
}

function gapOnly(benchmark: PoolBenchmark): HTMLElement {
  return p(h("strong", {}, `${benchmark.name}: ${benchmark.title}.`), ` ${benchmark.about}`);
}

function describeGap(row: PoolRow): string {
  return `${row.pool} (${row.state}${row.reason === null ? "" : `: ${row.reason}`})`;
}

interface Point {
  pool: string;
  figure: string;
  value: number;
  low: number;
  high: number;
  label: string;
  told: boolean;
  colour: string;
}

function toPoints(benchmark: PoolBenchmark): Point[] {
  return benchmark.figures.flatMap((figure) => benchmark.rows.flatMap((row): Point[] => {
    const summary = row.figures[figure.key] ?? null;
    if (summary === null) return [];
    const { low, high } = summary.interval ?? { low: summary.median, high: summary.median };
    const verdict = row.to_baseline[figure.key]?.verdict ?? "none";
    const told = !row.baseline && (verdict === "lower" || verdict === "higher");
    return [{ pool: row.pool, figure: figure.title, value: summary.median, low, high,
              label: `${formatFigure(summary.median)} ${change(row, figure)}`.trim(), told,
              colour: told ? `var(--${verdict})` : "currentColor" }];
  }));
}

// Against the baseline: +6.2 %, ~, or nothing without a verdict.
function change(row: PoolRow, figure: PoolFigure): string {
  const comparison = row.to_baseline[figure.key] ?? null;
  if (row.baseline || comparison === null || comparison.verdict === "none") return "";
  return comparison.verdict === "~" ? "~" : `${formatChange(comparison.ratio)} %`;
}

// A pane for each figure. Shares of a whole begin at zero; times differ by powers of ten.
function drawing(view: View, benchmark: PoolBenchmark): HTMLElement {
  const points = toPoints(benchmark);
  const figures = [...new Set(points.map((point) => point.figure))];
  const names = [...new Set(points.map((point) => point.pool))];
  const unit = benchmark.figures[0]?.unit ?? "";
  const wide = view.width > 600;
  const margins = { marginLeft: nameMargin(view, names),
                    marginRight: nameMargin(view, figures) + (wide ? 100 : 0) };
  const width = view.width - margins.marginLeft - margins.marginRight;
  const ends = points.flatMap((point) => [point.low, point.high, point.value]);
  const domain = logDomain(ends, 1.15);
  const share = unit === "%";
  return chart(view, `${benchmark.name}: ${benchmark.title}.`, benchmark.about, {
    height: 60 + figures.length * (20 * names.length + 14),
    ...margins,
    x: share ? { label: unit, zero: true, grid: true, nice: true }
             : { type: "log", label: `${unit}, logarithmic`, domain },
    y: { domain: names, label: null, tickSize: 0 },
    fy: { domain: figures, label: null, padding: 0.16 },
    marks: [
      ...(share ? [] : logAxisX(logTicks(domain, width, 44), plain)),
      ruleY(points, { fy: "figure", y: "pool", x1: "low", x2: "high", stroke: "colour",
                      strokeWidth: 2 }),
      dot(points, { fy: "figure", y: "pool", x: "value", r: 4.5, stroke: "colour",
                    strokeWidth: 1.5, tip: !wide,
                    fill: (point: Point) => (point.told ? point.colour : "var(--page)"),
                    title: (point: Point) => `${point.pool}: ${point.label} ${unit}` }),
      wide ? text(points, { fy: "figure", y: "pool", text: "label", frameAnchor: "right",
                            dx: margins.marginRight - 8, textAnchor: "end",
                            fontVariant: "tabular-nums", fill: "currentColor" })
           : null,
    ],
  });
}

function table(benchmark: PoolBenchmark): HTMLElement {
  const head = ["pool", ...benchmark.figures.map(({ title, unit }) => `${title}, ${unit}`)];
  const rows = benchmark.rows.map((row) => [
    row.pool,
    ...benchmark.figures.map((figure, i) =>
      row.state === "ok" ? value(row, figure) : i === 0 ? describeGap(row) : ""),
  ]);
  const bands = ["dead band", ...benchmark.figures.map(({ dead_band }) =>
    dead_band === null ? "–" : `±${formatFigure(100 * dead_band)} %`)];
  if (benchmark.figures.some(({ dead_band }) => dead_band !== null)) rows.push(bands);
  const right = benchmark.figures.map((_, i) => i + 1);
  return scroll(simpleTable(head, rows, right), `${benchmark.name} as a table`);
}

function value(row: PoolRow, figure: PoolFigure): string {
  const summary = row.figures[figure.key] ?? null;
  if (summary === null) return "–";
  const told = row.baseline ? "" : ratio(row, figure);
  const interval = summary.interval;
  const range = interval ? ` [${formatFigure(interval.low)}–${formatFigure(interval.high)}]` : "";
  return told === "" ? formatFigure(summary.median) + range
                     : `${formatFigure(summary.median)} ${told}`;
}

function ratio(row: PoolRow, figure: PoolFigure): string {
  const interval = row.to_baseline[figure.key]?.interval ?? null;
  const words = change(row, figure);
  if (words === "" || interval === null) return words;
  return `${words} [${formatChange(interval.low)}, ${formatChange(interval.high)}]`;
}
