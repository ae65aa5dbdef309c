// web: the pages of the chapter, in its order.

/** By the names of their files. */
export const PAGES = {
  label: 1,
  network: 2,
  cost: 3,
  softmax: 4,
  regions: 5,
  gradient: 6,
  bits: 7,
  train: 8,
} as const;

export type PageName = keyof typeof PAGES;

export const PAGE_NAMES = Object.keys(PAGES) as PageName[];
