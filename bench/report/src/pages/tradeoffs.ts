// SPDX-License-Identifier: MIT
// tradeoffs.ts: how much a server can do against p99: at a load that is the same for all where
// there are open loops at several rates, else at that of a table.
import { select, type Option } from "../controls";
import type { Cell, Curve, CurvePoint, Data, Table } from "../data";
import { h, p } from "../dom";
import { formatFigure, formatNanoseconds, formatRate } from "../format";
import { kindOfTime } from "../metrics";
import { scatter, type Figure, type Point } from "../scatter";
import { keyOf, signsOf } from "../servers";
import { chosenTable, withoutTables, type Page, type View } from "../view";

export const tradeoffs: Page = { id: "tradeoffs", title: "Trade-offs", absent, draw };

function absent(data: Data): string | null {
  return data.curves.length > 0 ? null : withoutTables(data);
}

// Of the address: either a table, or curves by the place of their title.
const ofCurves = "curves ";

function draw(view: View): Node[] {
  const titles = [...new Set(view.data.curves.map((curve) => curve.title))];
  const options: Option[] = [
    ...titles.map((title, i) => ({ value: ofCurves + i, text: `${title}, at one rate` })),
    ...view.data.tables.map(({ table, title }) => ({ value: table, text: title })),
  ];
  const asked = view.state.get("table");
  const usual = titles.findIndex((title) => commonRates(curvesOf(view, title)).length > 0);
  const chosen = options.find((one) => one.value === asked)
    ?? options[usual >= 0 ? usual : titles.length] ?? options[0] as Option;
  const choice = select(view, "table", "load", chosen.value, options);
  const title = chosen.value.startsWith(ofCurves)
    ? titles[Number(chosen.value.slice(ofCurves.length))] : undefined;
  if (title !== undefined) return ofOneRate(view, choice, title);
  return ofTable(view, choice, chosenTable(view));
}

function front(points: Point[]): HTMLElement {
  const on = points.filter((point) => point.front).map((point) => point.pair.name);
  return h("p", { class: "note" }, `On the front of the medians: ${on.join(", ")}.`);
}

const how = "Right and down is better. Crosses are intervals. Dashed and filled: the Pareto front; "
  + "where crosses overlap these data do not show who is on it. ";

function ofTable(view: View, choice: HTMLElement, table: Table): Node[] {
  const controls = h("div", { class: "controls" }, choice);
  const points = table.cells.flatMap(toPoint);
  if (points.length === 0) return [controls, p("No cell of this table has both figures.")];
  const kind = kindOfTime(table.times);
  return [controls, scatter(view, {
    title: "Capacity against p99.",
    text: `${how}Capacity: requests that a second of server CPU pays for. p99: ${kind} at the load `
      + "of this table.",
    x: "requests per second of server CPU, k",
    y: `p99 of the ${kind}, µs`,
  }, points), keyOf(signsOf(view.data), table.cells), front(points)];
}

function toPoint(cell: Cell): Point[] {
  const capacity = cell.requests_per_core_s;
  const p99 = cell.p99_us;
  if (capacity === null || p99 === null) return [];
  const x = { value: capacity.median / 1e3, low: (capacity.low ?? capacity.median) / 1e3,
              high: (capacity.high ?? capacity.median) / 1e3 };
  const y = { value: p99.median, low: p99.interval?.low ?? p99.median,
              high: p99.interval?.high ?? p99.median };
  return [{ pair: cell, x, y, front: cell.pareto, title: titled(cell.name, x, y) }];
}

function titled(name: string, x: Figure, y: Figure): string {
  return `${name}: ${formatFigure(x.value)} k, p99 ${formatFigure(y.value)} µs`;
}

// A rate that a server kept up with, and the client as well.
function good(point: CurvePoint): boolean {
  return point.kept_up && !point.client_late && point.p99_us !== null;
}

// Rates that at least two servers kept up with, and how many did.
function commonRates(curves: Curve[]): { rate: number; servers: number }[] {
  const rates = new Set(curves.flatMap((curve) => curve.points.map((point) => point.rate_per_s)));
  return [...rates].sort((a, b) => a - b).map((rate) => ({
    rate, servers: curves.filter((curve) =>
      curve.points.some((point) => point.rate_per_s === rate && good(point))).length }))
    .filter(({ servers }) => servers > 1);
}

function curvesOf(view: View, title: string): Curve[] {
  return view.data.curves.filter((curve) => curve.title === title);
}

function ofOneRate(view: View, choice: HTMLElement, title: string): Node[] {
  const curves = curvesOf(view, title);
  const rates = commonRates(curves);
  // The highest that most servers kept up with.
  const most = Math.max(0, ...rates.map(({ servers }) => servers));
  const usual = rates.findLast(({ servers }) => servers === most);
  const asked = rates.find(({ rate }) => String(rate) === view.state.get("rate")) ?? usual;
  if (!asked) {
    return [h("div", { class: "controls" }, choice), p("No two servers kept up with one rate "
      + "while the client sent in time.")];
  }
  const options = rates.map(({ rate, servers }) =>
    ({ value: String(rate), text: `${formatRate(rate)} k/s (${servers} of ${curves.length})` }));
  const controls = h("div", { class: "controls" }, choice,
                     select(view, "rate", "at", String(asked.rate), options));
  const limit = view.data.capacities.find((one) => one.title === title);
  const points = withFront(curves.flatMap((curve) => {
    const at = curve.points.find((point) => point.rate_per_s === asked.rate && good(point));
    const x = limit ? limit.brackets.find((one) => one.name === curve.name) : undefined;
    return at ? atRate(curve, at, limit ? held(x?.holds_per_s, x?.fails_per_s) : keptUp(curve))
              : [];
  }));
  const gone = curves.filter((curve) => points.every(({ pair }) => pair.name !== curve.name));
  const capacity = limit
    ? `the highest rate with a p${limit.percent} of at most `
      + `${formatNanoseconds(limit.limit_us * 1e3)}; its cross ends at the lowest that broke it`
    : "the highest of the rates tried that it kept up with; its cross ends at the next";
  return [
    controls,
    points.length > 0 ? scatter(view, {
      title: "Capacity against p99 at one load.",
      text: `${how}Capacity: ${capacity}. p99: response time at ${formatRate(asked.rate)} k/s.`,
      x: "capacity, k requests/s",
      y: `p99 of the response time at ${formatRate(asked.rate)} k/s, µs`,
    }, points) : p("No server has both figures."),
    keyOf(signsOf(view.data), curves),
    front(points),
    gone.length > 0 ? h("p", { class: "note" }, "Without a capacity, or not up to this rate: "
      + `${gone.map((curve) => curve.name).join(", ")}.`) : null,
  ].filter((node) => node !== null);
}

function held(holds: number | null | undefined, fails: number | null | undefined): Figure | null {
  if (holds === null || holds === undefined) return null;
  return { value: holds / 1e3, low: holds / 1e3, high: (fails ?? holds) / 1e3 };
}

function keptUp(curve: Curve): Figure | null {
  const last = curve.points.findLast((point) => point.kept_up);
  const next = curve.points.find((point) => !point.kept_up);
  return last ? held(last.achieved_per_s, next && Math.max(next.rate_per_s, last.achieved_per_s))
              : null;
}

function atRate(curve: Curve, { p99_us, p99_low_us, p99_high_us }: CurvePoint,
                x: Figure | null): Point[] {
  if (x === null || p99_us === null) return [];
  const y = { value: p99_us, low: p99_low_us ?? p99_us, high: p99_high_us ?? p99_us };
  return [{ pair: curve, x, y, front: false, title: titled(curve.name, x, y) }];
}

// Those that no other is at least as good as in both and better in one.
function withFront(points: Point[]): Point[] {
  const beats = (a: Point, b: Point) => a.x.value >= b.x.value && a.y.value <= b.y.value
    && (a.x.value > b.x.value || a.y.value < b.y.value);
  return points.map((point) => ({ ...point, front: !points.some((other) => beats(other, point)) }));
}
