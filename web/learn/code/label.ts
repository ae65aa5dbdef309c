// web: the code of page 1, as it is shown there.
import { oneHot, toRows } from 'softmax-regression/reference';

type Vector = readonly number[];

/** Row j is the one-hot vector of class j: 1 in place j, 0 elsewhere. */
export function oneHotVectors(classes: number): number[][] {
  return toRows(oneHot([...Array(classes).keys()], classes));
}

/** The code of class j, as a vector of one number: the class in the middle has 2, the one before it 1, the next 3. */
export function codes(middle: number): number[][] {
  return [0, 1, 2].map((j) => [((j - middle + 4) % 3) + 1]);
}

/** ‖a − b‖. Of two codes it is |a − b|. */
export const distance = (a: Vector, b: Vector): number => Math.hypot(...a.map((each, k) => each - b[k]));

/** (a + b) / 2 */
export const mean = (a: Vector, b: Vector): number[] => a.map((each, k) => (each + b[k]) / 2);
