// SPDX-License-Identifier: MIT
// compare.ts: the forest plot: each cell's figure of the table over the baseline's.
import { dot, rect, ruleX, ruleY, text } from "@observablehq/plot";
import { logAxisX } from "../axes";
import { chart, nameMargin } from "../chart";
import { tableChoice } from "../controls";
import type { Cell, Comparison, Table } from "../data";
import { h, p } from "../dom";
import { formatChange, formatChanges } from "../format";
import { figureOf, labelOf } from "../metrics";
import { ratioTicks } from "../ticks";
import { chosenTable, withoutTables, type Page, type View } from "../view";

export const compare: Page = { id: "compare", title: "Compare", absent: withoutTables, draw };

interface Row {
  name: string;
  comparison: Comparison;
  label: string;
  colour: string;
  told: boolean;
}

function draw(view: View): Node[] {
  const table = chosenTable(view);
  const controls = h("div", { class: "controls" }, tableChoice(view));
  const rows = table.cells.flatMap(toRow);
  if (rows.length === 0) return [controls, p(`Nothing to compare; ${table.about}.`)];
  return [controls, forest(view, table, rows), missing(table)].filter((node) => node !== null);
}

function toRow(cell: Cell): Row[] {
  const comparison = cell.to_baseline;
  if (comparison === null || cell.state !== "ok") return [];
  const { verdict, ratio, interval } = comparison;
  const told = !cell.baseline && (verdict === "lower" || verdict === "higher");
  const value = told || verdict === "none" ? formatChange(ratio) : "~";
  return [{
    name: cell.baseline ? `${cell.name} (again)` : cell.name,
    comparison,
    label: value + formatChanges(interval),
    told,
    colour: told ? `var(--${verdict})` : "currentColor",
  }];
}

function forest(view: View, table: Table, rows: Row[]): HTMLElement {
  const band = table.dead_band;
  const wide = view.width > 600;
  const names = rows.map((row) => row.name);
  const domain = domainOf(rows, band);
  const percent = (ratio: number) => (ratio === 1 ? "0" : formatChange(ratio).replace(/\.0$/, ""));
  const margins = { marginLeft: nameMargin(view, names), marginRight: wide ? 170 : 16 };
  const ticks = ratioTicks(domain, view.width - margins.marginLeft - margins.marginRight, 44);
  const metric = figureOf(table);
  return chart(view, `${labelOf(metric, table)} against the baseline, %.`,
    `Median of pairs of one block, with interval; left is ${metric.words.lower}; ${table.about}. `
      + "Shaded: the "
      + "dead band, within which nothing is a difference. Filled: told apart; hollow: ~. The first "
      + "row is the baseline against itself.", {
      height: 60 + 26 * rows.length,
      ...margins,
      x: { type: "log", label: "change, %", domain },
      y: { domain: names, label: null, tickSize: 0 },
      marks: [
        rect([0], { x1: 1 / (1 + band), x2: 1 + band, fill: "var(--band)" }),
        ...logAxisX(ticks, percent),
        ruleX([1], { stroke: "var(--muted)" }),
        ruleY(rows.filter((row) => row.comparison.interval), {
          y: "name", x1: (row: Row) => row.comparison.interval?.low,
          x2: (row: Row) => row.comparison.interval?.high, stroke: "colour", strokeWidth: 2 }),
        dot(rows, { y: "name", x: (row: Row) => row.comparison.ratio, r: 4.5, stroke: "colour",
                    strokeWidth: 1.5,
                    fill: (row: Row) => (row.told ? row.colour : "var(--page)"),
                    title: "label", tip: !wide }),
        wide ? text(rows, { y: "name", text: "label", frameAnchor: "right", dx: 165,
                            textAnchor: "end", fontVariant: "tabular-nums", fill: "currentColor" })
             : null,
      ],
    });
}

// All of the intervals and the dead band, with a little room.
function domainOf(rows: Row[], band: number): [number, number] {
  const ends = rows.flatMap(({ comparison: { interval, ratio } }) =>
    interval ? [interval.low, interval.high] : [ratio]);
  const room = 1.02;
  return [Math.min(1 / (1 + band), ...ends) / room, Math.max(1 + band, ...ends) * room];
}

function missing(table: Table): HTMLElement | null {
  const gone = table.cells.filter((cell) => cell.state !== "ok");
  if (gone.length === 0) return null;
  const names = gone.map((cell) => `${cell.name} (${cell.state}: ${cell.reason ?? ""})`);
  return h("p", { class: "note" }, `Not drawn: ${names.join("; ")}.`);
}
