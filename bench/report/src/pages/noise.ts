// SPDX-License-Identifier: MIT
// noise.ts: how far equal things differ here, and which runs were disturbed.
import { dot, rect, ruleX, ruleY } from "@observablehq/plot";
import { logAxisX, logAxisY } from "../axes";
import { chart, nameMargin } from "../chart";
import type { Data, Run, Table } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { figureOr, formatChange, formatFigure } from "../format";
import { groupBy } from "../group";
import { figureOf, labelOf } from "../metrics";
import { logDomain, ratioTicks } from "../ticks";
import { withoutTables, type Page, type View } from "../view";

export const noise: Page = { id: "noise", title: "Noise", absent, draw };

function absent(data: Data): string | null {
  return data.runs.length > 0 ? null : withoutTables(data);
}

function draw(view: View): Node[] {
  return [
    spread(view),
    inOrder(view, {
      title: `In the order of the runs: ${figuresOf(view.data.tables)} over the median of the cell,`
        + " %.",
      words: "A slope or a step would mean that the machine changed while it was measured. "
        + "Logarithmic.",
      pick: (run) => run.to_median,
      unit: "ratio",
      missing: "The runs of a search have different rates: their figures are not compared.",
    }),
    inOrder(view, {
      title: "How late the client sent, p99, µs.",
      words: "Of each run under an open loop: from when a request was due to when it was sent. "
        + "Response times contain it; if it is long, the client was the bottleneck.",
      pick: (run) => run.figures?.send_lag_p99_us ?? null,
      unit: "µs",
      missing: "No run says how late its client sent.",
    }),
    inOrder(view, {
      title: "Little's law, %.",
      words: "Of each run under a closed loop: requests under way must be their rate times their "
        + "mean time; this is what is missing of that. A little is the client's own time; much, "
        + "either way, means that times and rate do not belong together.",
      pick: (run) => {
        const gap = run.figures?.littles_law_gap ?? null;
        return gap === null ? null : 100 * gap;
      },
      unit: "%",
      missing: "No run was checked by Little's law.",
    }),
    kinds(view.data),
    flagged(view.data),
  ].filter((node) => node !== null);
}

function spread(view: View): HTMLElement {
  const { tables } = view.data;
  const points = tables.flatMap(({ table, twins }) =>
    twins.map(({ block, ratio }) => ({ table, block, ratio })));
  const bands = tables.map(({ table, dead_band }) =>
    ({ table, low: 1 / (1 + dead_band), high: 1 + dead_band }));
  if (points.length === 0) return p("The baseline was not measured twice in a block.");
  const names = tables.map((table) => table.table);
  const marginLeft = nameMargin(view, names);
  const domain = logDomain([...points.map((point) => point.ratio),
                            ...bands.flatMap(({ low, high }) => [low, high])], 1.03);
  return chart(view, "The baseline against itself, %.",
    `Each dot: its second run of a block over its first, in ${figuresOf(tables)}. Shaded: the dead `
      + "band that follows. Logarithmic.", {
      height: 60 + 34 * names.length,
      marginLeft,
      x: { type: "log", label: "change, %", domain },
      y: { domain: names, label: null, tickSize: 0 },
      marks: [
        rect(bands, { x1: "low", x2: "high", y: "table", insetTop: 3, insetBottom: 3,
                      fill: "var(--band)" }),
        ...logAxisX(ratioTicks(domain, view.width - marginLeft - 20, 46), percentOf),
        ruleX([1], { stroke: "var(--muted)" }),
        dot(points, { x: "ratio", y: "table", r: 4, stroke: "currentColor",
                      fill: "currentColor", fillOpacity: 0.25, tip: true,
                      title: (point: (typeof points)[number]) =>
                        `block ${point.block}: ${formatChange(point.ratio)} %` }),
      ],
    });
}

function percentOf(ratio: number): string {
  return ratio === 1 ? "0" : formatChange(ratio).replace(/\.0$/, "");
}

function figuresOf(tables: Table[]): string {
  const labels = new Set(tables.map((table) => labelOf(figureOf(table), table)));
  return labels.size === 1 ? [...labels].join() : `each table's figure (${[...labels].join(", ")})`;
}

interface Order {
  title: string;
  words: string;
  pick: (run: Run) => number | null;
  unit: "ratio" | "µs" | "%";
  missing: string;
}

function inOrder(view: View, { title, words, pick, unit, missing }: Order): HTMLElement {
  const points = view.data.runs.flatMap((run, i) => {
    const value = pick(run);
    return value === null ? [] : [{ ...run, at: i + 1, value }];
  });
  type Point = (typeof points)[number];
  if (points.length === 0) return h("p", { class: "note" }, missing);
  const symbol = (run: Point) => (run.flags.includes("not_steady") ? "times" : "circle");
  const ratio = unit === "ratio";
  const domain = logDomain(points.map((point) => point.value), 1.02);
  const shown = (run: Point) =>
    ratio ? `${formatChange(run.value)} %` : `${formatFigure(run.value)} ${unit}`;
  return chart(view, title, `${words} Filled: quiet; hollow: noisy; ×: not steady.`, {
    height: 240,
    marginLeft: 50,
    x: { label: "run", grid: false, domain: [0, view.data.runs.length + 1] },
    y: ratio ? { type: "log", label: "%", domain } : { label: unit, grid: true, nice: true },
    marks: [
      ...(ratio ? logAxisY(ratioTicks(domain, 170, 22), percentOf) : []),
      ruleY([ratio ? 1 : 0], { stroke: "var(--muted)" }),
      dot(points, { x: "at", y: "value", r: 3, stroke: "currentColor", symbol,
                    fill: (run: Point) => (run.noisy ? "var(--page)" : "currentColor"), tip: true,
                    title: (run: Point) => `${run.cell}, block ${run.block}\n`
                      + `${shown(run)} ${run.flags.join(", ")}` }),
    ],
  });
}

const meanings: Record<string, string> = {
  noisy_steal: "the host took time of a CPU that was used",
  noisy_foreign: "other programs used these CPUs",
  noisy_run_delay: "server or client was ready but waited for a CPU",
  noisy_switches: "a busy thread was put off its CPU often",
  noisy_migrations: "a thread changed its CPU",
  client_bound: "the client was the bottleneck, the server could do more",
  client_late: "the client sent late, so response times are not those of the load",
  overloaded: "the server did not keep up with the rate",
  not_steady: "the rate rose, fell or jumped in the course of the run",
  noisy_sample: "the server was looked at later than the window ended",
  not_release: "a program is no release build",
  few_samples: "too few requests for its p99",
  retransmits: "the machine sent TCP segments again",
  listen_drops: "connections found an accept queue full",
};

function kinds(data: Data): HTMLElement {
  const flags = groupBy(data.runs.flatMap((run) => run.flags), (flag) => flag);
  if (flags.size === 0) return p("No run was flagged.");
  const rows = [...flags].sort(([, a], [, b]) => b.length - a.length).map(([flag, those]) =>
    [flag, String(those.length), meanings[flag] ?? ""]);
  return h("section", {}, h("h2", {}, "Flags"),
           scroll(simpleTable(["flag", "runs", "what it says"], rows, [1], [2]), "flags"));
}

// What disturbed a run comes before what only says how it went.
function severity(run: Run): number {
  if (!run.ok) return 0;
  if (run.noisy) return 1;
  return run.flags.every((flag) => flag === "client_bound") ? 3 : 2;
}

function flagged(data: Data): HTMLElement | null {
  const runs = data.runs.filter((run) => run.flags.length > 0 || !run.ok)
    .sort((a, b) => severity(a) - severity(b));
  if (runs.length === 0) return null;
  const shown = 20;
  const rows = runs.slice(0, shown).map((run: Run) =>
    [run.cell, String(run.block), run.ok ? "ok" : "failed",
     run.reason ?? run.flags.map((flag) => flag.replace("noisy_", "")).join(", "),
     figureOr(run.figures?.foreign_cores), figureOr(run.figures?.stolen_cores),
     figureOr(run.figures?.client_cores)]);
  const head = ["cell", "block", "status", "flags", "others, cores", "stolen, cores",
                "client, cores"];
  const more = runs.length > shown
    ? p(`${runs.length - shown} more are in the JSON that the page Data gives.`) : null;
  return h("section", {}, h("h2", {}, `${runs.length} of ${data.runs.length} runs were flagged`),
           scroll(simpleTable(head, rows, [1, 4, 5, 6]), "flagged runs"), more);
}
