// kernels: the loops of assembly/simd.ts for one vector width. float64.cc includes this once per width and defines WIDTH
// (numbers per vector), ROWS (rows of X at once), VECTORS (vectors of columns at once) and TARGET (allowed instructions).
//
// A sum is never split over the numbers of a vector, and products are rounded before they are added. So all widths, and
// WebAssembly, give the same bits.
#define INLINE TARGET inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef double Numbers __attribute__((vector_size(WIDTH * 8)));
typedef int64_t Integers __attribute__((vector_size(WIDTH * 8)));
typedef uint64_t Unsigned __attribute__((vector_size(WIDTH * 8)));
/** Rows are padded to a multiple of four numbers, which may be half a vector. */
typedef double Four __attribute__((vector_size(32)));
typedef double Two __attribute__((vector_size(16)));

template <typename Vector>
INLINE Vector load(const double* from) {
  Vector lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

template <typename Vector>
INLINE void store(double* to, const Vector& lanes) {
  std::memcpy(to, &lanes, sizeof(lanes));
}

/** out[r][c] = Σⱼ x[r][j]·w[j][c] for R rows and V vectors of columns. */
template <int R, int V, typename A>
INLINE void productBlock(const A* x, int64_t strideX, const double* w, int64_t strideW, int64_t order, double* out,
                         int64_t strideOut) {
  Numbers sums[R][V] = {};
  for (int64_t j = 0; j < order; j++) {
    Numbers columns[V];
    UNROLL for (int v = 0; v < V; v++) columns[v] = load<Numbers>(w + j * strideW + v * WIDTH);
    UNROLL for (int r = 0; r < R; r++) {
      const double entry = static_cast<double>(x[r * strideX + j]);
      UNROLL for (int v = 0; v < V; v++) sums[r][v] += entry * columns[v];
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int v = 0; v < V; v++) store(out + r * strideOut + v * WIDTH, sums[r][v]);
  }
}

template <int V, typename A>
INLINE void productColumns(const A* x, int64_t rows, int64_t strideX, const double* w, int64_t strideW, int64_t order,
                           double* out, int64_t strideOut) {
  int64_t r = 0;
  for (; r + ROWS <= rows; r += ROWS) {
    productBlock<ROWS, V>(x + r * strideX, strideX, w, strideW, order, out + r * strideOut, strideOut);
  }
  for (; r < rows; r++) {
    productBlock<1, V>(x + r * strideX, strideX, w, strideW, order, out + r * strideOut, strideOut);
  }
}

/** XW. The columns of W and of the result are padded to whole vectors. */
template <typename A>
TARGET void multiply(const A* x, int64_t rows, int64_t strideX, const Columns& w, double* out) {
  const int64_t vectors = w.stride / WIDTH;
  int64_t v = 0;
  for (; v + VECTORS <= vectors; v += VECTORS) {
    productColumns<VECTORS>(x, rows, strideX, w.values + v * WIDTH, w.stride, w.order, out + v * WIDTH, w.stride);
  }
  for (; v < vectors; v++) {
    productColumns<1>(x, rows, strideX, w.values + v * WIDTH, w.stride, w.order, out + v * WIDTH, w.stride);
  }
}

/** sum + a·b, for a product that is exact in float64: fused or not, the bits are the same. */
INLINE Numbers addExact(const Numbers& sum, double a, const Numbers& b) {
#if WIDTH == 8
  return (Numbers)_mm512_fmadd_pd(_mm512_set1_pd(a), (__m512d)b, (__m512d)sum);
#elif WIDTH == 4
  return (Numbers)_mm256_fmadd_pd(_mm256_set1_pd(a), (__m256d)b, (__m256d)sum);
#else
  return sum + a * b;
#endif
}

/** Adds the products of kDepth columns of R rows, or fewer, with V vectors of columns of W to sums[r][v]. */
template <int R, int V, typename A>
INLINE void addExactProducts(const A* x, int64_t strideX, const double* w, int64_t strideW, int64_t order,
                             Numbers (*sums)[V]) {
  double rows[R][kDepth];
  for (int r = 0; r < R; r++) {
    for (int64_t j = 0; j < order; j++) rows[r][j] = static_cast<double>(x[r * strideX + j]);
  }
  for (int64_t j = 0; j < order; j++) {
    Numbers columns[V];
    UNROLL for (int v = 0; v < V; v++) columns[v] = load<Numbers>(w + j * strideW + v * WIDTH);
    UNROLL for (int r = 0; r < R; r++) {
      UNROLL for (int v = 0; v < V; v++) sums[r][v] = addExact(sums[r][v], rows[r][j], columns[v]);
    }
  }
}

template <int R, int V, typename A>
INLINE void exactBlock(const A* x, int64_t strideX, const double* w, int64_t strideW, int64_t order, double* out) {
  Numbers sums[R][V] = {};
  for (int64_t j = 0; j < order; j += kDepth) {
    addExactProducts<R, V>(x + j, strideX, w + j * strideW, strideW, std::min(kDepth, order - j), sums);
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int v = 0; v < V; v++) store(out + r * strideW + v * WIDTH, sums[r][v]);
  }
}

/** XW for numbers of which the products are exact in float64, as those of float32 are: with the bits of `multiply`. */
template <typename A>
TARGET void multiplyExact(const A* x, int64_t rows, int64_t strideX, const Columns& w, double* out) {
  int64_t r = 0;
  for (; r + ROWS <= rows; r += ROWS) {
    int64_t c = 0;
    for (; c + VECTORS * WIDTH <= w.stride; c += VECTORS * WIDTH) {
      exactBlock<ROWS, VECTORS>(x + r * strideX, strideX, w.values + c, w.stride, w.order, out + r * w.stride + c);
    }
    for (; c < w.stride; c += WIDTH) {
      exactBlock<ROWS, 1>(x + r * strideX, strideX, w.values + c, w.stride, w.order, out + r * w.stride + c);
    }
  }
  for (; r < rows; r++) {
    for (int64_t c = 0; c < w.stride; c += WIDTH) {
      exactBlock<1, 1>(x + r * strideX, strideX, w.values + c, w.stride, w.order, out + r * w.stride + c);
    }
  }
}

/** Columns of A that `outerBlock` takes at once. */
constexpr int kFactors = 5;

/** Adds Σᵣ a[r][k]·x[r][j] to out[k][j], or stores it, for K columns of A and V vectors of columns of X. */
template <typename Vector, int K, int V>
INLINE void outerBlock(const double* a, int64_t strideA, const double* x, int64_t rows, int64_t stride, double* out,
                       bool isAdded) {
  constexpr int width = sizeof(Vector) / sizeof(double);
  Vector sums[K][V] = {};
  for (int64_t r = 0; r < rows; r++) {
    Vector part[V];
    UNROLL for (int v = 0; v < V; v++) part[v] = load<Vector>(x + r * stride + v * width);
    UNROLL for (int k = 0; k < K; k++) {
      const double factor = a[r * strideA + k];
      UNROLL for (int v = 0; v < V; v++) sums[k][v] += part[v] * factor;
    }
  }
  UNROLL for (int k = 0; k < K; k++) {
    UNROLL for (int v = 0; v < V; v++) {
      double* to = out + k * stride + v * width;
      store(to, isAdded ? load<Vector>(to) + sums[k][v] : sums[k][v]);
    }
  }
}

template <int K>
INLINE void outerRows(const double* a, int64_t strideA, const double* x, int64_t rows, int64_t stride, int64_t columns,
                      double* out, bool isAdded) {
  int64_t j = 0;
  for (; j + VECTORS * WIDTH <= columns; j += VECTORS * WIDTH) {
    outerBlock<Numbers, K, VECTORS>(a, strideA, x + j, rows, stride, out + j, isAdded);
  }
  for (; j + WIDTH <= columns; j += WIDTH) {
    outerBlock<Numbers, K, 1>(a, strideA, x + j, rows, stride, out + j, isAdded);
  }
  for (; j < columns; j += 4) outerBlock<Four, K, 1>(a, strideA, x + j, rows, stride, out + j, isAdded);
}

/**
 * AᵀX, stored or added, for `columns` columns of A and the first `most` columns of X, a multiple of four.
 *
 * @param stride numbers per row of X
 * @param isLower whether entries above the diagonal may be omitted
 */
TARGET void multiplyTransposed(const double* a, int64_t strideA, int64_t columns, const double* x, int64_t rows,
                               int64_t stride, int64_t most, double* out, bool isLower, bool isAdded) {
  int64_t k = 0;
  for (; k + kFactors <= columns; k += kFactors) {
    const int64_t width = isLower ? std::min((k + kFactors + 3) / 4 * 4, most) : most;
    outerRows<kFactors>(a + k, strideA, x, rows, stride, width, out + k * stride, isAdded);
  }
  for (; k < columns; k++) {
    const int64_t width = isLower ? std::min((k + 4) / 4 * 4, most) : most;
    outerRows<1>(a + k, strideA, x, rows, stride, width, out + k * stride, isAdded);
  }
}

/** eˣ, with the operations of core/elementary.ts. */
INLINE Numbers exp(Numbers x) {
  const Numbers zero = {};
  x = x < -750.0 ? zero - 750.0 : x;
  x = x > 710.0 ? zero + 710.0 : x;
  // Adding 1.5·2⁵² rounds to the nearest integer, and leaves that integer in the low bits.
  constexpr double kRounder = 6755399441055744.0;
  const Numbers rounded = x * 1.4426950408889634 + kRounder;
  const Numbers n = rounded - kRounder;
  Numbers r = x - n * 0.6931471803691238;
  r = r - n * 1.9082149292705877e-10;
  Numbers p = zero + 1.6059043836821613e-10;
  p = p * r + 2.08767569878681e-9;
  p = p * r + 2.505210838544172e-8;
  p = p * r + 2.755731922398589e-7;
  p = p * r + 2.7557319223985893e-6;
  p = p * r + 2.48015873015873e-5;
  p = p * r + 1.984126984126984e-4;
  p = p * r + 1.3888888888888889e-3;
  p = p * r + 8.333333333333333e-3;
  p = p * r + 4.1666666666666664e-2;
  p = p * r + 0.16666666666666666;
  p = p * r + 0.5;
  p = 1.0 + (r + r * r * p);
  const Integers power = (Integers)rounded - (Integers)(zero + kRounder);
  // Half of it, rounded down: shifted as an unsigned number, since AVX2 has no other shift.
  const Unsigned half = ((Unsigned)(power + 2048) >> 1) - 1024;
  const Unsigned first = (half + 1023) << 52;
  const Unsigned second = ((Unsigned)power - half + 1023) << 52;
  return p * (Numbers)first * (Numbers)second;
}

/** log(1 + x) for x ≥ 0, with the operations of core/elementary.ts. */
INLINE double log1p(double x) {
  const double u = 1 + x, c = (x - (u - 1)) / u;
  constexpr int32_t kRootHalf = 0x3fe6a09e;
  int64_t bits;
  std::memcpy(&bits, &u, sizeof(bits));
  const int32_t shifted = static_cast<int32_t>(bits >> 32) - kRootHalf;
  const double n = shifted >> 20;
  bits = (static_cast<int64_t>((shifted & 0xfffff) + kRootHalf) << 32) | (bits & 0xffffffff);
  double mantissa;
  std::memcpy(&mantissa, &bits, sizeof(mantissa));
  const double f = mantissa - 1, s = f / (2 + f), z = s * s, w = z * z;
  const double even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const double odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const double half = 0.5 * f * f;
  return s * (half + (even + odd)) + (n * 1.9082149292705877e-10 + c) - half + f + n * 0.6931471803691238;
}

/** The largest logit of a row, and Σ of the exponentials of the others, of their differences from it. */
struct Exponentials {
  double top, others;
};

/** Σ of the entries of a row in order, with a 0 in place of one of them, which does not change the sum. */
INLINE double sumWithout(double* row, int64_t q, int64_t left) {
  row[left] = 0;
  double sum = 0;
  for (int64_t k = 0; k < q; k++) sum += row[k];
  return sum;
}

/**
 * Replaces the rows of logits, at most kBlockRows, by their softmax. Each step takes all rows, because a processor computes
 * several rows at a time, but waits for each result of a single one.
 */
INLINE void softmaxOf(double* logits, int64_t rows, int64_t stride, int64_t q, Exponentials* found) {
  int64_t places[kBlockRows];
  for (int64_t r = 0; r < rows; r++) {
    const double* row = logits + r * stride;
    double top = row[0];
    int64_t place = 0;
    for (int64_t k = 1; k < q; k++) {
      const bool isLarger = row[k] > top;
      top = isLarger ? row[k] : top;
      place = isLarger ? k : place;
    }
    found[r].top = top;
    places[r] = place;
  }
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t k = 0; k < stride; k += WIDTH) {
      double* at = logits + r * stride + k;
      store(at, exp(load<Numbers>(at) - found[r].top));
    }
  }
  for (int64_t r = 0; r < rows; r++) {
    double* row = logits + r * stride;
    found[r].others = sumWithout(row, q, places[r]);
    row[places[r]] = 1;
  }
  for (int64_t r = 0; r < rows; r++) {
    const double inverse = 1 / (1 + found[r].others);
    for (int64_t k = 0; k < stride; k += WIDTH) {
      double* at = logits + r * stride + k;
      store(at, load<Numbers>(at) * inverse);
    }
  }
}

/** The softmax of each row of logits. */
TARGET void softmax(double* logits, int64_t rows, int64_t stride, int64_t q) {
  Exponentials found[kBlockRows];
  for (int64_t r = 0; r < rows; r += kBlockRows) {
    softmaxOf(logits + r * stride, std::min(kBlockRows, rows - r), stride, q, found);
  }
}

/**
 * Replaces the rows of logits, at most kBlockRows, by share·(softmax − y) and returns Σ share·loss: `residualsOf` and
 * `evaluate` of assembly/simd.ts.
 */
TARGET double residuals(double* logits, int64_t rows, int64_t stride, int64_t q, const int32_t* labels,
                        const double* shares) {
  double losses[kBlockRows];
  for (int64_t r = 0; r < rows; r++) losses[r] = logits[r * stride + labels[r]];
  Exponentials found[kBlockRows];
  softmaxOf(logits, rows, stride, q, found);
  for (int64_t r = 0; r < rows; r++) losses[r] = found[r].top - losses[r] + log1p(found[r].others);
  double sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    double* row = logits + r * stride;
    const double share = shares[r];
    // Not multiplied by 0: the loss may be infinite.
    if (share == 0) {
      std::fill(row, row + q, 0.0);
      continue;
    }
    sum += share * losses[r];
    row[labels[r]] = -sumWithout(row, q, labels[r]);
    for (int64_t k = 0; k < stride; k += WIDTH) store(row + k, load<Numbers>(row + k) * share);
  }
  return sum;
}

/** The rows of some samples, and share times each. */
TARGET void gather(const double* x, int64_t stride, const int32_t* samples, const double* shares, int64_t count,
                   double* rows, double* scaled) {
  for (int64_t r = 0; r < count; r++) {
    const double* __restrict from = x + samples[r] * stride;
    double* __restrict plain = rows + r * stride;
    double* __restrict product = scaled + r * stride;
    const double share = shares[r];
    for (int64_t j = 0; j < stride; j++) plain[j] = from[j];
    for (int64_t j = 0; j < stride; j++) product[j] = share * from[j];
  }
}

/** Subtracts the products of previous panels from R rows of a panel. */
template <int R>
INLINE void subtractPanels(double* row, int64_t stride, int64_t start, const double* pack) {
  constexpr int vectors = kPanel / WIDTH;
  constexpr int together = vectors < VECTORS * 2 ? vectors : VECTORS * 2;
  for (int first = 0; first < vectors; first += together) {
    Numbers sums[R][together] = {};
    for (int64_t k = 0; k < start; k++) {
      Numbers part[together];
      UNROLL for (int v = 0; v < together; v++) part[v] = load<Numbers>(pack + k * kPanel + (first + v) * WIDTH);
      UNROLL for (int r = 0; r < R; r++) {
        const double factor = row[r * stride + k];
        UNROLL for (int v = 0; v < together; v++) sums[r][v] += factor * part[v];
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      double* to = row + r * stride + start + first * WIDTH;
      UNROLL for (int v = 0; v < together; v++) store(to + v * WIDTH, load<Numbers>(to + v * WIDTH) - sums[r][v]);
    }
  }
}

/**
 * The entries of some rows in a panel, after those of the rows before them.
 *
 * @returns whether every pivot among them exceeds the floor
 */
TARGET bool factorizeRows(double* a, int64_t stride, const Panel& panel, int64_t from, int64_t to, double floor) {
  const int64_t start = panel.start, end = panel.end;
  int64_t i = from;
  for (; start > 0 && i + 4 <= to; i += 4) subtractPanels<4>(a + i * stride, stride, start, panel.pack);
  for (; start > 0 && i < to; i++) subtractPanels<1>(a + i * stride, stride, start, panel.pack);
  for (i = from; i < to; i++) {
    double* __restrict row = a + i * stride;
    const int64_t last = std::min(i, end - 1);
    for (int64_t j = start; j < std::min(i, end); j++) {
      const double* __restrict turned = panel.diagonal + (j - start) * kPanel;
      const double entry = row[j] / turned[j - start];
      row[j] = entry;
      if (i < end) panel.diagonal[(j - start) * kPanel + i - start] = entry;
      for (int64_t c = j + 1; c <= last; c++) row[c] -= entry * turned[c - start];
    }
    if (i >= end) continue;
    if (!(row[i] > floor)) return false;
    row[i] = std::sqrt(row[i]);
    panel.diagonal[(i - start) * kPanel + i - start] = row[i];
  }
  return true;
}

/** `substitute` of assembly/simd.ts: eight partial sums, added in the same order. */
TARGET void substitute(const double* l, int64_t n, int64_t stride, double* __restrict x) {
  typedef double Eight __attribute__((vector_size(64)));
  for (int64_t i = 0; i < n; i++) {
    const double* row = l + i * stride;
    Eight s = {};
    int64_t k = 0;
    for (; k + 8 <= i; k += 8) s += load<Eight>(row + k) * load<Eight>(x + k);
    double sum = ((s[0] + s[2]) + (s[4] + s[6])) + ((s[1] + s[3]) + (s[5] + s[7]));
    for (; k < i; k++) sum += row[k] * x[k];
    x[i] = (x[i] - sum) / row[i];
  }
  for (int64_t i = n - 1; i >= 0; i--) {
    const double* __restrict row = l + i * stride;
    const double entry = x[i] / row[i];
    x[i] = entry;
    for (int64_t k = 0; k < i; k++) x[k] -= row[k] * entry;
  }
}

/** `addAndDot` of assembly/simd.ts: four partial sums, added in the same order. */
TARGET double addAndDot(double* a, double factor, const double* b, const double* c, int64_t n) {
  Four s = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const Four x = load<Four>(a + i) + factor * load<Four>(b + i);
    store(a + i, x);
    s += x * load<Four>(c + i);
  }
  for (; i < n; i++) {
    a[i] += factor * b[i];
    s[0] += a[i] * c[i];
  }
  return (s[0] + s[1]) + (s[2] + s[3]);
}

/** Σ value·row over entries, in order, for V vectors of columns of a matrix [rows, q]. */
template <typename Vector, int V, typename A>
INLINE void sumColumns(const double* matrix, int64_t q, const int32_t* indices, const A* values, int64_t count,
                       double* out) {
  constexpr int width = sizeof(Vector) / sizeof(double);
  Vector sums[V] = {};
  for (int64_t e = 0; e < count; e++) {
    const double* row = matrix + indices[e] * q;
    const double value = static_cast<double>(values[e]);
    UNROLL for (int v = 0; v < V; v++) sums[v] += load<Vector>(row + v * width) * value;
  }
  UNROLL for (int v = 0; v < V; v++) store(out + v * width, sums[v]);
}

/** `sumEntries` of assembly/simd.ts. */
template <typename A>
INLINE void sumEntries(const double* matrix, int64_t q, const int32_t* indices, const A* values, int64_t count,
                       double* out) {
  int64_t k = 0;
  const auto isLeft = [&](int64_t columns) { return k + columns <= q; };
  for (; isLeft(4 * WIDTH); k += 4 * WIDTH) sumColumns<Numbers, 4>(matrix + k, q, indices, values, count, out + k);
  for (; isLeft(WIDTH); k += WIDTH) sumColumns<Numbers, 1>(matrix + k, q, indices, values, count, out + k);
  for (; isLeft(4); k += 4) sumColumns<Four, 1>(matrix + k, q, indices, values, count, out + k);
  for (; isLeft(2); k += 2) sumColumns<Two, 1>(matrix + k, q, indices, values, count, out + k);
  if (isLeft(1)) sumColumns<double, 1>(matrix + k, q, indices, values, count, out + k);
}

INLINE void addNumbers(double* sum, const double* terms, int64_t count) {
  for (int64_t k = 0; k < count; k++) sum[k] += terms[k];
}

/** `sparseResiduals` of assembly/simd.ts for the rows of one block: `leaf` has its sums. */
template <typename A>
TARGET void sparseResiduals(const Entries<A>& x, int64_t start, int64_t end, const Classes& classes, double* logits,
                            double* out, double* leaf) {
  const int64_t q = classes.q, wide = (q + WIDTH - 1) / WIDTH * WIDTH;
  std::fill_n(leaf, q + 1, 0.0);
  for (int64_t from = start; from < end; from += kBlockRows) {
    const int64_t rows = std::min(kBlockRows, end - from);
    std::fill_n(logits, rows * wide, 0.0);
    for (int64_t r = 0; r < rows; r++) {
      if (classes.shares[from + r] == 0) continue;
      const int32_t first = x.starts[from + r];
      double* row = logits + r * wide;
      sumEntries(classes.weight, q, x.indices + first, x.values + first, x.starts[from + r + 1] - first, row);
      addNumbers(row, classes.bias, q);
    }
    leaf[q] += residuals(logits, rows, wide, q, classes.labels + from, classes.shares + from);
    for (int64_t r = 0; r < rows; r++) {
      addNumbers(leaf, logits + r * wide, q);
      std::copy_n(logits + r * wide, q, out + (from + r) * q);
    }
  }
}

/** `sparseGradient` of assembly/simd.ts for the columns from `from` to `to`. */
template <typename A>
TARGET void sparseGradient(const Entries<A>& x, int64_t from, int64_t to, const double* residuals, int64_t q,
                           int64_t blockRows, double* slots, double* out) {
  int64_t blocks[kMostLevels], top = 0;
  for (int64_t j = from; j < to; j++) {
    double* sum = out + j * q;
    const auto of = [&](int64_t slot) { return slot == 0 ? sum : slots + (slot - 1) * q; };
    if (x.starts[j] == x.starts[j + 1]) std::fill_n(sum, q, 0.0);
    top = 0;
    for (int64_t at = x.starts[j], end = x.starts[j + 1]; at < end;) {
      const int64_t first = at, block = x.indices[at] / blockRows;
      while (at < end && x.indices[at] < (block + 1) * blockRows) at++;
      for (; top > 1 && levelOf(blocks[top - 2], blocks[top - 1]) < levelOf(blocks[top - 1], block); top--) {
        addNumbers(of(top - 2), of(top - 1), q);
      }
      sumEntries(residuals, q, x.indices + first, x.values + first, at - first, of(top));
      blocks[top++] = block;
    }
    for (; top > 1; top--) addNumbers(of(top - 2), of(top - 1), q);
  }
}

#undef INLINE
#undef UNROLL
#undef WIDTH
#undef ROWS
#undef VECTORS
#undef TARGET
