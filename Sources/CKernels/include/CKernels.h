#ifndef CKERNELS_H
#define CKERNELS_H

// Single-precision kernels in plain C with clang's vector extensions.
//
// Every body is compiled three times (AVX-512, AVX2 with FMA, baseline) and chosen once, when the
// library loads.  The first two give identical bits; so does the baseline on machines with a fused
// multiply-add (arm64).  Rules that all kernels keep:
//
// - Matrices are row-major; a row starts at a multiple of 16 floats, is 64-byte aligned, and its
//   padding is zero before and after a call.  `ld…` is that row distance in floats.
// - One output element is one chain of multiply-adds in a fixed order, so it depends neither on the
//   row's position nor on how many rows are computed together.
// - Reductions use 16 lanes, folded pairwise: i with i + 8, then i + 4, i + 2, i + 1.
// - A "flat" count may be any number; memory up to the next multiple of 16 must exist, and the
//   values behind the count are left as they were.

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

/// Makes the calling thread use another version, for tests; NULL ends that.  False, and nothing
/// forced, if there is no such version on this CPU.
bool ck_select(const char *_Nullable name);

/// Outputs of up to this many columns take a path of 16-lane dot products.
enum { CK_NARROW = 4 };

/// Y[m × n] = act(X[m × k] · W[k × n] + bias).
///
/// Where `pre` is given it receives the sum before the activation.  Where `wt`, the transposed copy
/// of W, is given, narrow outputs are computed from it.
void ck_dense_forward(
    long m, long n, long k, const float *x, long ldx, const float *w, long ldw,
    const float *_Nullable wt, long ldwt, const float *_Nullable bias, int32_t activation, float *y,
    long ldy, float *_Nullable pre, long ldpre);

/// dX[m × n] = (dY[m × k] · WT[k × n]) ⊙ act'(saved), where `saved` is what `ck_activation_gradient`
/// wants; without it the factor is one.
void ck_dense_backward_input(
    long m, long n, long k, const float *dy, long lddy, const float *wt, long ldwt,
    int32_t activation, const float *_Nullable saved, long ldsaved, float *dx, long lddx);

/// dW[n × k] (+)= Xᵀ[n × m] · dY[m × k] and db[k] (+)= the column sums of dY.
void ck_dense_backward_weights(
    long m, long n, long k, const float *x, long ldx, const float *dy, long lddy, float *dw,
    long lddw, float *_Nullable db, bool accumulate);

/// db[n] (+)= the column sums of dY[m × n], row by row.
void ck_column_sums(
    long m, long n, const float *dy, long lddy, float *db, bool accumulate);

/// Writes the transpose of src[rows × columns] into dst[columns × rows].
void ck_transpose(long rows, long columns, const float *src, long ldsrc, float *dst, long lddst);

/// y = act(z), flat.
void ck_activate(long count, int32_t activation, const float *z, float *y);

/// dz = dy · act'(saved), flat.  Saved is z for SiLU and act(z) for all others.
void ck_activation_gradient(
    long count, int32_t activation, const float *saved, const float *dy, float *dz);

/// Standardises each row, keeps the result and 1/σ per row, and writes scale · result + shift.
void ck_layer_norm_forward(
    long m, long n, const float *x, long ldx, const float *scale, const float *shift, float epsilon,
    float *normalized, long ldn, float *inverse_deviation, float *y, long ldy);

/// The gradients of the above; `dx` may be `dy`.  Those of scale and shift are left out together.
void ck_layer_norm_backward(
    long m, long n, const float *normalized, long ldn, const float *inverse_deviation,
    const float *scale, const float *dy, long lddy, float *dx, long lddx, float *_Nullable dscale,
    float *_Nullable dshift, bool accumulate);

/// The constants of one Adam step, with both bias corrections and the schedule folded in.
typedef struct {
  float gradient_scale;       // multiplies the gradient first
  float beta1, beta2;         // decay of the moments
  float step_size;            // learning rate / (1 - beta1^t)
  float inverse_root_bias2;   // 1 / sqrt(1 - beta2^t)
  float epsilon;              // added outside the root
  float decay;                // 1 - learning rate · weight decay
} ck_adam_constants;

/// One Adam or AdamW step over a flat array.
void ck_adam(
    long count, const ck_adam_constants *constants, const float *gradient, float *value,
    float *first_moment, float *second_moment);

/// target += rate · (source - target), flat.
void ck_soft_update(long count, float rate, const float *source, float *target);

/// Σ x², flat.
float ck_sum_of_squares(long count, const float *x);

/// Σ x, flat.
float ck_sum(long count, const float *x);

/// x = f(x), flat; `function` is one of the second list above.
void ck_apply(long count, int32_t function, float *x);

/// dst[i] = src[indices[i]] by rows of `stride` floats, a multiple of 16.
void ck_gather_rows(
    long count, long stride, const float *src, const int32_t *indices, float *dst);

/// out[i] = log N(actions[i] | mean[i], exp(log_deviation)), with `n` columns.
void ck_gaussian_log_probability(
    long m, long n, const float *actions, long lda, const float *mean, long ldm,
    const float *log_deviation, float *out);

/// Sets dmean and adds to dlog_deviation the gradients of Σ weights[i] · log N(actions[i] | …).
void ck_gaussian_backward(
    long m, long n, const float *weights, const float *actions, long lda, const float *mean,
    long ldm, const float *log_deviation, float *dmean, long lddm, float *dlog_deviation);

/// out[i] = log softmax(logits[i])[choice i], where the first column of `actions` holds the choices
/// as whole numbers in 0 ..< n.
void ck_categorical_log_probability(
    long m, long n, const float *actions, long lda, const float *logits, long ldl, float *out);

/// out[i] = the entropy of softmax(logits[i]).
void ck_categorical_entropy(long m, long n, const float *logits, long ldl, float *out);

/// Sets dlogits to the gradients of Σ weights[i] · log p(choice i) + entropy_weight · entropy[i].
void ck_categorical_backward(
    long m, long n, const float *weights, float entropy_weight, const float *actions, long lda,
    const float *logits, long ldl, float *dlogits, long lddl);

/// Asks for memory that is read soon; a hint, and harmless.
static inline void ck_prefetch(const float *p, long count) {
  for (long i = 0; i < count; i += 16) __builtin_prefetch(p + i);
}

/// Sets the gradient of the quantile Huber loss by values[m × n] against targets[m × count], and
/// returns the loss: the mean over all pairs of |τ - 1{y < θ}| huber(y - θ), where value j of a row
/// has τ = (j + ½) / n.
float ck_quantile_loss(
    long m, long n, long count, const float *values, long ldv, const float *targets, long ldt,
    float *gradient, long ldg);

/// Writes the `kept` least of each row of x[m × n] into y[m × kept], in ascending order; NaN all of
/// them where the row has one.  The order in x is undefined afterwards.
void ck_sort_rows(long m, long n, long kept, float *x, long ldx, float *y, long ldy);

/// Keeps the multiply-add units busy without touching memory; returns the number of floating-point
/// operations, a multiply-add counting two.  For measuring what a core can do.
long ck_multiply_adds(long rounds, float *result);

#pragma clang assume_nonnull end

#endif
