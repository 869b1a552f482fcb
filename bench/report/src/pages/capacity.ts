// SPDX-License-Identifier: MIT
// capacity.ts: for each limit, the highest rate that held it and the lowest that did not.
import { dot, link, text, tickX } from "@observablehq/plot";
import { chart, nameMargin } from "../chart";
import { fold } from "../controls";
import type { Bracket, Capacity, Data } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { figureOr, formatNanoseconds, formatRate } from "../format";
import { signsOf } from "../servers";
import type { Page, View } from "../view";

export const capacity: Page = { id: "capacity", title: "Capacity", absent, draw };

const topSign = "▲ top group";

function absent(data: Data): string | null {
  return data.capacities.length > 0 ? null
    : "This session did not look for the highest rate at which a percentile stays below a limit.";
}

function draw(view: View): Node[] {
  return view.data.capacities.flatMap((one, i) => [
    h("h2", {}, titleOf(one)),
    one.advice === null ? null : h("p", { class: "advice" }, one.advice),
    brackets(view, one),
    figures(one),
    probes(view, `probes-${i}`, one),
  ].filter((node) => node !== null));
}

export function titleOf({ title, percent, limit_us }: Capacity): string {
  return `${title}: p${percent} of at most ${formatNanoseconds(limit_us * 1e3)}`;
}

// What is known of the end, and what is not: 12.0–12.5, ≥ 12.0, < 5.00.
export function range({ state, reason, holds_per_s, fails_per_s }: Bracket): string {
  if (state === "not run") return "the search is not over";
  if (state !== "ok") return `${state}: ${reason ?? "why is unknown"}`;
  if (holds_per_s === null && fails_per_s === null) return "nothing is known";
  if (holds_per_s === null) return `< ${formatRate(fails_per_s)}`;
  if (fails_per_s === null) return `≥ ${formatRate(holds_per_s)}`;
  return `${formatRate(holds_per_s)}–${formatRate(fails_per_s)}`;
}

function sorted(all: Bracket[]): Bracket[] {
  return [...all].sort((a, b) => (b.holds_per_s ?? -1) - (a.holds_per_s ?? -1));
}

function brackets(view: View, capacity: Capacity): HTMLElement {
  const rows = sorted(capacity.brackets).map((bracket) => ({
    bracket, name: bracket.name, holds: (bracket.holds_per_s ?? 0) / 1e3,
    fails: bracket.fails_per_s === null ? null : bracket.fails_per_s / 1e3,
    label: range(bracket) + (bracket.top ? `  ${topSign}` : "") }));
  type Row = (typeof rows)[number];
  const signs = signsOf(view.data);
  const ink = (row: Row) => signs.colour(row.bracket);
  const wide = view.width > 560;
  const names = rows.map((row) => row.name);
  const labels = rows.filter((row) => row.bracket.state === "ok").map((row) => row.label.length);
  const most = Math.max(1, ...rows.map((row) => Math.max(row.holds, row.fails ?? 0)));
  const known = rows.filter((row) => row.bracket.state === "ok");
  const open = known.map((row) => ({ ...row, to: row.fails ?? 1.06 * most }));
  const marginLeft = nameMargin(view, names);
  return chart(view, "Where the limit breaks, k requests/s.",
    "Solid up to the highest rate that held the limit, dashed on to the lowest that did not (|); "
      + "an arrow: none that did not was tried. "
      + `${topSign}: not told apart from the highest.`, {
      height: 60 + (wide ? 28 : 44) * rows.length,
      marginLeft: wide ? marginLeft : 12,
      marginRight: wide ? 16 + 6.6 * Math.max(4, ...labels) : 16,
      x: { label: "k requests/s", domain: [0, 1.06 * most], grid: true,
           ticks: Math.max(3, view.width / 110) },
      y: { domain: names, label: null, tickSize: 0, axis: wide ? "left" : null },
      marks: [
        link(known.filter((row) => row.holds > 0), {
          y1: "name", y2: "name", x1: 0, x2: "holds", stroke: ink, strokeWidth: 7 }),
        link(open, { y1: "name", y2: "name", x1: "holds", x2: "to", stroke: ink, strokeWidth: 2,
                     strokeDasharray: "3 3" }),
        tickX(known.filter((row) => row.fails !== null), {
          y: "name", x: "fails", stroke: ink, strokeWidth: 2, insetTop: wide ? 7 : 15,
          insetBottom: wide ? 7 : 15 }),
        dot(open.filter((row) => row.fails === null), {
          y: "name", x: "to", symbol: "triangle", rotate: 90, r: 4, fill: ink }),
        wide
          ? text(rows, { y: "name", text: "label", fill: "currentColor",
                         ...({ frameAnchor: "right", dx: 10, textAnchor: "start" } as const),
                         filter: (row: Row) => row.bracket.state === "ok" })
          : text(rows, { y: "name", text: (row: Row) => `${row.name}: ${row.label}`, dy: -14,
                         frameAnchor: "left", textAnchor: "start", fill: "currentColor",
                         fontSize: 11, stroke: "var(--page)", strokeWidth: 4 }),
        wide ? text(rows, { y: "name", text: (row: Row) => row.label, frameAnchor: "left", dx: 6,
                            textAnchor: "start", fill: "var(--muted)",
                            filter: (row: Row) => row.bracket.state !== "ok" }) : null,
      ],
    });
}

// Why the lowest rate that did not hold did not: it may have been the client.
function becauseOf({ probes, fails_per_s }: Bracket): string {
  return probes.find((probe) => probe.rate_per_s === fails_per_s && !probe.holds)?.why_not ?? "";
}

function figures(capacity: Capacity): HTMLElement {
  const common = capacity.common_rate_per_s;
  const rows = sorted(capacity.brackets).map((one) => [
    one.name, range(one), becauseOf(one), one.top ? "▲ top" : "", String(one.confirmations),
    figureOr(one.percentile_us), figureOr(one.server_cpu_us_per_request),
    ...(common === null ? [] : [figureOr(one.cpu_at_common_rate)])]);
  const head = ["server", "capacity, k/s", "not more because", "group", "confirmed",
                `p${capacity.percent}, µs`, "CPU, µs",
                ...(common === null ? [] : [`CPU at ${formatRate(common)} k/s, µs`])];
  return h("div", {}, scroll(simpleTable(head, rows, [4, 5, 6, 7], [1]), "capacities"),
           h("p", { class: "note" }, `Confirmed: by so many fresh runs. p${capacity.percent} and `
             + "CPU time per request are those at the highest rate that held"
             + (common === null ? "." : ", and at the last column's rate, which the top held.")));
}

function probes(view: View, id: string, { brackets, percent }: Capacity): HTMLElement | null {
  const rows = brackets.flatMap(({ name, probes }) => probes.map((probe, i) => [
    i === 0 ? h("strong", {}, name) : name, formatRate(probe.rate_per_s),
    formatRate(probe.achieved_per_s), figureOr(probe.percentile_us),
    probe.holds ? "● holds" : "○ does not", probe.why_not ?? "",
    probe.confirms ? "confirms" : ""]));
  if (rows.length === 0) return null;
  const head = ["server", "rate, k/s", "achieved, k/s", `p${percent}, µs`, "limit", "why not", ""];
  return fold(view, id, `The ${rows.length} rates that were tried, in order`,
              p("Confirming runs are fresh ones at the rate that was found."),
              scroll(simpleTable(head, rows, [1, 2, 3], [5]), "probes"));
}
