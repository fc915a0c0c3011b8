#ifndef CKERNELS_H
#define CKERNELS_H

// Single-precision kernels in plain C with clang's vector extensions.
//
// Every body is compiled three times (AVX-512, AVX2 with FMA, baseline), and a version is chosen
// once, when the library is loaded.  The first two produce identical bits; so does the baseline on
// machines with a fused multiply-add (arm64).  Rules for all kernels:
//
// - Matrices are row-major; a row starts at a multiple of 16 floats, is 64-byte aligned, and its
//   padding is zero before and after a call.  `ld…` is the distance between rows, in floats.
// - Each output element is one chain of multiply-adds in a fixed order, so it depends neither on
//   the row's position nor on the number of rows computed together.
// - Reductions use 16 lanes, folded pairwise: i with i + 8, then i + 4, i + 2, i + 1.
// - A "flat" count may be any number; memory up to the next multiple of 16 must exist, and the
//   values beyond the count are not changed.

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Elementwise functions after a dense layer.
enum {
  CK_IDENTITY = 0,
  CK_TANH = 1,
  CK_RELU = 2,
  CK_ELU = 3,
  CK_SILU = 4,
};

/// Elementwise functions over flat arrays.
enum {
  CK_EXPONENTIAL = 0,
  CK_LOGARITHM = 1,
  CK_HYPERBOLIC_TANGENT = 2,
  CK_SIGMOID = 3,
};

/// Name of the version in use: "v4", "v3" or "baseline".
const char *ck_instruction_set(void);

/// Makes the calling thread use another version, for tests; NULL restores the default.  Returns
/// false, without any effect, if this CPU lacks that version.
bool ck_select(const char *_Nullable name);

/// Greatest number of output columns that are computed by 16-lane dot products.
enum { CK_NARROW = 4 };

/// Computes Y[m × n] = act(X[m × k] · W[k × n] + bias).
///
/// If `pre` is given, it receives the sums before the activation.  If `wt`, a transposed copy of W,
/// is given, narrow outputs are computed from it.
void ck_dense_forward(
    long m, long n, long k, const float *x, long ldx, const float *w, long ldw,
    const float *_Nullable wt, long ldwt, const float *_Nullable bias, int32_t activation, float *y,
    long ldy, float *_Nullable pre, long ldpre);

/// Computes dX[m × n] = (dY[m × k] · WT[k × n]) ⊙ act'(saved), with `saved` as for
/// `ck_activation_gradient`; without it the factor is one.
void ck_dense_backward_input(
    long m, long n, long k, const float *dy, long lddy, const float *wt, long ldwt,
    int32_t activation, const float *_Nullable saved, long ldsaved, float *dx, long lddx);

/// Sets or accumulates dW[n × k] = Xᵀ[n × m] · dY[m × k] and db[k] = column sums of dY.
void ck_dense_backward_weights(
    long m, long n, long k, const float *x, long ldx, const float *dy, long lddy, float *dw,
    long lddw, float *_Nullable db, bool accumulate);

/// Sets or accumulates db[n] = column sums of dY[m × n], row by row.
void ck_column_sums(
    long m, long n, const float *dy, long lddy, float *db, bool accumulate);

/// Writes the transpose of src[rows × columns] to dst[columns × rows].
void ck_transpose(long rows, long columns, const float *src, long ldsrc, float *dst, long lddst);

/// Computes y = act(z), flat.
void ck_activate(long count, int32_t activation, const float *z, float *y);

/// Computes dz = dy · act'(saved), flat, where `saved` is z for SiLU and act(z) for all others.
void ck_activation_gradient(
    long count, int32_t activation, const float *saved, const float *dy, float *dz);

/// Standardises each row, stores the result and 1/σ of each row, and writes scale · result + shift.
void ck_layer_norm_forward(
    long m, long n, const float *x, long ldx, const float *scale, const float *shift, float epsilon,
    float *normalized, long ldn, float *inverse_deviation, float *y, long ldy);

/// Computes the gradients of `ck_layer_norm_forward`; `dx` may be `dy`.  Those of scale and shift
/// may only be left out together.
void ck_layer_norm_backward(
    long m, long n, const float *normalized, long ldn, const float *inverse_deviation,
    const float *scale, const float *dy, long lddy, float *dx, long lddx, float *_Nullable dscale,
    float *_Nullable dshift, bool accumulate);

/// The constants of one Adam step, including both bias corrections and the learning-rate schedule.
typedef struct {
  float gradient_scale;       // multiplies the gradient first
  float beta1, beta2;         // decay of the moments
  float step_size;            // learning rate / (1 - beta1^t)
  float inverse_root_bias2;   // 1 / sqrt(1 - beta2^t)
  float epsilon;              // added outside the root
  float decay;                // 1 - learning rate · weight decay
} ck_adam_constants;

/// Takes one Adam or AdamW step over a flat array.
void ck_adam(
    long count, const ck_adam_constants *constants, const float *gradient, float *value,
    float *first_moment, float *second_moment);

/// Computes target += rate · (source - target), flat.
void ck_soft_update(long count, float rate, const float *source, float *target);

/// Returns Σ x², flat.
float ck_sum_of_squares(long count, const float *x);

/// Returns Σ x, flat.
float ck_sum(long count, const float *x);

/// Computes x = f(x), flat; `function` is one of the elementwise functions over flat arrays above.
void ck_apply(long count, int32_t function, float *x);

/// Copies rows: dst[i] = src[indices[i]], with rows of `stride` floats, a multiple of 16.
void ck_gather_rows(
    long count, long stride, const float *src, const int32_t *indices, float *dst);

/// Computes out[i] = log N(actions[i] | mean[i], exp(log_deviation)), with `n` columns.
void ck_gaussian_log_probability(
    long m, long n, const float *actions, long lda, const float *mean, long ldm,
    const float *log_deviation, float *out);

/// Computes the gradients of Σ weights[i] · log N(actions[i] | …): sets dmean and adds to
/// dlog_deviation.
void ck_gaussian_backward(
    long m, long n, const float *weights, const float *actions, long lda, const float *mean,
    long ldm, const float *log_deviation, float *dmean, long lddm, float *dlog_deviation);

/// Computes out[i] = log softmax(logits[i])[choice i], where the first column of `actions` holds
/// the choices as whole numbers in 0 ..< n.
void ck_categorical_log_probability(
    long m, long n, const float *actions, long lda, const float *logits, long ldl, float *out);

/// Computes out[i] = the entropy of softmax(logits[i]), in nats.
void ck_categorical_entropy(long m, long n, const float *logits, long ldl, float *out);

/// Sets dlogits to the gradients of Σ weights[i] · log p(choice i) + entropy_weight · entropy[i].
void ck_categorical_backward(
    long m, long n, const float *weights, float entropy_weight, const float *actions, long lda,
    const float *logits, long ldl, float *dlogits, long lddl);

/// Prefetches memory that will be read soon; a hint without other effects.
static inline void ck_prefetch(const float *p, long count) {
  for (long i = 0; i < count; i += 16) __builtin_prefetch(p + i);
}

/// Sets the gradient of the quantile Huber loss with respect to values[m × n], for targets
/// [m × count], and returns the loss: the mean over all pairs of |τ - 1{y < θ}| huber(y - θ), where
/// value j of a row has τ = (j + ½) / n.
float ck_quantile_loss(
    long m, long n, long count, const float *values, long ldv, const float *targets, long ldt,
    float *gradient, long ldg);

/// Writes the `kept` smallest elements of each row of x[m × n] to y[m × kept], in ascending order;
/// all of them are NaN if the row contains NaN.  The order in x is undefined afterwards.
void ck_sort_rows(long m, long n, long kept, float *x, long ldx, float *y, long ldy);

/// Keeps the multiply-add units busy without touching memory, to measure a core's peak; returns the
/// number of floating-point operations, where a multiply-add counts as two.
long ck_multiply_adds(long rounds, float *result);

#pragma clang assume_nonnull end

// The C library's function, which its header declares only for programs in GNU's dialect.
extern void kernels_sincos(double angle, double *_Nonnull sine, double *_Nonnull cosine)
    __asm__("sincos");

#endif
