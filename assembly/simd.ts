// WebAssembly: the inner loops of the solvers in float64, two numbers at a time. Written in AssemblyScript; `npm run simd`
// compiles it into src/core/simd-module.ts.
//
// Addresses and strides are in bytes. Each sum has the order of the plain JavaScript loops, and products are rounded
// before they are added, so the results have the same bits on every machine.

/** Columns of a panel of `factorize`. */
const PANEL: usize = 32;

/**
 * X·W, four rows by four columns at a time.
 *
 * @param x [rows, stride], rows a multiple of four
 * @param w [order, 2] for each pair of columns
 * @param out [rows, 2·pairs]
 */
export function multiply(x: usize, rows: i32, stride: usize, w: usize, order: i32, pairs: i32, out: usize): void {
  const wide = (<usize>pairs) << 4;
  const ofPair = (<usize>order) << 4;
  for (let r = 0; r < rows; r += 4) {
    const row = x + <usize>r * stride;
    const to = out + <usize>r * wide;
    let p = 0;
    for (; p + 1 < pairs; p += 2) {
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let b0 = f64x2.splat(0);
      let b1 = f64x2.splat(0);
      let c0 = f64x2.splat(0);
      let c1 = f64x2.splat(0);
      let d0 = f64x2.splat(0);
      let d1 = f64x2.splat(0);
      let at = w + <usize>p * ofPair;
      let from = row;
      for (const end = at + ofPair; at < end; at += 16, from += 8) {
        const w0 = v128.load(at);
        const w1 = v128.load(at + ofPair);
        const xa = v128.load_splat<f64>(from);
        const xb = v128.load_splat<f64>(from + stride);
        const xc = v128.load_splat<f64>(from + 2 * stride);
        const xd = v128.load_splat<f64>(from + 3 * stride);
        a0 = f64x2.add(a0, f64x2.mul(xa, w0));
        a1 = f64x2.add(a1, f64x2.mul(xa, w1));
        b0 = f64x2.add(b0, f64x2.mul(xb, w0));
        b1 = f64x2.add(b1, f64x2.mul(xb, w1));
        c0 = f64x2.add(c0, f64x2.mul(xc, w0));
        c1 = f64x2.add(c1, f64x2.mul(xc, w1));
        d0 = f64x2.add(d0, f64x2.mul(xd, w0));
        d1 = f64x2.add(d1, f64x2.mul(xd, w1));
      }
      const first = to + ((<usize>p) << 4);
      v128.store(first, a0);
      v128.store(first, a1, 16);
      v128.store(first + wide, b0);
      v128.store(first + wide, b1, 16);
      v128.store(first + 2 * wide, c0);
      v128.store(first + 2 * wide, c1, 16);
      v128.store(first + 3 * wide, d0);
      v128.store(first + 3 * wide, d1, 16);
    }
    if (p === pairs) continue;
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let at = w + <usize>p * ofPair;
    let from = row;
    for (const end = at + ofPair; at < end; at += 16, from += 8) {
      const both = v128.load(at);
      a = f64x2.add(a, f64x2.mul(v128.load_splat<f64>(from), both));
      b = f64x2.add(b, f64x2.mul(v128.load_splat<f64>(from + stride), both));
      c = f64x2.add(c, f64x2.mul(v128.load_splat<f64>(from + 2 * stride), both));
      d = f64x2.add(d, f64x2.mul(v128.load_splat<f64>(from + 3 * stride), both));
    }
    const last = to + ((<usize>p) << 4);
    v128.store(last, a);
    v128.store(last + wide, b);
    v128.store(last + 2 * wide, c);
    v128.store(last + 3 * wide, d);
  }
}

/**
 * AᵀX, four columns of A by four of X at a time.
 *
 * @param a [rows, strideA], of which `columns` columns are used, a multiple of two
 * @param x [rows, stride]; the length of a row is a multiple of four numbers
 * @param out [columns, stride]
 * @param isLower whether entries above the diagonal may be omitted
 */
export function multiplyTransposed(
  a: usize,
  strideA: usize,
  columns: i32,
  x: usize,
  rows: i32,
  stride: usize,
  out: usize,
  isLower: bool,
): void {
  const end = a + <usize>rows * strideA;
  for (let k = 0; k < columns; ) {
    const isFour = k + 3 < columns;
    const width = isLower ? min((<usize>k + 4) << 3, stride) : stride;
    for (let j: usize = 0; j < width; j += 32) {
      const to = out + <usize>k * stride + j;
      let from = x + j;
      let at = a + ((<usize>k) << 3);
      let a0 = f64x2.splat(0);
      let a1 = f64x2.splat(0);
      let b0 = f64x2.splat(0);
      let b1 = f64x2.splat(0);
      if (isFour) {
        let c0 = f64x2.splat(0);
        let c1 = f64x2.splat(0);
        let d0 = f64x2.splat(0);
        let d1 = f64x2.splat(0);
        for (; at < end; at += strideA, from += stride) {
          const x0 = v128.load(from);
          const x1 = v128.load(from, 16);
          const fa = v128.load_splat<f64>(at);
          const fb = v128.load_splat<f64>(at, 8);
          const fc = v128.load_splat<f64>(at, 16);
          const fd = v128.load_splat<f64>(at, 24);
          a0 = f64x2.add(a0, f64x2.mul(x0, fa));
          a1 = f64x2.add(a1, f64x2.mul(x1, fa));
          b0 = f64x2.add(b0, f64x2.mul(x0, fb));
          b1 = f64x2.add(b1, f64x2.mul(x1, fb));
          c0 = f64x2.add(c0, f64x2.mul(x0, fc));
          c1 = f64x2.add(c1, f64x2.mul(x1, fc));
          d0 = f64x2.add(d0, f64x2.mul(x0, fd));
          d1 = f64x2.add(d1, f64x2.mul(x1, fd));
        }
        v128.store(to + 2 * stride, c0);
        v128.store(to + 2 * stride, c1, 16);
        v128.store(to + 3 * stride, d0);
        v128.store(to + 3 * stride, d1, 16);
      } else {
        for (; at < end; at += strideA, from += stride) {
          const x0 = v128.load(from);
          const x1 = v128.load(from, 16);
          const fa = v128.load_splat<f64>(at);
          const fb = v128.load_splat<f64>(at, 8);
          a0 = f64x2.add(a0, f64x2.mul(x0, fa));
          a1 = f64x2.add(a1, f64x2.mul(x1, fa));
          b0 = f64x2.add(b0, f64x2.mul(x0, fb));
          b1 = f64x2.add(b1, f64x2.mul(x1, fb));
        }
      }
      v128.store(to, a0);
      v128.store(to, a1, 16);
      v128.store(to + stride, b0);
      v128.store(to + stride, b1, 16);
    }
    k += isFour ? 4 : 2;
  }
}

/**
 * A = LLᵀ in place, one panel of columns at a time.
 *
 * @param a [n + 3, stride], the stride a multiple of a panel; only its lower half is valid, the rest is overwritten
 * @param pack room for [n, PANEL] and [PANEL, PANEL] numbers
 * @param floor the lower bound of every pivot
 * @returns whether every pivot exceeds it
 */
export function factorize(a: usize, n: i32, stride: usize, floor: f64, pack: usize): bool {
  const ofPanel = PANEL << 3;
  const diagonal = pack + <usize>n * ofPanel;
  for (let start = 0; start < n; start += <i32>PANEL) {
    const end = min(start + <i32>PANEL, n);
    // Transposes the part of the panel's rows left of the panel, so that reads are contiguous.
    for (let j = start; j < start + <i32>PANEL; j++) {
      const to = pack + ((<usize>(j - start)) << 3);
      const from = a + <usize>min(j, n - 1) * stride;
      for (let k = 0; k < start; k++) store<f64>(to + <usize>k * ofPanel, load<f64>(from + ((<usize>k) << 3)));
    }
    if (start > 0) {
      for (let i = start; i < n; i += 4) {
        const row = a + <usize>i * stride;
        for (let j: usize = 0; j < ofPanel; j += 32) subtractProducts(row, stride, <usize>start, pack + j, j);
      }
    }
    for (let i = start; i < n; i++) {
      const row = a + <usize>i * stride;
      for (let j = start; j < min(i, end); j++) {
        const at = row + ((<usize>j) << 3);
        const turned = diagonal + <usize>(j - start) * ofPanel;
        const entry = load<f64>(at) / load<f64>(turned + ((<usize>(j - start)) << 3));
        store<f64>(at, entry);
        if (i < end) store<f64>(turned + ((<usize>(i - start)) << 3), entry);
        const both = f64x2.splat(entry);
        // Entries above the diagonal, or beyond the panel, are not used.
        for (let c = (j + 1 - start) & ~1; c < min(i, end - 1) + 1 - start; c += 2) {
          const to = row + ((<usize>(start + c)) << 3);
          const less = f64x2.sub(v128.load(to), f64x2.mul(both, v128.load(turned + ((<usize>c) << 3))));
          if (c > j - start) v128.store(to, less);
          else store<f64>(to, f64x2.extract_lane(less, 1), 8);
        }
      }
      if (i >= end) continue;
      const pivot = load<f64>(row + ((<usize>i) << 3));
      if (!(pivot > floor)) return false;
      const root = sqrt(pivot);
      store<f64>(row + ((<usize>i) << 3), root);
      store<f64>(diagonal + <usize>(i - start) * ofPanel + ((<usize>(i - start)) << 3), root);
    }
  }
  return true;
}

/** Subtracts the products of previous panels from four rows and four columns, `j` bytes into the panel. */
function subtractProducts(row: usize, stride: usize, start: usize, pack: usize, j: usize): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let c0 = f64x2.splat(0);
  let c1 = f64x2.splat(0);
  let d0 = f64x2.splat(0);
  let d1 = f64x2.splat(0);
  let at = pack;
  let from = row;
  for (const end = row + (start << 3); from < end; from += 8, at += PANEL << 3) {
    const f0 = v128.load(at);
    const f1 = v128.load(at, 16);
    const xa = v128.load_splat<f64>(from);
    const xb = v128.load_splat<f64>(from + stride);
    const xc = v128.load_splat<f64>(from + 2 * stride);
    const xd = v128.load_splat<f64>(from + 3 * stride);
    a0 = f64x2.add(a0, f64x2.mul(xa, f0));
    a1 = f64x2.add(a1, f64x2.mul(xa, f1));
    b0 = f64x2.add(b0, f64x2.mul(xb, f0));
    b1 = f64x2.add(b1, f64x2.mul(xb, f1));
    c0 = f64x2.add(c0, f64x2.mul(xc, f0));
    c1 = f64x2.add(c1, f64x2.mul(xc, f1));
    d0 = f64x2.add(d0, f64x2.mul(xd, f0));
    d1 = f64x2.add(d1, f64x2.mul(xd, f1));
  }
  const to = row + (start << 3) + j;
  subtractAt(to, a0, a1);
  subtractAt(to + stride, b0, b1);
  subtractAt(to + 2 * stride, c0, c1);
  subtractAt(to + 3 * stride, d0, d1);
}

function subtractAt(to: usize, first: v128, second: v128): void {
  v128.store(to, f64x2.sub(v128.load(to), first));
  v128.store(to, f64x2.sub(v128.load(to, 16), second), 16);
}

/**
 * x ← L⁻ᵀL⁻¹x for each of some vectors; both passes read L by rows.
 *
 * @param l [n, stride], of which the lower half is read
 * @param x [count, n]
 */
export function substitute(l: usize, n: i32, stride: usize, x: usize, count: i32): void {
  for (let c = 0; c < count; c++) substituteOne(l, n, stride, x + ((<usize>(c * n)) << 3));
}

function substituteOne(l: usize, n: i32, stride: usize, x: usize): void {
  for (let i = 0; i < n; i++) {
    const row = l + <usize>i * stride;
    const length = (<usize>i) << 3;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let at: usize = 0;
    for (const last = length & ~63; at < last; at += 64) {
      s0 = f64x2.add(s0, f64x2.mul(v128.load(row + at), v128.load(x + at)));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(row + at, 16), v128.load(x + at, 16)));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(row + at, 32), v128.load(x + at, 32)));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(row + at, 48), v128.load(x + at, 48)));
    }
    s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
    for (; at < length; at += 8) sum += load<f64>(row + at) * load<f64>(x + at);
    store<f64>(x + length, (load<f64>(x + length) - sum) / load<f64>(row + length));
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = l + <usize>i * stride;
    const length = (<usize>i) << 3;
    const entry = load<f64>(x + length) / load<f64>(row + length);
    store<f64>(x + length, entry);
    const both = f64x2.splat(entry);
    let at: usize = 0;
    for (const last = length & ~15; at < last; at += 16) {
      v128.store(x + at, f64x2.sub(v128.load(x + at), f64x2.mul(v128.load(row + at), both)));
    }
    if (at < length) store<f64>(x + at, load<f64>(x + at) - load<f64>(row + at) * entry);
  }
}

/**
 * a ← a + factor·b. Returns aᵀc of the new a, in four partial sums.
 *
 * @param a [n], as b and c
 */
export function addAndDot(a: usize, factor: f64, b: usize, c: usize, n: i32): f64 {
  const both = f64x2.splat(factor);
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let at: usize = 0;
  const length = (<usize>n) << 3;
  for (const last = length & ~31; at < last; at += 32) {
    const x0 = f64x2.add(v128.load(a + at), f64x2.mul(both, v128.load(b + at)));
    const x1 = f64x2.add(v128.load(a + at, 16), f64x2.mul(both, v128.load(b + at, 16)));
    v128.store(a + at, x0);
    v128.store(a + at, x1, 16);
    s0 = f64x2.add(s0, f64x2.mul(x0, v128.load(c + at)));
    s1 = f64x2.add(s1, f64x2.mul(x1, v128.load(c + at, 16)));
  }
  let first = f64x2.extract_lane(s0, 0);
  for (; at < length; at += 8) {
    const x = load<f64>(a + at) + factor * load<f64>(b + at);
    store<f64>(a + at, x);
    first += x * load<f64>(c + at);
  }
  return first + f64x2.extract_lane(s0, 1) + (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1));
}

/** The rows of a block, as in objective/row-block.ts. */
const BLOCK_ROWS: i32 = 32;

/**
 * eˣ of two numbers, with the operations of core/elementary.ts: x = n·log 2 + r, a polynomial in r, and 2ⁿ in two factors.
 */
function exp(given: v128): v128 {
  const x = f64x2.min(f64x2.max(given, f64x2.splat(-750)), f64x2.splat(710));
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: Math.LOG2E would be a variable of the module
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.6931471803691238)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(1.9082149292705877e-10)));
  let p = f64x2.splat(1.6059043836821613e-10);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.08767569878681e-9));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.505210838544172e-8));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.755731922398589e-7));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.7557319223985893e-6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.48015873015873e-5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984126984126984e-4));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.3888888888888889e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333333333333e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666666664e-2));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.16666666666666666));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.splat(1), f64x2.add(r, f64x2.mul(f64x2.mul(r, r), p)));
  const power = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(n));
  const half = i64x2.shr_s(power, 1);
  const bias = i64x2.splat(1023);
  const first = i64x2.shl(i64x2.add(half, bias), 52);
  const second = i64x2.shl(i64x2.add(i64x2.sub(power, half), bias), 52);
  return f64x2.mul(f64x2.mul(p, first), second);
}

/** log(1 + x) for x ≥ 0, with the operations of core/elementary.ts. */
function log1p(x: f64): f64 {
  const u = 1 + x;
  const c = (x - (u - 1)) / u;
  const bits = reinterpret<u64>(u);
  const shifted = <i32>(bits >> 32) - 0x3fe6a09e;
  const n = <f64>(shifted >> 20);
  const high = (shifted & 0xfffff) + 0x3fe6a09e;
  const f = reinterpret<f64>(((<u64>high) << 32) | (bits & 0xffffffff)) - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return s * (half + (even + odd)) + (n * 1.9082149292705877e-10 + c) - half + f + n * 0.6931471803691238;
}

/** The largest of q logits, as the smallest index of it. */
function argMax(logits: usize, q: i32): i32 {
  let best = 0;
  let top = load<f64>(logits);
  for (let k = 1; k < q; k++) {
    const logit = load<f64>(logits + ((<usize>k) << 3));
    if (logit > top) {
      top = logit;
      best = k;
    }
  }
  return best;
}

/**
 * Replaces q logits by share·(softmax − one-hot of the label), and stores their largest minus that of the label, and Σ of
 * the exponentials of the others, for the loss. With label −1, the result is the softmax.
 */
function residualsOf(logits: usize, q: i32, pairs: i32, label: i32, share: f64, loss: usize): void {
  const largest = argMax(logits, q);
  const top = load<f64>(logits + ((<usize>largest) << 3));
  if (label >= 0) store<f64>(loss, top - load<f64>(logits + ((<usize>label) << 3)));
  const tops = f64x2.splat(top);
  const end = logits + ((<usize>pairs) << 4);
  for (let at = logits; at < end; at += 16) v128.store(at, exp(f64x2.sub(v128.load(at), tops)));
  let others: f64 = 0;
  for (let k = 0; k < q; k++) if (k !== largest) others += load<f64>(logits + ((<usize>k) << 3));
  store<f64>(loss, others, 8);
  store<f64>(logits + ((<usize>largest) << 3), 1);
  const inverse = f64x2.splat(1 / (1 + others));
  for (let at = logits; at < end; at += 16) v128.store(at, f64x2.mul(v128.load(at), inverse));
  if (q & 1) store<f64>(end - 8, 0);
  if (label < 0) return;
  let rest: f64 = 0;
  for (let k = 0; k < q; k++) if (k !== label) rest += load<f64>(logits + ((<usize>k) << 3));
  store<f64>(logits + ((<usize>label) << 3), -rest);
  const shares = f64x2.splat(share);
  for (let at = logits; at < end; at += 16) v128.store(at, f64x2.mul(v128.load(at), shares));
}

/** Adds `size` bytes of numbers to others, a multiple of 16. */
function addTo(sum: usize, terms: usize, size: usize): void {
  for (let at: usize = 0; at < size; at += 16) {
    v128.store(sum + at, f64x2.add(v128.load(sum + at), v128.load(terms + at)));
  }
}

/** The place of the i-th sum of core/tree-sum.ts: the first one is the result. */
function slotAt(result: usize, slots: usize, size: usize, i: i32): usize {
  return i === 0 ? result : slots + <usize>(i - 1) * size;
}

/**
 * The gradient and the loss of `count` samples, summed over blocks as in core/tree-sum.ts.
 *
 * @param x [rows, stride]
 * @param w [order, 2] for each pair of classes
 * @param labels [rows] in int32
 * @param shares [rows], the weight of each sample in the mean
 * @param blockRows the samples of a block, a multiple of 32
 * @param isContinued whether all samples belong to one block, of which the sum so far is given
 * @param sum [2·pairs, stride] for the gradient, then the loss and an unused number
 * @param scratch room for two numbers, [32, 2·pairs] and as many sums as the tree has levels
 */
export function evaluate(
  x: usize,
  count: i32,
  stride: usize,
  w: usize,
  order: i32,
  q: i32,
  labels: usize,
  shares: usize,
  blockRows: i32,
  isContinued: bool,
  sum: usize,
  scratch: usize,
): void {
  const pairs = (q + 1) >> 1;
  const wide = (<usize>pairs) << 4;
  const ofGradient = ((<usize>pairs) << 1) * stride;
  const size = ofGradient + 16;
  const logits = scratch + 16;
  const products = logits + wide * BLOCK_ROWS;
  const slots = products + ofGradient;
  let top = 0;
  for (let start = 0, block = 1; start < count; start += blockRows, block++) {
    const leaf = slotAt(sum, slots, size, top++);
    if (!isContinued) memory.fill(leaf, 0, size);
    for (let from = start, end = min(count, start + blockRows); from < end; from += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, end - from);
      const first = x + <usize>from * stride;
      let loss: f64 = 0;
      multiply(first, (rows + 3) & ~3, stride, w, order, pairs, logits);
      for (let r = 0; r < rows; r++) {
        const i = <usize>(from + r);
        const row = logits + <usize>r * wide;
        const share = load<f64>(shares + (i << 3));
        // Not multiplied by 0: the loss may be infinite.
        if (share === 0) {
          memory.fill(row, 0, wide);
          continue;
        }
        residualsOf(row, q, pairs, load<i32>(labels + (i << 2)), share, scratch);
        loss += share * (load<f64>(scratch) + log1p(load<f64>(scratch, 8)));
      }
      multiplyTransposed(logits, wide, pairs << 1, first, rows, stride, products, false);
      addTo(leaf, products, ofGradient);
      store<f64>(leaf + ofGradient, load<f64>(leaf + ofGradient) + loss);
    }
    for (let rest = block; (rest & 1) === 0; rest >>= 1, top--) {
      addTo(slotAt(sum, slots, size, top - 2), slotAt(sum, slots, size, top - 1), size);
    }
  }
  for (; top > 1; top--) addTo(slotAt(sum, slots, size, top - 2), slotAt(sum, slots, size, top - 1), size);
}

/**
 * softmax(xW) of `count` samples.
 *
 * @param out [rows, 2·pairs]
 */
export function probabilities(
  x: usize,
  count: i32,
  stride: usize,
  w: usize,
  order: i32,
  q: i32,
  out: usize,
  scratch: usize,
): void {
  const pairs = (q + 1) >> 1;
  const wide = (<usize>pairs) << 4;
  for (let from = 0; from < count; from += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, count - from);
    multiply(x + <usize>from * stride, (rows + 3) & ~3, stride, w, order, pairs, scratch);
    for (let r = 0; r < rows; r++) residualsOf(scratch + <usize>r * wide, q, pairs, -1, 1, scratch + wide * BLOCK_ROWS);
    memory.copy(out + <usize>from * wide, scratch, <usize>rows * wide);
  }
}

/** Adds the lower half of a matrix [columns, stride] to another one. */
function addLower(sum: usize, terms: usize, columns: i32, stride: usize): void {
  for (let i = 0; i < columns; i++) {
    const at = <usize>i * stride;
    addTo(sum + at, terms + at, min(((<usize>i >> 1) + 1) << 4, stride));
  }
}

/** The level of the lowest node above two blocks, as in core/tree-sum.ts. */
function levelOf(a: i32, b: i32): i32 {
  return 32 - clz(a ^ b);
}

/**
 * XᵀDX of the given samples, its lower half, summed over blocks as in core/tree-sum.ts.
 *
 * @param x [rows, stride]
 * @param samples [count] in int32, ascending
 * @param shares [count], the diagonal of D
 * @param blockRows the rows of a block
 * @param isContinued whether all samples belong to one block, of which the sum so far is given
 * @param sum [columns, stride], `columns` a multiple of two
 * @param scratch room for 32 numbers, [32, stride] twice, [columns, stride], and as many sums as the tree has levels
 */
export function gram(
  x: usize,
  stride: usize,
  columns: i32,
  samples: usize,
  shares: usize,
  count: i32,
  blockRows: i32,
  isContinued: bool,
  sum: usize,
  scratch: usize,
): void {
  // The block of each sum.
  const blocks = scratch;
  const scaled = scratch + 256;
  const gathered = scaled + stride * BLOCK_ROWS;
  const products = gathered + stride * BLOCK_ROWS;
  const size = <usize>columns * stride;
  const slots = products + size;
  let top = 0;
  for (let start = 0; start < count; ) {
    const block = load<i32>(samples + ((<usize>start) << 2)) / blockRows;
    let end = start + 1;
    while (end < count && load<i32>(samples + ((<usize>end) << 2)) / blockRows === block) end++;
    for (; top > 1; top--) {
      const at = blocks + ((<usize>top) << 2);
      const last = load<i32>(at - 4);
      if (levelOf(load<i32>(at - 8), last) >= levelOf(last, block)) break;
      addLower(slotAt(sum, slots, size, top - 2), slotAt(sum, slots, size, top - 1), columns, stride);
    }
    store<i32>(blocks + ((<usize>top) << 2), block);
    const leaf = slotAt(sum, slots, size, top++);
    if (!isContinued) memory.fill(leaf, 0, size);
    for (; start < end; start += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, end - start);
      for (let r = 0; r < rows; r++) {
        const i = <usize>(start + r);
        const row = x + <usize>load<i32>(samples + (i << 2)) * stride;
        const share = f64x2.splat(load<f64>(shares + (i << 3)));
        const to = <usize>r * stride;
        for (let j: usize = 0; j < stride; j += 16) {
          const both = v128.load(row + j);
          v128.store(gathered + to + j, both);
          v128.store(scaled + to + j, f64x2.mul(share, both));
        }
      }
      multiplyTransposed(scaled, stride, columns, gathered, rows, stride, products, true);
      addLower(leaf, products, columns, stride);
    }
    start = end;
  }
  for (; top > 1; top--) {
    addLower(slotAt(sum, slots, size, top - 2), slotAt(sum, slots, size, top - 1), columns, stride);
  }
}

/**
 * Σ value·row over entries, in order, for q columns of a matrix: eight columns at a time, then two, then one.
 *
 * T is the type of the values.
 *
 * @param matrix [rows, q]
 * @param indices the row of each entry, in int32
 * @param out [q]
 */
function sumEntries<T>(matrix: usize, q: i32, indices: usize, values: usize, count: i32, out: usize): void {
  const ofRow = (<usize>q) << 3;
  const last = indices + ((<usize>count) << 2);
  let k: usize = 0;
  for (; k + 64 <= ofRow; k += 64) {
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (let at = indices, from = values; at < last; at += 4, from += sizeof<T>()) {
      const row = matrix + <usize>load<i32>(at) * ofRow + k;
      const value = f64x2.splat(<f64>load<T>(from));
      s0 = f64x2.add(s0, f64x2.mul(value, v128.load(row)));
      s1 = f64x2.add(s1, f64x2.mul(value, v128.load(row, 16)));
      s2 = f64x2.add(s2, f64x2.mul(value, v128.load(row, 32)));
      s3 = f64x2.add(s3, f64x2.mul(value, v128.load(row, 48)));
    }
    v128.store(out + k, s0);
    v128.store(out + k, s1, 16);
    v128.store(out + k, s2, 32);
    v128.store(out + k, s3, 48);
  }
  for (; k + 16 <= ofRow; k += 16) {
    let sum = f64x2.splat(0);
    for (let at = indices, from = values; at < last; at += 4, from += sizeof<T>()) {
      const value = f64x2.splat(<f64>load<T>(from));
      sum = f64x2.add(sum, f64x2.mul(value, v128.load(matrix + <usize>load<i32>(at) * ofRow + k)));
    }
    v128.store(out + k, sum);
  }
  if (k === ofRow) return;
  let sum: f64 = 0;
  for (let at = indices, from = values; at < last; at += 4, from += sizeof<T>()) {
    sum += <f64>load<T>(from) * load<f64>(matrix + <usize>load<i32>(at) * ofRow + k);
  }
  store<f64>(out + k, sum);
}

/** `sumEntries` for values of float32 or float64. */
function sumOf(matrix: usize, q: i32, indices: usize, values: usize, isSingle: bool, count: i32, out: usize): void {
  if (isSingle) sumEntries<f32>(matrix, q, indices, values, count, out);
  else sumEntries<f64>(matrix, q, indices, values, count, out);
}

/** Adds q numbers to others. */
function addNumbers(sum: usize, terms: usize, q: i32): void {
  for (let k = 0; k < q; k++) {
    const at = (<usize>k) << 3;
    store<f64>(sum + at, load<f64>(sum + at) + load<f64>(terms + at));
  }
}

/**
 * share·(softmax(xW + b) − y) of `count` sparse rows, and the sums of each block of them: objective/sparse/plain.ts.
 *
 * @param starts [count + 1] in int32, the first entry of each row
 * @param indices the column of each entry, in int32
 * @param values in float32 if `isSingle`, otherwise in float64
 * @param w [order, q], the bias last
 * @param out [count, q]
 * @param leaves [blocks, q + 1]: the sums of each block over the columns of `out`, and its loss
 * @param scratch room for two numbers and [32, 2·pairs]
 */
export function sparseResiduals(
  starts: usize,
  indices: usize,
  values: usize,
  isSingle: bool,
  count: i32,
  w: usize,
  order: i32,
  q: i32,
  labels: usize,
  shares: usize,
  blockRows: i32,
  out: usize,
  leaves: usize,
  scratch: usize,
): void {
  const pairs = (q + 1) >> 1;
  const wide = (<usize>pairs) << 4;
  const ofRow = (<usize>q) << 3;
  const logits = scratch + 16;
  const bias = w + <usize>(order - 1) * ofRow;
  const size: usize = isSingle ? 4 : 8;
  for (let start = 0, leaf = leaves; start < count; start += blockRows, leaf += ofRow + 8) {
    memory.fill(leaf, 0, ofRow + 8);
    for (let from = start, end = min(count, start + blockRows); from < end; from += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, end - from);
      let loss: f64 = 0;
      memory.fill(logits, 0, wide * <usize>rows);
      for (let r = 0; r < rows; r++) {
        const i = <usize>(from + r);
        const row = logits + <usize>r * wide;
        const share = load<f64>(shares + (i << 3));
        // Not multiplied by 0: the loss may be infinite.
        if (share !== 0) {
          const first = load<i32>(starts + (i << 2));
          const entries = load<i32>(starts + (i << 2), 4) - first;
          sumOf(w, q, indices + ((<usize>first) << 2), values + <usize>first * size, isSingle, entries, row);
          addNumbers(row, bias, q);
          residualsOf(row, q, pairs, load<i32>(labels + (i << 2)), share, scratch);
          loss += share * (load<f64>(scratch) + log1p(load<f64>(scratch, 8)));
        }
        addNumbers(leaf, row, q);
        memory.copy(out + i * ofRow, row, ofRow);
      }
      store<f64>(leaf + ofRow, load<f64>(leaf + ofRow) + loss);
    }
  }
}

/**
 * XᵀR for some sparse columns, each summed over its blocks of rows as in core/tree-sum.ts: objective/sparse/plain.ts.
 *
 * @param starts [count + 1] in int32, the first entry of each column
 * @param rows the row of each entry, in int32, ascending in each column
 * @param values in float32 if `isSingle`, otherwise in float64
 * @param residuals R, [rows, q]
 * @param out [count, q]
 * @param scratch room for a sum [q] and a block in int32 for each level of the tree, and one more of each
 */
export function sparseGradient(
  starts: usize,
  rows: usize,
  values: usize,
  isSingle: bool,
  count: i32,
  residuals: usize,
  q: i32,
  blockRows: i32,
  out: usize,
  levels: i32,
  scratch: usize,
): void {
  const ofRow = (<usize>q) << 3;
  const size: usize = isSingle ? 4 : 8;
  const blocks = scratch + <usize>levels * ofRow;
  for (let j = 0; j < count; j++) {
    const sum = out + <usize>j * ofRow;
    const end = load<i32>(starts + ((<usize>j) << 2), 4);
    memory.fill(sum, 0, ofRow);
    let top = 0;
    for (let at = load<i32>(starts + ((<usize>j) << 2)); at < end; ) {
      const block = load<i32>(rows + ((<usize>at) << 2)) / blockRows;
      const first = at;
      while (at < end && load<i32>(rows + ((<usize>at) << 2)) < (block + 1) * blockRows) at++;
      for (; top > 1; top--) {
        const last = load<i32>(blocks + ((<usize>(top - 1)) << 2));
        if (levelOf(load<i32>(blocks + ((<usize>(top - 2)) << 2)), last) >= levelOf(last, block)) break;
        addNumbers(slotAt(sum, scratch, ofRow, top - 2), slotAt(sum, scratch, ofRow, top - 1), q);
      }
      const leaf = slotAt(sum, scratch, ofRow, top);
      sumOf(residuals, q, rows + ((<usize>first) << 2), values + <usize>first * size, isSingle, at - first, leaf);
      store<i32>(blocks + ((<usize>top) << 2), block);
      top++;
    }
    for (; top > 1; top--) {
      addNumbers(slotAt(sum, scratch, ofRow, top - 2), slotAt(sum, scratch, ofRow, top - 1), q);
    }
  }
}
