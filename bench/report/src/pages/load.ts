// SPDX-License-Identifier: MIT
// load.ts: latency by rate, of open loops.
import { toggle } from "../controls";
import type { Curve, Data } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { fold } from "../controls";
import { figureOr, formatRate } from "../format";
import { picker } from "../pick";
import { signsOf } from "../servers";
import type { Page, View } from "../view";
import { loadChart, percentiles, type Percentile } from "./loadchart";

export const load: Page = { id: "load", title: "Load", absent, draw };

function absent(data: Data): string | null {
  if (data.curves.length > 0) return null;
  return "This session did not measure latency at several rates; `collet-load HOST:PORT -R RATE` "
    + "sends requests by a schedule and says what latency clients see at one.";
}

function draw(view: View): Node[] {
  const { curves } = view.data;
  const asked = view.state.get("percentile");
  const chosen = percentiles.find((one) => one.id === asked) ?? percentiles[1];
  const options = percentiles.map((one) => ({
    value: one.id, text: one.text,
    why: curves.some((curve) => curve.points.some((point) => point[one.key] !== null))
      ? null : "too few requests for it" }));
  const titles = [...new Set(curves.map((curve) => curve.title))];
  const pairs = [...new Map(curves.map((curve) => [curve.name, curve])).values()];
  return [
    h("div", { class: "controls" }, toggle(view, "percentile", "percentile", chosen.id, options)),
    p("Requests came by a schedule, whether the server kept up or not; times count from when they "
      + "were due. Each point is one rate."),
    picker(view, pairs, signsOf(view.data), view.width <= 560),
    ...titles.flatMap((title, i) => {
      const own = curves.filter((curve) => curve.title === title);
      return [loadChart(view, title, own, pairs, chosen), points(view, `points-${i}`, own, chosen)];
    }),
  ];
}

// Also those beyond the end of a curve.
function points(view: View, id: string, curves: Curve[], chosen: Percentile): HTMLElement {
  const rows = curves.flatMap((curve) => curve.points.map((point) => [
    curve.name, formatRate(point.rate_per_s), formatRate(point.achieved_per_s),
    [point.kept_up ? "yes" : "no", point.client_late ? "client late" : ""]
      .filter((word) => word !== "").join(", "),
    figureOr(point.p50_us), figureOr(point.p99_us),
    point.p99_low_us === null ? "–"
      : `${figureOr(point.p99_low_us)}–${figureOr(point.p99_high_us)}`,
    figureOr(point.p999_us), String(point.runs),
  ]));
  const head = ["server", "offered, k/s", "achieved, k/s", "kept up", "p50, µs", "p99, µs",
                "interval", "p99.9, µs", "runs"];
  const hidden = rows.length - curves.flatMap((curve) => curve.points)
    .filter((point) => point[chosen.key] !== null).length;
  const more = hidden > 0 ? `, of which ${hidden} have no ${chosen.text}` : "";
  return fold(view, id, `All ${rows.length} points${more}`,
              scroll(simpleTable(head, rows, [1, 2, 4, 5, 6, 7, 8]), "points"));
}
