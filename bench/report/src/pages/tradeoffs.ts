// SPDX-License-Identifier: MIT
// tradeoffs.ts: what a second of server CPU pays for, against p99.
import { dot, line, link, text } from "@observablehq/plot";
import { logAxisX, logAxisY } from "../axes";
import { chart } from "../chart";
import { tableChoice } from "../controls";
import type { Cell, Table } from "../data";
import { h, p } from "../dom";
import { formatFigure, plain } from "../format";
import { placeLabels } from "../labels";
import { kindOfTime } from "../metrics";
import { keyOf, signsOf } from "../servers";
import { logDomain, logTicks } from "../ticks";
import { chosenTable, type Page, type View } from "../view";

export const tradeoffs: Page = { id: "tradeoffs", title: "Trade-offs", draw };

interface Point {
  cell: Cell;
  capacity: number;
  low: number;
  high: number;
  p99: number;
  p99Low: number;
  p99High: number;
}

const margin = { left: 56, right: 16, top: 24, bottom: 44 };

function draw(view: View): Node[] {
  const table = chosenTable(view);
  const points = table.cells.flatMap(toPoint);
  const controls = h("div", { class: "controls" }, tableChoice(view));
  if (points.length === 0) return [controls, p("No cell of this table has figures.")];
  // The front is named first and so has the best places.
  points.sort((a, b) => Number(b.cell.pareto) - Number(a.cell.pareto));
  return [controls, drawing(view, table, points),
          keyOf(signsOf(view.data), table.cells), front(points)];
}

function toPoint(cell: Cell): Point[] {
  const capacity = cell.requests_per_core_s;
  const p99 = cell.service_time_p99_us;
  if (capacity === null || p99 === null) return [];
  return [{
    cell,
    capacity: capacity.median / 1e3,
    low: (capacity.low ?? capacity.median) / 1e3,
    high: (capacity.high ?? capacity.median) / 1e3,
    p99: p99.median,
    p99Low: p99.interval?.low ?? p99.median,
    p99High: p99.interval?.high ?? p99.median,
  }];
}

function drawing(view: View, table: Table, points: Point[]): HTMLElement {
  const signs = signsOf(view.data);
  const kind = kindOfTime(table.mode);
  const height = Math.min(480, 220 + view.width / 3);
  const xs = logDomain(points.flatMap(({ low, high }) => [low, high]), 1.02);
  const ys = logDomain(points.flatMap(({ p99Low, p99High }) => [p99Low, p99High]));
  const stairs = points.filter((point) => point.cell.pareto)
    .sort((a, b) => a.capacity - b.capacity);
  const ink = (point: Point) => signs.colour(point.cell);
  return chart(view, "Capacity against p99.",
    `Right and down is better. Capacity: requests that a second of server CPU pays for. p99: `
      + `${kind} at the load of this table. `
      + "Crosses are intervals. Dashed and filled: the Pareto front of "
      + "the medians; where crosses overlap these data do not show who is on it.", {
      height,
      marginLeft: margin.left,
      marginRight: margin.right,
      marginTop: margin.top,
      x: { type: "log", label: "requests per second of server CPU, k", domain: xs },
      y: { type: "log", label: `p99 of the ${kind}, µs`, domain: ys },
      marks: [
        ...logAxisX(logTicks(xs, view.width - margin.left - margin.right, 44), plain),
        ...logAxisY(logTicks(ys, height - margin.top - margin.bottom, 28), plain),
        link(points, { x1: "low", x2: "high", y1: "p99", y2: "p99", stroke: ink,
                       strokeOpacity: 0.35 }),
        link(points, { x1: "capacity", x2: "capacity", y1: "p99Low", y2: "p99High", stroke: ink,
                       strokeOpacity: 0.35 }),
        line(stairs, { x: "capacity", y: "p99", curve: "step-before", stroke: "var(--muted)",
                       strokeDasharray: "4 3" }),
        dot(points, { x: "capacity", y: "p99", r: 5, stroke: ink, strokeWidth: 1.5,
                      symbol: (point: Point) => signs.symbol(point.cell),
                      fill: (point: Point) => (point.cell.pareto ? ink(point) : "var(--page)"),
                      tip: true, title: (point: Point) =>
                        `${point.cell.name}: ${formatFigure(point.capacity)} k, `
                          + `p99 ${formatFigure(point.p99)} µs` }),
        ...names(points, view.width, height, xs, ys),
      ],
    });
}

function names(points: Point[], width: number, height: number, xs: [number, number],
               ys: [number, number]) {
  const along = (value: number, [low, high]: [number, number]) =>
    Math.log(value / low) / Math.log(high / low);
  const inside = { x: width - margin.left - margin.right, y: height - margin.top - margin.bottom };
  const places = placeLabels(points.map((point) => ({
    x: along(point.capacity, xs) * inside.x,
    y: (1 - along(point.p99, ys)) * inside.y,
    text: point.cell.name,
  })), inside.x);
  return points.flatMap((point, i) => {
    if (width <= 600 && !point.cell.pareto) return [];  // there is no room for all
    const { dx, dy, anchor } = places[i] ?? { dx: 10, dy: 0, anchor: "start" };
    return [text([point], { x: "capacity", y: "p99", text: [point.cell.name], dx, dy,
                            textAnchor: anchor, fontSize: 11, fill: "currentColor",
                            stroke: "var(--page)", strokeWidth: 4 })];
  });
}

function front(points: Point[]): HTMLElement {
  const on = points.filter((point) => point.cell.pareto).map((point) => point.cell.name);
  return h("p", { class: "note" }, `On the front of the medians: ${on.join(", ")}.`);
}
