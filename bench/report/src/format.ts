// SPDX-License-Identifier: MIT
// format.ts: numbers as people read them, with the rules of bench/show/figures.cc.
import type { Interval } from "./data";

// Three significant digits, and never fewer than are before the point: 4.62, 46.2, 462, 5685.
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.0995) return value.toPrecision(2);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

// What is unknown is a dash.
export function figureOr(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : formatFigure(value);
}

// Of a ratio, in per cent: +6.2, −11.4, +103.
export function formatChange(ratio: number): string {
  const percent = 100 * (ratio - 1);
  const text = Math.abs(percent).toFixed(Math.abs(percent) < 99.95 ? 1 : 0);
  return (percent < 0 ? "−" : "+") + text;
}

export function formatChanges(interval: Interval | null): string {
  return interval ? ` [${formatChange(interval.low)}, ${formatChange(interval.high)}]` : "";
}

// Thousands of requests a second, in which all rates of the report are.
export function formatRate(perSecond: number | null): string {
  return perSecond === null ? "–" : formatFigure(perSecond / 1e3);
}

export function formatNanoseconds(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  return ns >= 1e6 ? `${ns / 1e6} ms` : `${ns / 1e3} µs`;
}

// For axes, where values are round already.
export function plain(value: number): string {
  return String(value);
}
