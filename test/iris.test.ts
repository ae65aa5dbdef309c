import { createHash } from 'node:crypto';
import { loadIris } from '../src/data/iris.js';

describe('loadIris', () => {
  it('has 150 samples of 4 features, 50 of each species', () => {
    const { features, labels, featureNames, labelName, classNames } = loadIris();
    expect(features).toHaveLength(150);
    expect(features.every((row) => row.length === 4 && row.every(Number.isFinite))).toBe(true);
    expect(featureNames).toHaveLength(4);
    expect(labelName).toBe('species');
    expect(classNames).toEqual(['setosa', 'versicolor', 'virginica']);
    for (const species of classNames) expect(labels.filter((label) => label === species)).toHaveLength(50);
    expect(features[0]).toEqual([5.1, 3.5, 1.4, 0.2]);
  });

  it('holds the numbers of scikit-learn 1.9.1', () => {
    // python -c "from hashlib import sha256; from sklearn.datasets import load_iris;
    //   print(sha256(load_iris().data.astype('<f8').tobytes()).hexdigest())"
    const numbers = new DataView(new ArrayBuffer(150 * 4 * 8));
    loadIris()
      .features.flat()
      .forEach((value, i) => {
        numbers.setFloat64(8 * i, value, true);
      });
    expect(createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('hex')).toBe(
      '012f498fe9c8b3b34212c3c5d98e1f03f2f79931cd49349beb1bad64dcf164a7',
    );
  });

  it("has Fisher's rows 35 and 38, which the UCI repository has wrong", () => {
    const { features } = loadIris();
    expect(features[34]).toEqual([4.9, 3.1, 1.5, 0.2]);
    expect(features[37]).toEqual([4.9, 3.6, 1.4, 0.1]);
  });

  it('returns fresh arrays on each call', () => {
    const mine = loadIris();
    mine.features[0][0] = -1;
    mine.labels[0] = 'virginica';
    expect(loadIris().features[0][0]).toBe(5.1);
    expect(loadIris().labels[0]).toBe('setosa');
  });
});
