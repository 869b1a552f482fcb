// SPDX-License-Identifier: MIT
// series.ts: how many requests were answered in each part of a run, a small drawing a run, so that
// what did not stay as it began is seen.
import { areaY, lineY, plot, ruleY } from "@observablehq/plot";
import type { Run, Series } from "../data";
import { h } from "../dom";
import type { View } from "../view";

const gap = 14; // px between drawings

type Timed = Run & { series: Series };

export function seriesOf(view: View, runs: Run[]): HTMLElement | null {
  const timed = runs.filter((run): run is Timed => run.series !== null
                                                   && run.series.answered.length > 0);
  const [first] = timed;
  if (!first) return null;
  const most = Math.max(1, ...timed.flatMap((run) => run.series.answered));
  const columns = Math.max(1, Math.floor((view.width + gap) / (165 + gap)));
  const width = Math.min(320, Math.floor((view.width + gap) / columns) - gap);
  return h("figure", { class: "series" },
           h("figcaption", {}, h("strong", {}, "In the course of each run."),
             ` Requests answered in each ${first.series.bucket_ms} ms, all to one scale.`),
           h("div", { class: "multiples" }, ...timed.map((run) => small(run, width, most))));
}

function small(run: Timed, width: number, most: number): HTMLElement {
  const { bucket_ms, answered } = run.series;
  const points = answered.map((count, i) => ({ at: ((i + 0.5) * bucket_ms) / 1e3, count }));
  const flags = run.flags.map((flag) => flag.replaceAll("_", " ")).join(", ");
  const title = `block ${run.block}${run.twin ? " b" : ""}`;
  const drawing = plot({
    width,
    height: 84,
    marginLeft: 40,
    marginRight: 8,
    marginTop: 8,
    marginBottom: 22,
    ariaLabel: `${title}: requests answered by second`,
    style: { background: "transparent", fontFamily: "inherit", fontSize: "10px" },
    x: { label: null, ticks: 2, tickFormat: (value: number) => `${value} s`,
         domain: [0, (answered.length * bucket_ms) / 1e3] },
    y: { label: null, ticks: 2, domain: [0, most], grid: true, tickFormat: short },
    marks: [
      ruleY([0], { stroke: "var(--muted)" }),
      areaY(points, { x: "at", y: "count", fill: "currentColor", fillOpacity: 0.1 }),
      lineY(points, { x: "at", y: "count", stroke: "currentColor", strokeWidth: 1.2 }),
    ],
  });
  return h("figure", { style: `width: ${width}px` }, h("figcaption", {}, h("strong", {}, title),
                           flags === "" ? null : ` ${flags}`), drawing);
}

function short(count: number): string {
  return count >= 1000 ? `${count / 1000}k` : String(count);
}
