#ifndef CKERNELS_TABLE_H
#define CKERNELS_TABLE_H

// Products and sums stay apart unless a kernel fuses them itself: results depend on the kernel only.
#pragma STDC FP_CONTRACT OFF

#include <float.h>
#include <stddef.h>
#include <stdlib.h>

#include "CKernels.h"

// One version of every kernel.  The types are those of the public functions.
typedef struct {
  const char *name;
  __typeof__(ck_dense_forward) *dense_forward;
  __typeof__(ck_dense_backward_input) *dense_backward_input;
  __typeof__(ck_dense_backward_weights) *dense_backward_weights;
  __typeof__(ck_column_sums) *column_sums;
  __typeof__(ck_transpose) *transpose;
  __typeof__(ck_activate) *activate;
  __typeof__(ck_activation_gradient) *activation_gradient;
  __typeof__(ck_layer_norm_forward) *layer_norm_forward;
  __typeof__(ck_layer_norm_backward) *layer_norm_backward;
  __typeof__(ck_adam) *adam;
  __typeof__(ck_soft_update) *soft_update;
  __typeof__(ck_sum_of_squares) *sum_of_squares;
  __typeof__(ck_sum) *sum;
  __typeof__(ck_apply) *apply;
  __typeof__(ck_gather_rows) *gather_rows;
  __typeof__(ck_gaussian_log_probability) *gaussian_log_probability;
  __typeof__(ck_gaussian_backward) *gaussian_backward;
  __typeof__(ck_categorical_log_probability) *categorical_log_probability;
  __typeof__(ck_categorical_entropy) *categorical_entropy;
  __typeof__(ck_categorical_backward) *categorical_backward;
  __typeof__(ck_quantile_loss) *quantile_loss;
  __typeof__(ck_sort_rows) *sort_rows;
  __typeof__(ck_multiply_adds) *multiply_adds;
} ck_table;

#if __x86_64__
extern const ck_table ck_table_v4;
extern const ck_table ck_table_v3;
#endif
extern const ck_table ck_table_baseline;

#endif
