// SPDX-License-Identifier: MIT
// controls.ts: what a reader chooses with. Each choice changes the address, which draws anew.
import { h } from "./dom";
import { metrics, findMetric, type Metric } from "./metrics";
import { go } from "./state";
import { chosenTable, type View } from "./view";

function select(view: View, key: string, label: string, chosen: string,
                options: { value: string; text: string }[]): HTMLElement {
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

export function metricChoice(view: View, among: readonly Metric[] = metrics): HTMLElement {
  const chosen = findMetric(view.state.get("metric"));
  const buttons = among.map((metric) =>
    h("button", {
      type: "button",
      id: `metric-${metric.id}`,
      "aria-pressed": metric === chosen ? "true" : "false",
      click: () => go(view.state, { metric: metric.id }),
    }, metric.label));
  return h("div", { class: "switch", role: "group", "aria-label": "figure" }, ...buttons);
}
