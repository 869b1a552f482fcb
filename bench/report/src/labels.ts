// SPDX-License-Identifier: MIT
// labels.ts: where to write names beside points so that none covers another.

export interface Labelled {
  x: number; // px
  y: number;
  text: string;
}

export interface Placed {
  dx: number;
  dy: number;
  anchor: "start" | "end";
}

const tall = 13;
const perLetter = 6.2;
const gap = 2;

// For each point the first free of some places around it. Points themselves are taken, too.
export function placeLabels(points: Labelled[], width: number, height = Infinity): Placed[] {
  const taken = points.map(({ x, y }) =>
    ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  return points.map((point) => {
    const long = point.text.length * perLetter;
    const places = [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5].flatMap((step): Placed[] => [
      { dx: 10, dy: step * tall, anchor: "start" },
      { dx: -10, dy: step * tall, anchor: "end" },
    ]);
    const boxOf = ({ dx, dy, anchor }: Placed) => {
      const left = anchor === "start" ? point.x + dx : point.x + dx - long;
      const top = point.y + dy - tall / 2;
      return { left: left - gap, right: left + long + gap, top, bottom: top + tall };
    };
    const free = places.find((place) => {
      const box = boxOf(place);
      return box.left >= 0 && box.right <= width && box.top >= -tall
        && box.bottom <= height && taken.every((other) =>
        box.right <= other.left || box.left >= other.right || box.bottom <= other.top
        || box.top >= other.bottom);
    }) ?? (places[0] as Placed);
    taken.push(boxOf(free));
    return free;
  });
}
