#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const ck_table *chosen = &ck_table_baseline;

// Set by tests that compare versions; other threads keep computing with the chosen one.
static _Thread_local __attribute__((tls_model("initial-exec"))) const ck_table *forced;

static inline const ck_table *table(void) {
  const ck_table *override = forced;
  return __builtin_expect(override != NULL, 0) ? override : chosen;
}

static const ck_table *find(const char *name) {
  if (strcmp(name, "baseline") == 0) return &ck_table_baseline;
#if __x86_64__
  __builtin_cpu_init();
  if (strcmp(name, "v3") == 0 && __builtin_cpu_supports("x86-64-v3")) return &ck_table_v3;
  if (strcmp(name, "v4") == 0 && __builtin_cpu_supports("x86-64-v4")) return &ck_table_v4;
#endif
  return NULL;
}

// Runs before main: the environment variable wins where the CPU can follow it.
__attribute__((constructor)) static void choose_at_load(void) {
  const char *wanted = getenv("RLSUITE_KERNELS");
  const ck_table *found = wanted ? find(wanted) : NULL;
  if (found == NULL) found = find("v4");
  if (found == NULL) found = find("v3");
  if (found != NULL) chosen = found;
  if (wanted != NULL && strcmp(wanted, chosen->name) != 0)
    fprintf(
        stderr, "RLSUITE_KERNELS=%s is not one of v4, v3, baseline that this CPU can run; using %s\n",
        wanted, chosen->name);
}

bool ck_select(const char *name) {
  forced = name ? find(name) : NULL;
  return name == NULL || forced != NULL;
}

const char *ck_instruction_set(void) { return table()->name; }

void ck_dense_forward(
    long m, long n, long k, const float *x, long ldx, const float *w, long ldw, const float *wt,
    long ldwt, const float *bias, int32_t activation, float *y, long ldy, float *pre, long ldpre) {
  table()->dense_forward(
      m, n, k, x, ldx, w, ldw, wt, ldwt, bias, activation, y, ldy, pre, ldpre);
}

void ck_dense_backward_input(
    long m, long n, long k, const float *dy, long lddy, const float *wt, long ldwt,
    int32_t activation, const float *saved, long ldsaved, float *dx, long lddx) {
  table()->dense_backward_input(
      m, n, k, dy, lddy, wt, ldwt, activation, saved, ldsaved, dx, lddx);
}

void ck_dense_backward_weights(
    long m, long n, long k, const float *x, long ldx, const float *dy, long lddy, float *dw,
    long lddw, float *db, bool accumulate) {
  table()->dense_backward_weights(m, n, k, x, ldx, dy, lddy, dw, lddw, db, accumulate);
}

void ck_column_sums(
    long m, long n, const float *dy, long lddy, float *db, bool accumulate) {
  table()->column_sums(m, n, dy, lddy, db, accumulate);
}

void ck_transpose(long rows, long columns, const float *src, long ldsrc, float *dst, long lddst) {
  table()->transpose(rows, columns, src, ldsrc, dst, lddst);
}

void ck_activate(long count, int32_t activation, const float *z, float *y) {
  table()->activate(count, activation, z, y);
}

void ck_activation_gradient(
    long count, int32_t activation, const float *saved, const float *dy, float *dz) {
  table()->activation_gradient(count, activation, saved, dy, dz);
}

void ck_layer_norm_forward(
    long m, long n, const float *x, long ldx, const float *scale, const float *shift, float epsilon,
    float *normalized, long ldn, float *inverse_deviation, float *y, long ldy) {
  table()->layer_norm_forward(
      m, n, x, ldx, scale, shift, epsilon, normalized, ldn, inverse_deviation, y, ldy);
}

void ck_layer_norm_backward(
    long m, long n, const float *normalized, long ldn, const float *inverse_deviation,
    const float *scale, const float *dy, long lddy, float *dx, long lddx, float *dscale,
    float *dshift, bool accumulate) {
  table()->layer_norm_backward(
      m, n, normalized, ldn, inverse_deviation, scale, dy, lddy, dx, lddx, dscale, dshift,
      accumulate);
}

void ck_adam(
    long count, const ck_adam_constants *constants, const float *gradient, float *value,
    float *first_moment, float *second_moment) {
  table()->adam(count, constants, gradient, value, first_moment, second_moment);
}

void ck_soft_update(long count, float rate, const float *source, float *target) {
  table()->soft_update(count, rate, source, target);
}

float ck_sum_of_squares(long count, const float *x) { return table()->sum_of_squares(count, x); }

float ck_sum(long count, const float *x) { return table()->sum(count, x); }

void ck_apply(long count, int32_t function, float *x) { table()->apply(count, function, x); }

void ck_gather_rows(
    long count, long stride, const float *src, const int32_t *indices, float *dst) {
  table()->gather_rows(count, stride, src, indices, dst);
}

void ck_gaussian_log_probability(
    long m, long n, const float *actions, long lda, const float *mean, long ldm,
    const float *log_deviation, float *out) {
  table()->gaussian_log_probability(m, n, actions, lda, mean, ldm, log_deviation, out);
}

void ck_gaussian_backward(
    long m, long n, const float *weights, const float *actions, long lda, const float *mean,
    long ldm, const float *log_deviation, float *dmean, long lddm, float *dlog_deviation) {
  table()->gaussian_backward(
      m, n, weights, actions, lda, mean, ldm, log_deviation, dmean, lddm, dlog_deviation);
}

void ck_categorical_log_probability(
    long m, long n, const float *actions, long lda, const float *logits, long ldl, float *out) {
  table()->categorical_log_probability(m, n, actions, lda, logits, ldl, out);
}

void ck_categorical_entropy(long m, long n, const float *logits, long ldl, float *out) {
  table()->categorical_entropy(m, n, logits, ldl, out);
}

void ck_categorical_backward(
    long m, long n, const float *weights, float entropy_weight, const float *actions, long lda,
    const float *logits, long ldl, float *dlogits, long lddl) {
  table()->categorical_backward(
      m, n, weights, entropy_weight, actions, lda, logits, ldl, dlogits, lddl);
}

float ck_quantile_loss(
    long m, long n, long count, const float *values, long ldv, const float *targets, long ldt,
    float *gradient, long ldg) {
  return table()->quantile_loss(m, n, count, values, ldv, targets, ldt, gradient, ldg);
}

void ck_sort_rows(long m, long n, long kept, float *x, long ldx, float *y, long ldy) {
  table()->sort_rows(m, n, kept, x, ldx, y, ldy);
}

long ck_multiply_adds(long rounds, float *result) {
  return table()->multiply_adds(rounds, result);
}
