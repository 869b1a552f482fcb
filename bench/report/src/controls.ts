// SPDX-License-Identifier: MIT
// controls.ts: what a reader chooses with. Each choice changes the address, which draws anew.
import type { Table } from "./data";
import { add, h } from "./dom";
import { groupBy } from "./group";
import { figureOf, findMetric, hasFigures, metrics, type Metric } from "./metrics";
import { go } from "./state";
import { chosenTable, type View } from "./view";

export interface Option {
  value: string;
  text: string;
}

export function select(view: View, key: string, label: string, chosen: string,
                       options: Option[]): HTMLElement {
  const change = (event: Event) =>
    go(view.state, { [key]: (event.target as HTMLSelectElement).value, cell: null });
  const list = options.map(({ value, text }) =>
    h("option", { value, selected: value === chosen }, text));
  return h("label", { class: "choice" }, label, " ",
           h("select", { id: `choose-${key}`, change }, ...list));
}

export function tableChoice(view: View): HTMLElement {
  const options = view.data.tables.map(({ table, title }) => ({ value: table, text: title }));
  return select(view, "table", "table", chosenTable(view).table, options);
}

// One of a few, as buttons. Those with `why` cannot be chosen, and `why` says so.
export function toggle(view: View, key: string, label: string, chosen: string,
                       options: (Option & { why?: string | null })[]): HTMLElement {
  const buttons = options.map(({ value, text, why }) =>
    h("button", {
      type: "button",
      id: `${key}-${value}`,
      "aria-pressed": value === chosen ? "true" : "false",
      "aria-disabled": why ? "true" : undefined,
      title: why ?? undefined,
      click: () => { if (!why) go(view.state, { [key]: value }); },
    }, text));
  return h("div", { class: "switch", role: "group", "aria-label": label }, ...buttons);
}

// All figures; those that no cell of `tables` has say why beside the buttons.
export function metricChoice(view: View, tables: Table[], chosen: Metric): HTMLElement {
  const options = metrics.map((metric) => ({
    value: metric.id, text: metric.label,
    why: hasFigures(metric, tables) ? null : metric.missing }));
  const gone = options.filter(({ why }) => why !== null);
  const reasons = groupBy(gone, ({ why }) => why ?? "");
  const words = [...reasons].map(([why, those]) =>
    `${those.map(({ text }) => text).join(", ")}: ${why}`);
  const box = h("div", { class: "metrics" }, toggle(view, "metric", "figure", chosen.id, options));
  if (words.length > 0) add(box, [h("p", { class: "note" }, `Not here: ${words.join("; ")}.`)]);
  return box;
}

// The figure of the address if `table` has it, else the table's own.
export function chosenMetric(view: View, table: Table): Metric {
  const asked = findMetric(view.state.get("metric"), table);
  return hasFigures(asked, [table]) ? asked : figureOf(table);
}

// Details that stay open when the page is drawn anew.
export function fold(view: View, id: string, title: string, ...content: Node[]): HTMLElement {
  const others = view.state.list("open").filter((one) => one !== id);
  const open = view.state.list("open").includes(id);
  const click = (event: Event) => {
    event.preventDefault();
    go(view.state, { open: open ? others : [...others, id] });
  };
  return h("details", { open }, h("summary", { id: `fold-${id}`, click }, title), ...content);
}
