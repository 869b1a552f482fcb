// SPDX-License-Identifier: MIT
// chart.ts: a drawing with its words.
import { plot, type PlotOptions } from "@observablehq/plot";
import { h } from "./dom";
import type { View } from "./view";

// `words` say what is drawn and how to read it, for those who see it and those who do not.
export function chart(view: View, title: string, words: string, options: PlotOptions): HTMLElement {
  const drawing = plot({
    width: view.width,
    marginBottom: 44,
    ariaLabel: title,
    ariaDescription: words,
    ...options,
    style: { background: "transparent", fontFamily: "inherit", fontSize: "12px",
             overflow: "visible" },
  });
  return h("figure", {}, h("figcaption", {}, h("strong", {}, title), " ", words), drawing);
}

// Room for row names at the left: as much as the longest takes, but a narrow page keeps some for
// the rest.
export function nameMargin(view: View, names: string[]): number {
  const longest = Math.max(4, ...names.map((name) => name.length));
  return Math.min(16 + 6.8 * longest, 0.55 * view.width);
}
