// SPDX-License-Identifier: MIT
// axes.ts: logarithmic axes with a label at every mark, which the library would leave out.
import { axisX, axisY, gridX, gridY, type Markish } from "@observablehq/plot";

type Format = (value: number) => string;

export function logAxisX(ticks: number[], format: Format): Markish[] {
  return [gridX(ticks), axisX(ticks, { text: (value: number) => format(value) })];
}

export function logAxisY(ticks: number[], format: Format): Markish[] {
  return [gridY(ticks), axisY(ticks, { text: (value: number) => format(value) })];
}
