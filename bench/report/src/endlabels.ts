// SPDX-License-Identifier: MIT
// endlabels.ts: names at the right of a drawing, each joined to the end of its line, none over
// another.
import { link, text, type Markish } from "@observablehq/plot";

export interface End {
  x: number; // where the line ends, in the units of the axis
  y: number;
  name: string;
  colour: string;
}

export interface Axis { // logarithmic
  domain: [number, number];
  length: number; // px
}

const room = 13; // px that a name takes
const lead = 14; // px from the drawing to its names

export function endMargin(names: string[]): number {
  return lead + 10 + 6.6 * Math.max(1, ...names.map((name) => name.length));
}

// At px from the low end of the axis, which may be beyond it.
function valueAt({ domain: [low, high], length }: Axis, px: number): number {
  return low * (high / low) ** (px / length);
}

function pxOf({ domain: [low, high], length }: Axis, value: number): number {
  return (length * Math.log(value / low)) / Math.log(high / low);
}

// The nearest places, in the same order, that are `room` apart and within the length.
export function spread(wanted: number[], length: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const step = Math.min(room, length / Math.max(1, wanted.length));
  const places: number[] = [];
  let last = -Infinity;
  for (const i of order) {
    last = Math.max(wanted[i] ?? 0, last + step);
    places[i] = last;
  }
  let next = length + step;
  for (const i of order.reverse()) {
    next = Math.min(places[i] ?? 0, next - step);
    places[i] = next;
  }
  return places;
}

export function endLabels(ends: End[], x: Axis, y: Axis): Markish[] {
  const places = spread(ends.map((end) => pxOf(y, end.y)), y.length);
  const at = valueAt(x, x.length + lead);
  const rows = ends.map((end, i) => ({ ...end, at, placed: valueAt(y, places[i] ?? 0) }));
  return [
    link(rows, { x1: "x", y1: "y", x2: "at", y2: "placed", stroke: "colour", strokeWidth: 0.8,
                 strokeOpacity: 0.7 }),
    text(rows, { x: "at", y: "placed", text: "name", dx: 4, textAnchor: "start", fontSize: 11,
                 fill: "currentColor" }),
  ];
}
