// report: the colours, for light and dark.

export interface Palette {
  /** Behind everything, and behind figures and tables. */
  readonly paper: string;
  readonly surface: string;
  readonly ink: string;
  /** Text of less weight. */
  readonly muted: string;
  /** Lines between things, and the faintest fill. */
  readonly line: string;
  /** What is right, what came first, more than the mean: blue. */
  readonly blue: string;
  /** What is wrong, what is compared with it, less than the mean: orange. The pair that colour-blind people tell apart. */
  readonly orange: string;
}

export const PALETTES: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    paper: '#f6f5f1',
    surface: '#ffffff',
    ink: '#16181d',
    muted: '#585f6b',
    line: '#dedcd5',
    blue: '#0b5fa5',
    orange: '#b3480c',
  },
  dark: {
    paper: '#0f1115',
    surface: '#171a20',
    ink: '#eceef1',
    muted: '#a6adb9',
    line: '#30353f',
    blue: '#7cbcf5',
    orange: '#f2a25c',
  },
};

/** Weights in pictures, on both surfaces alike: as opaque as the weight is large. */
export const DIVERGING = { positive: '#2b83d9', negative: '#e0711a' } as const;

/** The most opaque a filled cell gets: ink is readable on it, in both palettes. */
export const CELL_OPACITY = 0.5;

/** How opaque the cell of a share in [0, 1] is; the root keeps small shares visible. */
export function cellOpacity(share: number): number {
  return share > 0 ? CELL_OPACITY * Math.sqrt(Math.min(share, 1)) : 0;
}

/** [red, green, blue] in [0, 255] of '#rrggbb'. */
export function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The palette as custom properties of CSS. */
export function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');
}
