// SPDX-License-Identifier: MIT
// overview.ts: what must be known first, what came out in words, and where and how it was taken.
import type { Data, Table } from "../data";
import { h, p, scroll, simpleTable } from "../dom";
import { formatNanoseconds } from "../format";
import { figureOf, labelOf, show } from "../metrics";
import type { Page, View } from "../view";

const shown = ["cpu_model", "cpus", "hypervisor", "kernel", "clocksource", "governor",
               "load_average", "sysctl_tcp_congestion_control", "compiler", "compiler_flags",
               "build", "sanitizers", "revision"];

export const overview: Page = { id: "overview", title: "Overview", draw };

function draw(view: View): Node[] {
  const { data } = view;
  return [
    warnings(data),
    p(whatWasRun(data)),
    advice(view),
    ...(data.tables.length === 0 ? [] : [
      h("h2", {}, "What can be told apart"),
      p("Each table's figure against its baseline. There is no score over all tables and no "
        + "ranking."),
      scroll(verdicts(view), "verdicts")]),
    gaps(data),
    h("h2", {}, "Where"),
    environment(data),
    h("h2", {}, "To take the figures again"),
    h("pre", {}, data.commands.join("\n")),
    programs(data),
  ].filter((node) => node !== null);
}

function warnings(data: Data): Node | null {
  if (data.warnings.length === 0) return null;
  return h("section", { class: "warnings", "aria-label": "warnings" }, h("h2", {}, "Read first"),
           h("ul", {}, ...data.warnings.map((warning) => h("li", {}, warning))));
}

function whatWasRun(data: Data): string {
  const { session, tables } = data;
  const servers = data.capacities.reduce((sum, one) => sum + one.brackets.length, 0);
  const cells = tables.reduce((sum, table) => sum + table.cells.length, 0);
  const what = tables.length > 0
    ? `${cells} cells in ${tables.length} tables, ${session.blocks} blocks`
    : `searches for ${servers} capacities`;
  return `${session.runs} runs of ${what}; windows of `
    + `${formatNanoseconds(session.duration_ns)} after ${formatNanoseconds(session.warmup_ns)} of `
    + `warm-up; seed ${session.seed}. `
    + `Session ${session.id}, begun ${session.started_utc}.`;
}

// What the highest rates within a limit say, in the words of those who looked for them.
function advice(view: View): Node | null {
  const those = view.data.capacities.filter((one) => one.advice !== null);
  if (those.length === 0) return null;
  const href = view.state.with({ page: "capacity" });
  return h("section", {}, h("h2", {}, "Capacity"), ...those.map((one) =>
    p(one.advice, " ", h("a", { href }, "All rates that were tried."))));
}

function verdicts(view: View): HTMLElement {
  const rows = view.data.tables.map((table) => {
    const baseline = table.cells.find((cell) => cell.baseline);
    const metric = figureOf(table);
    const median = baseline?.[metric.key]?.median;
    const { lower, same, higher } = table.verdicts;
    const link = h("a", { href: view.state.with({ page: "matrix", table: table.table }) },
                   titleWithoutRuns(table));
    const value = median === undefined ? "–" : `${show(metric, median)} ${metric.unit}`;
    return [link, words(table), baseline?.name ?? "–", `${labelOf(metric, table)} ${value}`,
            `±${(100 * table.dead_band).toFixed(1)}`, String(lower), String(same), String(higher)];
  });
  const head = ["table", "in words", "baseline", "its figure", "dead band, %", "lower", "~",
                "higher"];
  return simpleTable(head, rows, [4, 5, 6, 7], [1]);
}

function titleWithoutRuns(table: Table): string {
  return table.title.replace(/, n=\d+(–\d+)?$/, "");
}

function words(table: Table): string {
  const { lower, same, higher, none, indicative } = table.verdicts;
  const judged = lower + same + higher;
  const than = figureOf(table).words;
  if (table.twins.length === 0) return "the baseline has no figures, so nothing is compared";
  if (judged === 0) return none > 0 ? "too few blocks for verdicts" : "nothing to compare";
  if (same === judged) return `none of ${judged} can be told apart from the baseline`;
  const parts = [lower > 0 ? `${lower} ${than.lower}` : "",
                 higher > 0 ? `${higher} ${than.higher}` : "",
                 same > 0 ? `${same} cannot be told apart` : ""].filter((part) => part !== "");
  return `of ${judged}: ${parts.join(", ")}${indicative ? " (indicative)" : ""}`;
}

function gaps(data: Data): Node | null {
  const rows = data.tables.flatMap((table) =>
    table.cells.filter((cell) => cell.state !== "ok").map((cell) =>
      [cell.name, titleWithoutRuns(table), cell.state, cell.reason ?? ""]));
  if (rows.length === 0) return null;
  return h("section", {}, h("h2", {}, "Without figures"),
           scroll(simpleTable(["server", "table", "state", "why"], rows, [], [3]),
                  "cells without figures"));
}

function environment(data: Data): Node {
  const entries = Object.entries(data.environment);
  const list = (some: typeof entries) => {
    const items = some.flatMap(([name, value]) =>
      [h("dt", {}, name.replaceAll("_", " ")),
       h("dd", {}, value === null ? "–" : String(value) || "none")]);
    return h("dl", { class: "facts" }, ...items);
  };
  const first = entries.filter(([name]) => shown.includes(name));
  const rest = entries.filter(([name]) => !shown.includes(name));
  return h("div", {}, list(first),
           h("details", {}, h("summary", {}, `${rest.length} more facts`), list(rest)));
}

function programs(data: Data): Node {
  const rows = data.programs.map(({ name, path, sha256 }) =>
    [name, h("code", {}, path), sha256 === null ? "–" : h("code", {}, sha256.slice(0, 16) + "…")]);
  return h("details", {}, h("summary", {}, "programs that were measured"),
           scroll(simpleTable(["program", "path or command", "SHA-256"], rows), "programs"));
}
