// web: the pages of the chapter, in its order.

/** By the names of their files. */
export const PAGES = {
  network: 2,
  softmax: 4,
  gradient: 6,
  bits: 7,
  train: 8,
} as const;

export type PageName = keyof typeof PAGES;

export const PAGE_NAMES = Object.keys(PAGES) as PageName[];
