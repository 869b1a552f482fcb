// SPDX-License-Identifier: MIT
// percentiles.ts: a line a cell over all percentiles, of all runs as one.
import { dot, line, link, pointer, tip } from "@observablehq/plot";
import { logAxisX, logAxisY } from "../axes";
import { chart } from "../chart";
import type { Cell, Merged, Table } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { endLabels, endMargin, type Axis } from "../endlabels";
import { formatFigure, plain } from "../format";
import { kindOfTime } from "../metrics";
import { isShown, picker, shortName } from "../pick";
import { signsOf } from "../servers";
import { logDomain, logTicks } from "../ticks";
import type { View } from "../view";

export type MergedCell = Cell & { merged: Merged };

export function hasMerged(cell: Cell): cell is MergedCell {
  return cell.merged !== null;
}

interface Point {
  cell: MergedCell;
  percent: number;
  beyond: number; // one of so many requests takes longer
  us: number;
}

type Kind = "curve" | "service_curve";

const marked = [50, 90, 99, 99.9, 99.99, 99.999];
const fewEnough = 3; // lines whose intervals can be told from each other

function beyond(percent: number): number {
  return 100 / (100 - percent);
}

// In floating point 100 / (100 - 99.9) is not quite 1000.
function percentOf(share: number): string {
  return `${Number((100 - 100 / share).toFixed(4))} %`;
}

function pointsOf(cells: MergedCell[], kind: Kind): Point[] {
  return cells.flatMap((cell) => (cell.merged[kind] ?? []).flatMap(([percent, us]): Point[] =>
    percent < 100 && us > 0 ? [{ cell, percent, beyond: beyond(percent), us }] : []));
}

export function percentileCurves(view: View, table: Table, cells: MergedCell[]): Node[] {
  const all = [...pointsOf(cells, "curve"), ...pointsOf(cells, "service_curve")];
  const both = cells.some((cell) => cell.merged.service_curve !== null);
  const beside = both && view.width > 900;
  const size = beside ? { ...view, width: (view.width - 20) / 2 } : view;
  // Of all cells, so that nothing moves when one is hidden, and the same for both times.
  const domains: Frame["domains"] = {
    x: [1, Math.max(10, ...all.map((point) => point.beyond))],
    y: logDomain(all.map((point) => point.us), 1.2),
  };
  const numbered = size.width <= 460
    || endMargin(cells.map((cell) => cell.name)) > 0.35 * size.width;
  const frame = { domains, numbered };
  const drawings = both
    ? [drawing(size, cells, "curve", "response time", frame),
       drawing(size, cells, "service_curve", "service time", frame)]
    : [drawing(size, cells, "curve", kindOfTime(table.times), frame)];
  const words = both ? p("Response times count from when a request was due, service times from "
    + "when it was sent: the distance is what requests waited for the client's turn.") : null;
  return [
    picker(view, cells, signsOf(view.data), numbered),
    words,
    h("div", { class: beside ? "beside" : undefined }, ...drawings),
  ].filter((node) => node !== null);
}

// What drawings beside each other share.
interface Frame {
  domains: { x: [number, number]; y: [number, number] };
  numbered: boolean; // lines end with a place in the list, as names are too long
}

function drawing(view: View, cells: MergedCell[], kind: Kind, time: string,
                 { domains, numbered }: Frame): HTMLElement {
  const signs = signsOf(view.data);
  const shown = cells.filter((cell) => isShown(view, cell));
  const points = pointsOf(shown, kind);
  const nameOf = (cell: MergedCell) => (numbered ? shortName(cells, cell) : cell.name);
  const margin = { left: 56, right: endMargin(cells.map(nameOf)), top: 16, bottom: 44 };
  const height = view.width <= 460 ? 340 : 400;
  const x: Axis = { domain: domains.x, length: view.width - margin.left - margin.right };
  const y: Axis = { domain: domains.y, length: height - margin.top - margin.bottom };
  const ends = shown.flatMap((cell) => {
    const last = points.filter((point) => point.cell === cell).at(-1);
    return last ? [{ x: last.beyond, y: last.us, name: nameOf(cell), colour: signs.colour(cell) }]
                : [];
  });
  const ticks = marked.map(beyond).filter((share) => share <= domains.x[1] * 1.001);
  const ink = (point: Point) => signs.colour(point.cell);
  const dashes = [...new Set(shown.map((cell) => signs.dash(cell)))];
  return chart(view, `Percentiles of the ${time}, µs.`, wordsFor(shown.length, kind), {
    height,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    x: { type: "log", label: "percentile", labelAnchor: "center", domain: domains.x },
    y: { type: "log", label: null, domain: domains.y },
    marks: [
      ...logAxisX(ticks, percentOf),
      ...logAxisY(logTicks(domains.y, y.length, 26), plain),
      // How a line is broken is the same for all of a mark.
      ...dashes.map((dash) => line(
        points.filter((point) => signs.dash(point.cell) === dash),
        { x: "beyond", y: "us", z: (point: Point) => point.cell.name, stroke: ink,
          strokeDasharray: dash, strokeWidth: 1.6 })),
      ...(kind === "curve" ? exact(shown, signs) : []),
      ...endLabels(ends, x, y),
      tip(points, pointer({ x: "beyond", y: "us", title: (point: Point) =>
        `${point.cell.name}: ${percentOf(point.beyond)} within ${formatFigure(point.us)} µs` })),
    ],
  });
}

function wordsFor(shown: number, kind: Kind): string {
  if (shown === 0) return "All are hidden: the list above shows them.";
  return "All runs of a cell as one; so many per cent of requests took no longer. Both axes are "
    + "logarithmic, the lower one in the share of requests that took longer."
    + (kind === "curve" && shown <= fewEnough ? " Bars: intervals over runs." : "");
}

// Symbols at the percentiles of the table, and their intervals while few lines are shown.
function exact(shown: MergedCell[], signs: ReturnType<typeof signsOf>) {
  const rows = shown.flatMap((cell) => cell.merged.percentiles.flatMap((one) =>
    one.percent < 100 ? [{ cell, ...one, at: beyond(one.percent) }] : []));
  type Row = (typeof rows)[number];
  const ink = (row: Row) => signs.colour(row.cell);
  return [
    // Side by side, as intervals of cells at one percentile overlap.
    ...(shown.length > fewEnough ? [] : shown.map((cell, i) =>
      link(rows.filter((row) => row.cell === cell), {
        x1: "at", x2: "at", y1: "low", y2: "high", dx: 4 * (i - (shown.length - 1) / 2),
        stroke: ink, strokeWidth: 3, strokeOpacity: 0.45 }))),
    dot(rows, { x: "at", y: "us", stroke: ink, fill: "var(--page)", r: 3.5,
                symbol: (row: Row) => signs.symbol(row.cell) }),
  ];
}

export function percentileTable(table: Table, cells: MergedCell[]): HTMLElement {
  const percents = [...new Set(cells.flatMap((cell) =>
    cell.merged.percentiles.map((one) => one.percent)))].sort((a, b) => a - b);
  const rows = cells.map((cell) => [
    cell.name, String(cell.merged.requests),
    ...percents.map((percent) => {
      const one = cell.merged.percentiles.find((other) => other.percent === percent);
      if (!one) return "–";
      return h("span", {}, formatFigure(one.us), " ", h("small", {},
        `${formatFigure(one.low)}–${formatFigure(one.high)}`));
    }),
  ]);
  const heads = ["server", "requests", ...percents.map((percent) => `p${percent}`)];
  return h("section", {},
           h("h2", {}, `Percentiles of the ${kindOfTime(table.times)}, µs`),
           p("Of all runs as one, with the interval over runs; –: too few requests beyond it."),
           scroll(simpleTable(heads, rows, heads.map((_, i) => i).slice(1)), "percentiles"));
}
