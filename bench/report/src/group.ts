// SPDX-License-Identifier: MIT
// group.ts: Map.groupBy, which browsers have had since 2024 only.

export function groupBy<Item, Key>(items: Item[], key: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const own = groups.get(key(item)) ?? [];
    own.push(item);
    groups.set(key(item), own);
  }
  return groups;
}
