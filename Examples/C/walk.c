// Steps eight walkers from C, with random actions, and draws one of them.  Build it with the shared library that
// `make library` makes:
//
//   cc walk.c -I ../../Sources/CRLSuite/include -L ../../.build-program/library -lrlsuite -o walk
#include <rlsuite.h>
#include <stdio.h>
#include <stdlib.h>

enum { environments = 8, steps = 400, width = 300, height = 200 };

// Ends the program with the library's own sentence if a call has failed.
static void check(int32_t status) {
  char sentence[500];
  int64_t length;
  if (status == RLSUITE_OK) return;
  rlsuite_last_error(sentence, sizeof sentence, &length);
  fprintf(stderr, "walk: %s\n", length < (int64_t)sizeof sentence ? sentence : "(a long sentence)");
  exit(status);
}

// A number between -1 and 1.
static float draw(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

int main(void) {
  if (rlsuite_abi_version() != RLSUITE_ABI_VERSION) {
    fprintf(stderr, "walk: the library has another interface than the header\n");
    return 1;
  }
  uint64_t vector;
  check(rlsuite_create(
      "{\"environment\": \"walker\", \"environments\": 8, \"autoreset\": \"same-step\"}", &vector));
  rlsuite_sizes sizes;
  check(rlsuite_get_sizes(vector, &sizes));

  float *actions = calloc((size_t)(environments * sizes.action_width), sizeof(float));
  float *observations = calloc((size_t)(environments * sizes.observation_width), sizeof(float));
  double rewards[environments];
  uint8_t terminated[environments], truncated[environments];
  uint8_t *pixels = malloc(3 * width * height);
  if (!actions || !observations || !pixels) return 1;
  rlsuite_buffers buffers = {
      .actions = actions,
      .action_count = environments * sizes.action_width,
      .observations = observations,
      .observation_count = environments * sizes.observation_width,
      .rewards = rewards,
      .reward_count = environments,
      .terminated = terminated,
      .terminated_count = environments,
      .truncated = truncated,
      .truncated_count = environments,
  };
  check(rlsuite_bind(vector, &buffers, sizeof buffers));
  check(rlsuite_reset(vector, NULL, 0, NULL, 0));

  uint32_t state = 1;
  double sum = 0;
  int falls = 0;
  for (int step = 0; step < steps; step += 1) {
    for (int64_t i = 0; i < environments * sizes.action_width; i += 1) actions[i] = draw(&state);
    check(rlsuite_step(vector));
    for (int i = 0; i < environments; i += 1) {
      sum += rewards[i];
      falls += terminated[i];
    }
  }
  check(rlsuite_render(vector, 0, width, height, pixels, 3 * width * height));
  check(rlsuite_destroy(vector));
  printf("%d steps, reward %.6f, %d falls, sky %d %d %d\n", environments * steps, sum, falls, pixels[0],
         pixels[1], pixels[2]);
  free(actions);
  free(observations);
  free(pixels);
  return 0;
}
