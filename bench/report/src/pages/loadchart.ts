// SPDX-License-Identifier: MIT
// loadchart.ts: one percentile against the rate that was achieved, and where capacities end.
import { dot, line, link, ruleY, text, type Markish } from "@observablehq/plot";
import { logAxisY } from "../axes";
import { chart } from "../chart";
import type { Bracket, Capacity, Curve, CurvePoint } from "../data";
import { formatFigure, formatNanoseconds, formatRate, plain } from "../format";
import { placeLabels } from "../labels";
import { isShown, shortName } from "../pick";
import { signsOf, type Pair, type Signs } from "../servers";
import { logDomain, logTicks } from "../ticks";
import type { View } from "../view";

export const percentiles = [
  { id: "p50", key: "p50_us", text: "p50", percent: 50 },
  { id: "p99", key: "p99_us", text: "p99", percent: 99 },
  { id: "p999", key: "p999_us", text: "p99.9", percent: 99.9 },
] as const;

export type Percentile = (typeof percentiles)[number];

interface Axis {
  domain: [number, number];
  length: number; // px
}

interface Point extends CurvePoint {
  curve: Curve;
  us: number;
  at: number; // k/s
  asked: number;
}

// Up to the first rate that was too much: beyond it times grow for as long as the run lasts.
function pointsOf(curve: Curve, { key }: Percentile): Point[] {
  const end = curve.points.findIndex((point) => !point.kept_up);
  const drawn = end < 0 ? curve.points : curve.points.slice(0, end + 1);
  return drawn.flatMap((point): Point[] => {
    const us = point[key];
    return us === null ? [] : [{ ...point, curve, us, at: point.achieved_per_s / 1e3,
                                 asked: point.rate_per_s / 1e3 }];
  });
}

export function loadChart(view: View, title: string, curves: Curve[], all: Pair[],
                          chosen: Percentile): HTMLElement {
  const signs = signsOf(view.data);
  const small = view.width <= 560;
  const nameOf = (pair: Pair) => (small ? shortName(all, pair) : pair.name);
  const limits = view.data.capacities.filter((one) =>
    one.title === title && one.percent === chosen.percent);
  const every = curves.flatMap((curve) => pointsOf(curve, chosen));
  const points = every.filter((point) => isShown(view, point.curve));
  const floors = [...new Set(curves.map((curve) => curve.wake_floor_us)
    .filter((us) => us !== null))];
  const margin = { left: 60, right: 16, top: 24, bottom: 44 };
  const height = small ? 360 : 440;
  const y: Axis = { length: height - margin.top - margin.bottom,
                    domain: logDomain([...every.flatMap(heights), ...floors,
                                       ...limits.map((one) => one.limit_us)], 1.25) };
  const x: Axis = { length: view.width - margin.left - margin.right,
                    domain: [0, 1.02 * Math.max(1e-3, ...every.map((point) =>
                      Math.max(point.at, point.asked)))] };
  return chart(view, `${title}: response time ${chosen.text} by rate, µs.`,
    words(chosen, limits, floors), {
      height,
      marginLeft: margin.left,
      marginRight: margin.right,
      marginTop: margin.top,
      x: { label: "achieved, k requests/s", labelAnchor: "center", domain: x.domain, grid: true,
           ticks: Math.max(3, x.length / 80) },
      y: { type: "log", label: null, domain: y.domain },
      marks: [
        ...logAxisY(logTicks(y.domain, y.length, 28), plain),
        ...floors.flatMap((us) => level(us, `wake-up alone ${formatFigure(us)} µs`, "1 3", -8)),
        ...limits.flatMap((one) => limitMarks(view, signs, one, x)),
        ...lines(points, chosen, signs),
        ...names(points, nameOf, x, y),
      ],
    });

  function heights(point: Point): number[] {
    return chosen.percent === 99 ? [point.us, point.p99_low_us ?? point.us,
                                    point.p99_high_us ?? point.us] : [point.us];
  }
}

function words(chosen: Percentile, limits: Capacity[], floors: number[]): string {
  return "Hollow: the server did not keep up, which ends its curve; the upright stroke beside a "
    + "point is the rate that was offered. ✱: the client itself was late, so its times are too "
    + "long."
    + (chosen.percent === 99 ? " Bars: intervals of p99." : "")
    + (floors.length > 0 ? " Dotted: what a wake-up alone takes here." : "")
    + (limits.length > 0
      ? " Dashed: the limit; on it, for each server, from the highest rate that held it (|) to the "
        + "lowest that did not." : "");
}

function level(us: number, label: string, dash: string, dy: number): Markish[] {
  return [
    ruleY([us], { stroke: "var(--muted)", strokeDasharray: dash }),
    text([us], { y: (value: number) => value, text: () => label, frameAnchor: "left", dx: 6, dy,
                 textAnchor: "start", fontSize: 11, fill: "var(--muted)", stroke: "var(--page)",
                 strokeWidth: 4 }),
  ];
}

function lines(points: Point[], chosen: Percentile, signs: Signs): Markish[] {
  const ink = (point: Point) => signs.colour(point.curve);
  const dashes = [...new Set(points.map((point) => signs.dash(point.curve)))];
  return [
    link(points, { x1: "at", x2: "asked", y1: "us", y2: "us", stroke: ink, strokeOpacity: 0.6 }),
    dot(points, { x: "asked", y: "us", stroke: ink, symbol: stroke, r: 5, strokeOpacity: 0.8 }),
    chosen.percent === 99
      ? link(points, { x1: "at", x2: "at", y1: "p99_low_us", y2: "p99_high_us", stroke: ink,
                       strokeOpacity: 0.35, strokeWidth: 3 })
      : null,
    ...dashes.map((dash) => line(points.filter((point) => signs.dash(point.curve) === dash),
      { x: "at", y: "us", z: (point: Point) => point.curve.name, stroke: ink, strokeWidth: 1.6,
        strokeDasharray: dash })),
    dot(points, { x: "at", y: "us", stroke: ink, r: 4, strokeWidth: 1.5, tip: true,
                  fill: (point: Point) => (point.kept_up ? ink(point) : "var(--page)"),
                  symbol: (point: Point) =>
                    (point.client_late ? "asterisk" : signs.symbol(point.curve)),
                  title: (point: Point) => `${point.curve.name}: ${chosen.text} `
                    + `${formatFigure(point.us)} µs at ${formatFigure(point.at)} of `
                    + `${formatFigure(point.asked)} k/s`
                    + (point.kept_up ? "" : ", did not keep up")
                    + (point.client_late ? ", client late" : "") }),
  ];
}

// An upright stroke, as d3 draws symbols.
const stroke = {
  draw(context: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void },
       size: number): void {
    const half = Math.sqrt(size) / 2;
    context.moveTo(0, -half);
    context.lineTo(0, half);
  },
};

// Each at the end of its curve, where curves are furthest from each other.
function names(points: Point[], nameOf: (pair: Pair) => string, x: Axis, y: Axis): Markish[] {
  const ends = [...new Map(points.map((point) => [point.curve, point])).values()];
  const share = ([low, high]: [number, number], value: number) => (value - low) / (high - low);
  const logs = y.domain.map(Math.log) as [number, number];
  const places = placeLabels(ends.map((end) => ({
    x: share(x.domain, end.at) * x.length,
    y: (1 - share(logs, Math.log(end.us))) * y.length,
    text: nameOf(end.curve),
  })), x.length, y.length);
  return ends.flatMap((end, i) => {
    const { dx, dy, anchor } = places[i] ?? { dx: 10, dy: 0, anchor: "start" };
    return [text([end], { x: "at", y: "us", text: [nameOf(end.curve)], dx, dy, textAnchor: anchor,
                          fontSize: 11, fill: "currentColor", stroke: "var(--page)",
                          strokeWidth: 4 })];
  });
}

// The limit, and on it the brackets: side by side, or one above another where they overlap.
function limitMarks(view: View, signs: Signs, capacity: Capacity, x: Axis): Markish[] {
  const { limit_us, brackets } = capacity;
  const found = brackets.filter((one) => one.holds_per_s !== null && isShown(view, one))
    .sort((a, b) => (a.holds_per_s ?? 0) - (b.holds_per_s ?? 0));
  const ends: number[] = []; // of each lane, k/s
  return [
    ...level(limit_us, `limit ${formatNanoseconds(limit_us * 1e3)}`, "6 4", 12),
    ...found.flatMap((one) => {
      const [from, to] = extentOf(one, x);
      const free = ends.findIndex((end) => end < from);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = to;
      return bracketMarks(one, limit_us, signs.colour(one), -6 * lane, x);
    }),
  ];
}

// Where no rate failed it goes on for a bit, and has an arrow.
function extentOf(one: Bracket, { domain }: Axis): [number, number] {
  const holds = (one.holds_per_s ?? 0) / 1e3;
  return [holds, one.fails_per_s === null ? holds + 0.03 * domain[1] : one.fails_per_s / 1e3];
}

function bracketMarks(one: Bracket, us: number, colour: string, dy: number, x: Axis): Markish[] {
  const [holds, fails] = extentOf(one, x);
  const open = one.fails_per_s === null;
  const title = () => [
    `${one.name}: ${formatRate(one.holds_per_s)} k/s hold ${formatFigure(us)} µs`,
    open ? "none that does not was tried" : `${formatRate(one.fails_per_s)} do not`].join(", ");
  return [
    link([us], { x1: holds, x2: fails, y1: us, y2: us, dy, stroke: colour, strokeWidth: 2.5,
                 title }),
    dot([us], { x: holds, y: us, dy, symbol: stroke, r: 5, stroke: colour, strokeWidth: 2.5,
                title }),
    open ? dot([us], { x: fails, y: us, dy, symbol: "triangle", rotate: 90, r: 3.5, fill: colour })
         : null,
  ];
}
