// SPDX-License-Identifier: MIT
// pick.ts: a list of servers that is the key of a drawing, and in which each can be taken out.
import { h } from "./dom";
import type { Pair, Signs } from "./servers";
import { go } from "./state";
import type { View } from "./view";

const hide = "hide"; // in the address, so that new servers are shown until someone hides them

export function isShown(view: View, pair: Pair): boolean {
  return !view.state.list(hide).includes(pair.name);
}

// What a line ends with where there is no room for names: the place in the list.
export function shortName(all: Pair[], pair: Pair): string {
  return String(1 + all.findIndex((one) => one.name === pair.name));
}

export function picker(view: View, all: Pair[], signs: Signs, numbered: boolean): HTMLElement {
  const hidden = view.state.list(hide);
  const boxes = all.map((pair) => {
    const shown = !hidden.includes(pair.name);
    const change = () => go(view.state, {
      [hide]: shown ? [...hidden, pair.name] : hidden.filter((name) => name !== pair.name) });
    const number = numbered ? `${shortName(all, pair)} ` : "";
    return h("label", {},
             h("input", { type: "checkbox", id: `show-${pair.name}`, checked: shown, change }),
             swatch(signs, pair), number + pair.name);
  });
  const names = all.map((pair) => pair.name);
  const only = (id: string, text: string, those: string[]) =>
    h("button", { type: "button", id: `show-${id}`,
                  click: () => go(view.state, { [hide]: those }) }, text);
  return h("fieldset", { class: "picker" }, h("legend", {}, "shown"), ...boxes,
           h("span", { class: "switch" }, only("-all", "all", []), only("-none", "none", names)));
}

// A piece of its line, with its symbol.
function swatch(signs: Signs, pair: Pair): SVGElement {
  const make = (name: string, attributes: Record<string, string>) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const colour = signs.colour(pair);
  const svg = make("svg", { width: "44", height: "14", "aria-hidden": "true" });
  const sign = make("text", { x: "37", y: "11.5", "text-anchor": "middle", "font-size": "14",
                              fill: colour });
  sign.textContent = signs.glyph(pair);
  svg.append(make("line", { x1: "0", x2: "28", y1: "7", y2: "7", stroke: colour,
                            "stroke-width": "2", "stroke-dasharray": signs.dash(pair) }), sign);
  return svg;
}
