// SPDX-License-Identifier: MIT
// load.ts: latency by rate, of open loops.
import { dot, line, ruleY } from "@observablehq/plot";
import { logAxisY } from "../axes";
import { chart } from "../chart";
import type { Curve, Data } from "../data";
import { formatFigure, plain } from "../format";
import { logDomain, logTicks } from "../ticks";
import type { Page, View } from "../view";

export const load: Page = { id: "load", title: "Load", absent, draw };

function absent(data: Data): string | null {
  if (data.curves.length > 0) return null;
  return "This session did not measure latency at several rates; `collet-load HOST:PORT -R RATE` "
    + "sends requests by a schedule and says what latency clients see at one.";
}

function draw(view: View): Node[] {
  const titles = [...new Set(view.data.curves.map((curve) => curve.title))];
  return titles.map((title) =>
    drawing(view, title, view.data.curves.filter((curve) => curve.title === title)));
}

function drawing(view: View, title: string, curves: Curve[]): HTMLElement {
  const points = curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })));
  const levels = (pick: (curve: Curve) => number | null) =>
    [...new Set(curves.map(pick).filter((level) => level !== null))];
  const domain = logDomain([...points.map((point) => point.p99_us),
                            ...levels((curve) => curve.slo_p99_us),
                            ...levels((curve) => curve.wake_floor_us)]);
  const names = curves.map((curve) => curve.name);
  return chart(view, `${title}: response time p99 by rate, µs.`,
    "Against the rate that was achieved. Hollow: the server did not keep up with the rate that was "
      + "asked for. Dashed: the limit; dotted: what a wake-up alone takes here.", {
      height: 360,
      marginLeft: 60,
      marginRight: 30,
      x: { label: "achieved, requests/s", grid: true },
      y: { type: "log", label: "p99, µs", domain },
      color: { legend: true, domain: names, range: names.map((_, i) => `var(--s${i % 6})`) },
      marks: [
        ...logAxisY(logTicks(domain, 290, 28), plain),
        ruleY(levels((curve) => curve.slo_p99_us), { strokeDasharray: "6 4" }),
        ruleY(levels((curve) => curve.wake_floor_us), { strokeDasharray: "1 3" }),
        line(points, { x: "achieved_per_s", y: "p99_us", stroke: "name" }),
        dot(points.filter((point) => point.kept_up),
            { x: "achieved_per_s", y: "p99_us", fill: "name", r: 4 }),
        dot(points, { x: "achieved_per_s", y: "p99_us", stroke: "name", r: 4, tip: true,
                      title: (point) => `${point.name}: ${formatFigure(point.p99_us)} µs at `
                        + `${formatFigure(point.achieved_per_s)} of `
                        + `${formatFigure(point.offered_per_s)} requests/s` }),
      ],
    });
}
