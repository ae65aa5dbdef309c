// web: six of the 150 irises, and the model of examples/surprisal.ts, to nine digits.
export const SPECIES = ['setosa', 'versicolor', 'virginica'] as const;

/** W, one row for each length in cm, and b: softmax regression fitted to all irises. */
export const IRIS_MODEL = {
  weight: [
    [-1.30142403, 0.71224165, 0.589182377],
    [2.67054343, -0.832950175, -1.8375932],
    [-1.09735668, -0.206566766, 1.30392349],
    [-2.3845911, -1.08763134, 3.47222257],
  ],
  bias: [6.25858784, 2.58043742, -8.71859646],
} as const;

/** Sepal length and width, petal length and width, and the index of the species; the most certain first. */
export const FLOWERS = [
  { lengths: [5.2, 4.1, 1.5, 0.1], species: 0 },
  { lengths: [7.7, 2.6, 6.9, 2.3], species: 2 },
  { lengths: [4.9, 3, 1.4, 0.2], species: 0 },
  { lengths: [6.1, 3, 4.9, 1.8], species: 2 },
  { lengths: [6, 2.7, 5.1, 1.6], species: 1 },
  { lengths: [6.3, 2.8, 5.1, 1.5], species: 2 },
] as const;
