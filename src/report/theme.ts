// report: the colours, for light and dark.

export interface Palette {
  /** The background of the page. */
  readonly paper: string;
  /** The background of figures and tables. */
  readonly surface: string;
  readonly ink: string;
  /** Secondary text. */
  readonly muted: string;
  /** Borders, rules and the faintest fill. */
  readonly line: string;
  /** Correct predictions, the first series, values above the mean. */
  readonly blue: string;
  /** Mistakes, the second series, values below the mean. Colour-blind readers can tell blue and orange apart. */
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

/** The colours of weights in images, for both palettes. Larger weights are more opaque. */
export const DIVERGING = { positive: '#2b83d9', negative: '#e0711a' } as const;

/** The maximum opacity of a filled cell. Text on it stays readable in both palettes. */
export const CELL_OPACITY = 0.5;

/** The opacity of a cell with a share in [0, 1]. The square root keeps small shares visible. */
export function cellOpacity(share: number): number {
  return share > 0 ? CELL_OPACITY * Math.sqrt(Math.min(share, 1)) : 0;
}

/** [red, green, blue] in [0, 255], from '#rrggbb'. */
export function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The palette as CSS custom properties. */
export function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');
}
