// SPDX-License-Identifier: MIT
// scatter.ts: servers by two figures, with intervals, names, and the front that none is beyond.
import { dot, line, link, text, type Markish } from "@observablehq/plot";
import { logAxisX, logAxisY } from "./axes";
import { chart } from "./chart";
import { plain } from "./format";
import { placeLabels } from "./labels";
import { signsOf, type Pair } from "./servers";
import { logDomain, logTicks } from "./ticks";
import type { View } from "./view";

export interface Figure {
  value: number;
  low: number;
  high: number;
}

export interface Point {
  pair: Pair;
  x: Figure; // more is better
  y: Figure; // less is better
  front: boolean;
  title: string;
}

export interface Words {
  title: string;
  text: string;
  x: string;
  y: string;
}

const margin = { left: 56, right: 16, top: 24, bottom: 44 };

type Domain = [number, number];

export function scatter(view: View, words: Words, unsorted: Point[]): HTMLElement {
  // The front is named first and so has the best places.
  const points = [...unsorted].sort((a, b) => Number(b.front) - Number(a.front));
  const signs = signsOf(view.data);
  const height = Math.min(480, 220 + view.width / 3);
  const xs = logDomain(points.flatMap(({ x }) => [x.low, x.high]), 1.02);
  const ys = logDomain(points.flatMap(({ y }) => [y.low, y.high]));
  const stairs = points.filter((point) => point.front).sort((a, b) => a.x.value - b.x.value);
  const ink = (point: Point) => signs.colour(point.pair);
  const x = (point: Point) => point.x.value;
  const y = (point: Point) => point.y.value;
  return chart(view, words.title, words.text, {
    height,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    x: { type: "log", label: words.x, domain: xs },
    y: { type: "log", label: words.y, domain: ys },
    marks: [
      ...logAxisX(logTicks(xs, view.width - margin.left - margin.right, 44), plain),
      ...logAxisY(logTicks(ys, height - margin.top - margin.bottom, 28), plain),
      link(points, { x1: (point: Point) => point.x.low, x2: (point: Point) => point.x.high,
                     y1: y, y2: y, stroke: ink, strokeOpacity: 0.35 }),
      link(points, { x1: x, x2: x, y1: (point: Point) => point.y.low,
                     y2: (point: Point) => point.y.high, stroke: ink, strokeOpacity: 0.35 }),
      line(stairs, { x, y, curve: "step-before", stroke: "var(--muted)",
                     strokeDasharray: "4 3" }),
      dot(points, { x, y, r: 5, stroke: ink, strokeWidth: 1.5,
                    symbol: (point: Point) => signs.symbol(point.pair),
                    fill: (point: Point) => (point.front ? ink(point) : "var(--page)"),
                    tip: true, title: "title" }),
      ...names(points, view.width, height, xs, ys),
    ],
  });
}

function names(points: Point[], width: number, height: number, xs: Domain, ys: Domain): Markish[] {
  const along = (value: number, [low, high]: Domain) =>
    Math.log(value / low) / Math.log(high / low);
  const inside = { x: width - margin.left - margin.right, y: height - margin.top - margin.bottom };
  const places = placeLabels(points.map((point) => ({
    x: along(point.x.value, xs) * inside.x,
    y: (1 - along(point.y.value, ys)) * inside.y,
    text: point.pair.name,
  })), inside.x);
  return points.flatMap((point, i) => {
    if (width <= 600 && !point.front) return [];  // there is no room for all
    const { dx, dy, anchor } = places[i] ?? { dx: 10, dy: 0, anchor: "start" };
    return [text([point], { x: (one: Point) => one.x.value, y: (one: Point) => one.y.value,
                            text: [point.pair.name], dx, dy, textAnchor: anchor, fontSize: 11,
                            fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 })];
  });
}
