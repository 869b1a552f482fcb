// SPDX-License-Identifier: MIT
// drawn.mjs: whether dots are where their numbers belong.
import assert from "node:assert/strict";

// Of the dots of a figure, in the order of drawing: how far from the left and from the top.
export function dotsOf(figure) {
  return figure.locator("svg [aria-label=dot] > *, svg [aria-label=dot] > g > *")
    .evaluateAll((dots) => dots.filter((dot) => dot.tagName !== "g").map((dot) => {
      const { a, d, e, f } = dot.getCTM();  // of the symbols, it has the place too
      return { x: e + a * Number(dot.getAttribute("cx") ?? 0),
               y: f + d * Number(dot.getAttribute("cy") ?? 0) };
    }));
}

// On one scale, which the least and the greatest say; `direction` is 1 where more is further on.
export function assertOnAScale(places, values, of, direction) {
  assert.equal(places.length, values.length, "as many dots as numbers");
  const at = values.map(of);
  const least = at.indexOf(Math.min(...at));
  const most = at.indexOf(Math.max(...at));
  assert.ok(at[most] > at[least], "numbers that differ");
  const step = (places[most] - places[least]) / (at[most] - at[least]);
  assert.equal(Math.sign(step), direction);
  for (const [i, place] of places.entries()) {
    const expected = places[least] + step * (at[i] - at[least]);
    assert.ok(Math.abs(place - expected) < 0.2, `${values[i]} is at ${place}, not ${expected}`);
  }
}
