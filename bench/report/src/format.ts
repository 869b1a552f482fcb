// SPDX-License-Identifier: MIT
// format.ts: numbers as people read them, with the rules of bench/show/figures.cc.

// Three significant digits, and never fewer than are before the point: 4.62, 46.2, 462, 5685.
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.0995) return value.toPrecision(2);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

// Of a ratio, in per cent: +6.2, −11.4, +103.
export function formatChange(ratio: number): string {
  const percent = 100 * (ratio - 1);
  const text = Math.abs(percent).toFixed(Math.abs(percent) < 99.95 ? 1 : 0);
  return (percent < 0 ? "−" : "+") + text;
}

export function formatNanoseconds(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  return ns >= 1e6 ? `${ns / 1e6} ms` : `${ns / 1e3} µs`;
}

// For axes, where values are round already.
export function plain(value: number): string {
  return String(value);
}
