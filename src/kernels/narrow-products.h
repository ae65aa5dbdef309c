// kernels: products with few columns, for one vector width. products.h includes this once per width and defines
// WIDTH (floats per vector), ROWS (vectors processed with the columns at once) and TARGET (allowed instructions).
#define INLINE TARGET inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/** Vector types of GCC and Clang, available on every processor. */
typedef float Floats __attribute__((vector_size(WIDTH * 4)));
typedef int32_t Integers __attribute__((vector_size(WIDTH * 4)));
typedef int16_t Shorts __attribute__((vector_size(WIDTH * 2)));
typedef uint8_t Bytes __attribute__((vector_size(WIDTH)));

INLINE Floats load(const float* from) {
  Floats lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

INLINE Floats load(const uint8_t* from) {
#if WIDTH == 16
  return (Floats)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)from)));
#elif WIDTH == 8
  return (Floats)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from)));
#else
  Bytes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(lanes, Shorts), Integers), Floats);
#endif
}

/** Loads the first `count` values, followed by zeros. */
template <typename A>
INLINE Floats loadPart(const A* from, int64_t count) {
  A part[WIDTH] = {};
  std::memcpy(part, from, count * sizeof(A));
  return load(part);
}

INLINE void store(float* to, const Floats& lanes) { std::memcpy(to, &lanes, sizeof(lanes)); }

/** Source lane of lane i for adding halves, in the concatenation of a and b. */
constexpr int laneOf(int i, int stride, bool isHigh) {
  return i / stride % 2 * WIDTH + i / stride / 2 * 2 * stride + (isHigh ? stride : 0) + i % stride;
}

/** Adds pairs of runs of `stride` lanes: the first two runs of a, then of b, then the next two of a, and so on. */
template <int stride, size_t... i>
INLINE Floats addHalves(const Floats& a, const Floats& b, std::index_sequence<i...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, laneOf(i, stride, false)...) +
         __builtin_shufflevector(a, b, laneOf(i, stride, true)...);
#else
  return __builtin_shuffle(a, b, Integers{laneOf(i, stride, false)...}) +
         __builtin_shuffle(a, b, Integers{laneOf(i, stride, true)...});
#endif
}

/** Folds WIDTH vectors into the first: lane i becomes the sum of the lanes of vector i. */
template <int stride>
INLINE void fold(Floats* vectors) {
  UNROLL for (int i = 0; i < WIDTH; i += 2 * stride) {
    vectors[i] = addHalves<stride>(vectors[i], vectors[i + stride], std::make_index_sequence<WIDTH>());
  }
  if constexpr (2 * stride < WIDTH) fold<2 * stride>(vectors);
}

/** totals[i] = the sum of the lanes of sums[i]. `totals` needs room for one extra vector. */
template <int N>
INLINE void addLanes(const Floats* sums, float* totals) {
  UNROLL for (int first = 0; first < N; first += WIDTH) {
    Floats vectors[WIDTH] = {};
    UNROLL for (int i = 0; i < WIDTH; i++) {
      if (first + i < N) vectors[i] = sums[first + i];
    }
    fold<1>(vectors);
    store(totals + first, vectors[0]);
  }
}

/** out[r][c] = Σⱼ a[r][j]·columns[c][j] for R rows of a: R × C dot products at a time. */
template <int R, int C, typename A>
INLINE void dotRows(const A* const* a, const float* columns, float* out, const Sizes& size) {
  Floats sums[R][C] = {};
  const A* from[R];
  UNROLL for (int r = 0; r < R; r++) from[r] = a[r];
  int64_t j = 0;
  for (; j + WIDTH <= size.columns; j += WIDTH) {
    Floats rows[R];
    UNROLL for (int r = 0; r < R; r++) rows[r] = load(from[r] + j);
    UNROLL for (int c = 0; c < C; c++) {
      const Floats column = load(columns + c * size.padded + j);
      UNROLL for (int r = 0; r < R; r++) sums[r][c] += rows[r] * column;
    }
  }
  if (j < size.columns) {
    UNROLL for (int r = 0; r < R; r++) {
      const Floats row = loadPart(from[r] + j, size.columns - j);
      UNROLL for (int c = 0; c < C; c++) sums[r][c] += row * load(columns + c * size.padded + j);
    }
  }
  float totals[R * C + WIDTH];
  addLanes<R * C>(&sums[0][0], totals);
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < C; c++) out[r * size.n + c] = size.factor * totals[r * C + c];
  }
}

/** Rows part.from … part.to of factor·a·B, for C columns of B. */
template <int C, typename A>
INLINE void product(const A* const* a, const float* columns, float* out, const Sizes& size, Range part) {
  int64_t r = part.from;
  for (; r + ROWS <= part.to; r += ROWS) {
    // Rows are not contiguous, so the next ones are prefetched.
    for (int64_t next = r + ROWS; next < std::min(r + 2 * ROWS, part.to); next++) {
      const char* line = reinterpret_cast<const char*>(a[next]);
      const char* end = reinterpret_cast<const char*>(a[next] + size.columns);
      for (; line < end; line += 64) __builtin_prefetch(line);
    }
    dotRows<ROWS, C>(a + r, columns, out + r * size.n, size);
  }
  for (; r < part.to; r++) dotRows<1, C>(a + r, columns, out + r * size.n, size);
}

/** out[i][c] = Σᵣ a[r][i]·b[r][c] for up to U vectors of columns of a. The sums stay in registers over all rows. */
template <int U, int C, bool isWhole, typename A>
INLINE void outerColumns(const A* const* a, int64_t first, const float* b, float* out, const Sizes& size, int64_t count) {
  Floats sums[U][C] = {};
  for (int64_t r = 0; r < size.rows; r++) {
    Floats part[U];
    UNROLL for (int u = 0; u < U; u++) {
      const A* from = a[r] + first + u * WIDTH;
      part[u] = isWhole ? load(from) : loadPart(from, count);
    }
    UNROLL for (int c = 0; c < C; c++) {
      const float factor = b[r * size.n + c];
      UNROLL for (int u = 0; u < U; u++) sums[u][c] += part[u] * factor;
    }
  }
  float turned[C][U * WIDTH];
  UNROLL for (int c = 0; c < C; c++) {
    UNROLL for (int u = 0; u < U; u++) store(turned[c] + u * WIDTH, sums[u][c]);
  }
  for (int64_t i = 0; i < count; i++) {
    UNROLL for (int c = 0; c < C; c++) out[(first + i) * size.n + c] = size.factor * turned[c][i];
  }
}

/** Rows part.from … part.to of factor·aᵀ·B, for C columns of B. */
template <int C, typename A>
INLINE void transposedProduct(const A* const* a, const float* b, float* out, const Sizes& size, Range part) {
  int64_t first = part.from;
  for (; first + ROWS * WIDTH <= part.to; first += ROWS * WIDTH) {
    outerColumns<ROWS, C, true>(a, first, b, out, size, ROWS * WIDTH);
  }
  for (; first < part.to; first += WIDTH) {
    outerColumns<1, C, false>(a, first, b, out, size, std::min<int64_t>(WIDTH, part.to - first));
  }
}

template <int C, typename A>
INLINE void block(const Arguments<A>& x, int64_t first, Range part) {
  if (x.transposeA) return transposedProduct<C>(x.a, x.b + first, x.out + first, x.size, part);
  product<C>(x.a, x.b + first * x.size.padded, x.out + first, x.size, part);
}

/** A range of rows of the result, in blocks of columns: the registers hold ROWS × MOST_COLUMNS sums. */
template <typename A>
TARGET void multiply(const Arguments<A>& x, Range part) {
  for (int64_t first = 0; first < x.size.n; first += MOST_COLUMNS) {
    switch (x.size.n - first) {
      case 1: block<1>(x, first, part); break;
      case 2: block<2>(x, first, part); break;
      case 3: block<3>(x, first, part); break;
      case 4: block<4>(x, first, part); break;
      case 5: block<5>(x, first, part); break;
      case 6: block<6>(x, first, part); break;
      case 7: block<7>(x, first, part); break;
      case 8: block<8>(x, first, part); break;
      case 9: block<9>(x, first, part); break;
      default: block<MOST_COLUMNS>(x, first, part);
    }
  }
}

/** eˣ for x ≤ 0, to about 1 unit in the last place; below 1.6e-38, it is that. NaN stays NaN. */
INLINE Floats expOf(Floats x) {
  const Floats zero = {};
  x = x < -87.0f ? zero - 87.0f : x;
  // Adding 1.5·2²³ rounds to the nearest integer, and leaves that integer in the low bits.
  constexpr float kRounder = 12582912.0f;
  const Floats rounded = x * 1.44269504f + kRounder;
  const Floats n = rounded - kRounder;
  const Floats r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Floats p = zero + 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Integers power = (Integers)rounded - (Integers)(zero + kRounder);
  return p * (Floats)((power + 127) << 23);
}

/** Replaces the logits of some rows, without bias, by weight·share·(softmax − y), and writes weight·share·loss. */
TARGET void residualsPart(float* logits, int64_t rows, int64_t q, const float* bias, const int32_t* labels,
                          const float* weights, float share, float* losses) {
  for (int64_t r = 0; r < rows; r++) {
    float* o = logits + r * q;
    for (int64_t k = 0; k < q; k++) o[k] += bias[k];
    float top = o[0];
    for (int64_t k = 1; k < q; k++) top = o[k] > top ? o[k] : top;
    losses[r] = top - o[labels[r]];
    for (int64_t k = 0; k < q; k++) o[k] -= top;
  }
  // The last vector may reach into the next rows, which another thread computes.
  int64_t at = 0;
  for (; at + WIDTH <= rows * q; at += WIDTH) store(logits + at, expOf(load(logits + at)));
  if (at < rows * q) {
    float last[WIDTH];
    store(last, expOf(loadPart(logits + at, rows * q - at)));
    std::memcpy(logits + at, last, (rows * q - at) * sizeof(float));
  }
  for (int64_t r = 0; r < rows; r++) {
    float* e = logits + r * q;
    const float weight = (weights == nullptr ? 1.0f : weights[r]) * share;
    // Skipped, not multiplied by 0: the loss may be infinite.
    if (weight == 0) {
      losses[r] = 0;
      std::fill(e, e + q, 0.0f);
      continue;
    }
    // p − 1 would cancel if p is close to 1.
    float others = 0;
    for (int64_t k = 0; k < q; k++) others += k == labels[r] ? 0.0f : e[k];
    const float own = e[labels[r]];
    losses[r] = weight * (losses[r] + (own == 1.0f ? std::log1p(others) : std::log(own + others)));
    const float scale = weight / (own + others);
    for (int64_t k = 0; k < q; k++) e[k] *= scale;
    e[labels[r]] = -others * scale;
  }
}

#undef INLINE
#undef UNROLL
#undef WIDTH
#undef ROWS
#undef TARGET
