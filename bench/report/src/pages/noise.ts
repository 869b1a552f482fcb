// SPDX-License-Identifier: MIT
// noise.ts: how far equal things differ here, and which runs were disturbed.
import { dot, rect, ruleX, ruleY } from "@observablehq/plot";
import { chart, nameMargin } from "../chart";
import type { Data, Run } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { formatChange, formatFigure } from "../format";
import type { Page, View } from "../view";

export const noise: Page = { id: "noise", title: "Noise", draw };

function draw(view: View): Node[] {
  return [spread(view), order(view), flagged(view.data)];
}

function spread(view: View): HTMLElement {
  const { tables } = view.data;
  const points = tables.flatMap(({ table, twins }) =>
    twins.map(({ block, ratio }) => ({ table, block, percent: 100 * (ratio - 1), ratio })));
  const bands = tables.map(({ table, dead_band }) =>
    ({ table, low: 100 * (1 / (1 + dead_band) - 1), high: 100 * dead_band }));
  if (points.length === 0) return p("The baseline was not measured twice in a block.");
  const names = tables.map((table) => table.table);
  return chart(view, "The baseline against itself, %.",
    "Each dot: its second run of a block over its first, in CPU per request. Shaded: the dead band "
      + "that follows.", {
      height: 60 + 34 * names.length,
      marginLeft: nameMargin(view, names),
      x: { label: "change, %", grid: true, nice: true },
      y: { domain: names, label: null, tickSize: 0 },
      marks: [
        rect(bands, { x1: "low", x2: "high", y: "table", insetTop: 3, insetBottom: 3,
                      fill: "var(--band)" }),
        ruleX([0], { stroke: "var(--muted)" }),
        dot(points, { x: "percent", y: "table", r: 4, stroke: "currentColor",
                      fill: "currentColor", fillOpacity: 0.25, tip: true,
                      title: (point: (typeof points)[number]) =>
                        `block ${point.block}: ${formatChange(point.ratio)} %` }),
      ],
    });
}

function order(view: View): HTMLElement {
  const points = view.data.runs.flatMap((run, at) =>
    run.to_median === null ? [] : [{ ...run, at: at + 1, percent: 100 * (run.to_median - 1) }]);
  type Point = (typeof points)[number];
  return chart(view, "In the order of the runs: CPU per request over the median of the cell, %.",
    "Filled: quiet; hollow: noisy. A slope or a step would mean that the machine changed while it "
      + "was measured.", {
      height: 280,
      marginLeft: 50,
      x: { label: "run", grid: false },
      y: { label: "%", grid: true, nice: true },
      marks: [
        ruleY([0], { stroke: "var(--muted)" }),
        dot(points, { x: "at", y: "percent", r: 3, stroke: "currentColor",
                      fill: (run: Point) => (run.noisy ? "none" : "currentColor"), tip: true,
                      title: (run: Point) => `${run.cell}, block ${run.block}\n`
                        + `${run.percent.toFixed(1)} % ${run.flags.join(", ")}` }),
      ],
    });
}

function flagged(data: Data): HTMLElement {
  const runs = data.runs.filter((run) => run.flags.length > 0 || !run.ok);
  if (runs.length === 0) return p("No run was flagged.");
  const shown = 20;
  const rows = runs.slice(0, shown).map((run: Run) =>
    [run.cell, String(run.block), run.ok ? "ok" : "failed",
     run.reason ?? run.flags.map((flag) => flag.replace("noisy_", "")).join(", "),
     run.figures ? formatFigure(run.figures.foreign_cores) : "–",
     run.figures ? formatFigure(run.figures.stolen_cores) : "–"]);
  const head = ["cell", "block", "status", "flags", "others, cores", "stolen, cores"];
  const more = runs.length > shown
    ? p(`${runs.length - shown} more are in the JSON that the page Data gives.`) : null;
  return h("section", {}, h("h2", {}, `${runs.length} of ${data.runs.length} runs were flagged`),
           scroll(simpleTable(head, rows, [1, 4, 5]), "flagged runs"), more);
}
