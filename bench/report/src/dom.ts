// SPDX-License-Identifier: MIT
// dom.ts: elements. Text goes in as text, so that nothing in the results can become markup.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

export function h(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

export function add(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
}

export function p(...children: Child[]): HTMLElement {
  return h("p", {}, ...children);
}

// Scrolls sideways by itself where the page is narrower.
export function scroll(child: Node, label: string): HTMLElement {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, child);
}

// A head and rows. Columns in `right` hold numbers, those in `words` sentences.
export function simpleTable(head: string[], rows: Child[][], right: number[] = [],
                            words: number[] = []): HTMLElement {
  const kind = (column: number) =>
    right.includes(column) ? "num" : words.includes(column) ? "words" : undefined;
  const th = (text: string, i: number) => h("th", { scope: "col", class: kind(i) }, text);
  const td = (child: Child, i: number) =>
    i === 0 ? h("th", { scope: "row" }, child) : h("td", { class: kind(i) }, child);
  return h("table", {}, h("thead", {}, h("tr", {}, ...head.map(th))),
           h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(td)))));
}
