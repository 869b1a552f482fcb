// SPDX-License-Identifier: MIT
// ticks.ts: marks on logarithmic axes, where a library's choice is too many or too few.

const percents = [-99, -98, -95, -90, -80, -70, -60, -50, -40, -30, -20, -15, -10, -8, -6, -4, -2,
                  0, 2, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 900,
                  1900, 4900, 9900];

// The first of `candidates`, which come by importance, that are `room` px from all others taken.
function thinned(candidates: number[], [low, high]: [number, number], length: number,
                 room: number): number[] {
  const at = (value: number) => (length * Math.log(value / low)) / Math.log(high / low);
  const taken: number[] = [];
  for (const value of candidates) {
    if (value < low || value > high) continue;
    if (taken.every((other) => Math.abs(at(other) - at(value)) >= room)) taken.push(value);
  }
  return taken.sort((a, b) => a - b);
}

// Of each decade 1, 2 and 5, then other digits; within half a decade also halves and tenths.
export function logTicks(domain: [number, number], length: number, room: number): number[] {
  const decades: number[] = [];
  for (let decade = Math.floor(Math.log10(domain[0])); 10 ** decade <= domain[1]; ++decade) {
    decades.push(decade);
  }
  const times = (digit: number) => decades.map((decade) => Number(`${digit}e${decade}`));
  const digits = [1, 2, 5, 3, 4, 6, 7, 8, 9];
  const finer = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 1.2, 1.4, 1.6, 1.8, 2.2, 2.4, 2.6,
                 2.8, 3.2, 3.4, 3.6, 3.8, 4.2, 4.4, 4.6, 4.8];
  const narrow = domain[1] < 3.2 * domain[0];
  return thinned([...digits, ...(narrow ? finer : [])].flatMap(times), domain, length, room);
}

// Ratios that are round in per cent, 1 first.
export function ratioTicks(domain: [number, number], length: number, room: number): number[] {
  const rank = (percent: number) => {
    const steps = [50, 20, 10].findIndex((step) => percent % step === 0);
    return percent === 0 ? -1 : steps < 0 ? steps + 4 : steps;
  };
  const ordered = [...percents].sort((a, b) => rank(a) - rank(b) || Math.abs(a) - Math.abs(b));
  return thinned(ordered.map((percent) => 1 + percent / 100), domain, length, room);
}

// All of `values`, with some room around them.
export function logDomain(values: number[], room = 1.1): [number, number] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [1, 10];
  return [Math.min(...positive) / room, Math.max(...positive) * room];
}
