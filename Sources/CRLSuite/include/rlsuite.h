// The suite's environments and policies for other languages: the interface of librlsuite.so.
//
// Environments come in vectors of N, which one call steps together.  The caller owns all buffers and lends
// them once; a step then takes a handle and nothing else:
//
//   uint64_t vector;
//   rlsuite_create("{\"environment\": \"walker\", \"environments\": 8}", &vector);
//   rlsuite_bind(vector, &buffers);
//   rlsuite_reset(vector, NULL, 0, NULL, 0);
//   for (;;) { ... write buffers.actions ...; rlsuite_step(vector); }
//   rlsuite_destroy(vector);
//
// Every function returns a status unless it says otherwise: RLSUITE_OK, or the reason for a failure, about
// which rlsuite_last_error has one sentence.  A failed call changes nothing, unless it says otherwise.
// Numbers, lengths, handles and texts are checked before use: a mistake is a status, never a crash, as
// long as every pointer is NULL or has room for the number of elements that is passed beside it.
//
// Handles may be used by several threads: calls for one handle wait for each other, calls for different
// handles run side by side.  Results depend neither on threads nor on the clock.
#ifndef RLSUITE_H
#define RLSUITE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Version of this interface.  It changes if a program built with an older header could misbehave; compare it
// with rlsuite_abi_version before any other call.  New functions alone don't change it.
#define RLSUITE_ABI_VERSION 1

// Statuses; the program `rlsuite` ends with the same codes.
enum {
  RLSUITE_OK = 0,
  RLSUITE_USAGE = 64,        // an argument is not allowed
  RLSUITE_DAMAGED = 65,      // a file or snapshot is damaged, or of another version
  RLSUITE_MISSING = 66,      // a file does not exist
  RLSUITE_UNAVAILABLE = 69,  // the system refuses threads
  RLSUITE_INTERNAL = 70,     // anything else
  RLSUITE_INPUT_OUTPUT = 74  // a file can't be read
};

// Version of the interface that the library has.  Never fails.
uint32_t rlsuite_abi_version(void);

// Functions that return text or bytes write at most `capacity` of them to `buffer` and set `*length` to the
// length of the whole; texts are UTF-8 and have a final NUL beyond their length, so they need one byte more.
// Ask with a capacity of 0 (`buffer` may be NULL then) to learn the length.  Nothing is written to a buffer
// that is too small, and the status is RLSUITE_OK all the same.

// The last failure of the calling thread, as one sentence; empty if there was none.
int32_t rlsuite_last_error(char *buffer, int64_t capacity, int64_t *length);

// Version of the suite, such as "0.1.0".
int32_t rlsuite_version(char *buffer, int64_t capacity, int64_t *length);

// All environments, as a JSON array of objects with "id" and "summary".
int32_t rlsuite_list(char *buffer, int64_t capacity, int64_t *length);

// The specification of an environment as a JSON object: what `rlsuite describe ID --json` prints.
int32_t rlsuite_describe(const char *id, char *buffer, int64_t capacity, int64_t *length);

// Runs the program `rlsuite` with the arguments of this process, and ends the process with the program's exit
// code: for a launcher, whose only call this is.
int32_t rlsuite_run_program(void);

// MARK: Environments

// Makes a vector of environments from a JSON object; all members but the first may be left out.
//
//   "environment"   id of the environment
//   "environments"  number N of environments, 1 to 65,536; 1
//   "threads"       number of threads that step them, 1 to 1024; 1
//   "autoreset"     what happens when an episode ends: "next-step" (the next step resets it instead of
//                   stepping it, with a reward of 0), "same-step" (it is reset in the same step) or
//                   "disabled" (it must be reset by rlsuite_reset); "next-step"
//   "parameters"    object of physical parameters that differ from their nominal values
//   "disturbances"  whether each step takes external disturbances; false
//   "randomize"     parameters that each episode draws for itself, as in `train --randomize`
//   "perturb"       perturbations, as in `train --perturb`
int32_t rlsuite_create(const char *configuration, uint64_t *vector);

// Frees a vector or a policy.  Its buffers are no longer used.
int32_t rlsuite_destroy(uint64_t handle);

// The sizes of a vector's buffers.
typedef struct {
  int64_t environments;       // N
  int64_t observation_width;  // O
  int64_t action_width;       // A
  int64_t choices;            // number of discrete actions; 0 if actions are continuous
  int64_t disturbance_width;  // D; 0 unless the vector was made with "disturbances"
  int64_t parameters;         // P
} rlsuite_sizes;

int32_t rlsuite_get_sizes(uint64_t vector, rlsuite_sizes *sizes);

// Buffers that the caller owns: each pointer is followed by its number of elements, which must be exact.
// Those that are marked optional may be NULL with 0 elements.
typedef struct {
  const float *actions;           // [N × A]; of a discrete action its index
  int64_t action_count;
  const float *disturbances;      // [N × D], within ± the bounds of the specification; NULL if D is 0
  int64_t disturbance_count;
  float *observations;            // [N × O]
  int64_t observation_count;
  double *rewards;                // [N]
  int64_t reward_count;
  uint8_t *terminated;            // [N]; 1 if the task ended the episode
  int64_t terminated_count;
  uint8_t *truncated;             // [N]; 1 if the time limit ended it
  int64_t truncated_count;
  float *final_observations;      // [N × O], optional; last observations of episodes that ended in a step
  int64_t final_observation_count;
} rlsuite_buffers;

// Lends buffers to a vector, until it is destroyed or others are bound.  `size` is sizeof(rlsuite_buffers).
int32_t rlsuite_bind(uint64_t vector, const rlsuite_buffers *buffers, int64_t size);

// Starts episodes and writes their first observations; rewards and flags of these rows become 0.
//
// `seeds` [N] are the seeds of the episodes; each later episode of an environment has a seed that follows
// from this one and the number of episodes since.  Without seeds (NULL, 0), the next episode of each
// environment begins; before the first seeds, environment i has the seed i.  `mask` [N] says which
// environments are reset; NULL with 0 elements for all.
int32_t rlsuite_reset(uint64_t vector, const uint64_t *seeds, int64_t seed_count, const uint8_t *mask,
                      int64_t mask_count);

// Steps all environments with the bound actions, and writes observations, rewards and flags.
//
// Actions must be finite, and discrete ones whole numbers from 0 to below the number of choices; continuous
// ones beyond their bounds are clipped as the environment says.  Actions of environments that this step
// resets ("next-step") are ignored.
int32_t rlsuite_step(uint64_t vector);

// Sets a physical parameter of one environment, or of all if it is -1, from the next reset on.
int32_t rlsuite_set_parameter(uint64_t vector, int64_t environment, const char *name, double value);

// The physical parameters of one environment's next episode, [P], in the order of the specification.
int32_t rlsuite_get_parameters(uint64_t vector, int64_t environment, double *values, int64_t count);

// Draws one environment's current state: rows of red, green and blue bytes from the top, [height × width × 3].
// Width and height lie in 64 to 4096.
int32_t rlsuite_render(uint64_t vector, int64_t environment, int64_t width, int64_t height, uint8_t *pixels,
                       int64_t count);

// The running episode of one environment as bytes (a safetensors archive), from which it can be continued
// by this vector or another one of the same environment.
int32_t rlsuite_snapshot(uint64_t vector, int64_t environment, uint8_t *buffer, int64_t capacity,
                         int64_t *length);

// Continues an episode: it is simulated again from its seed, parameters and actions, and compared with a hash
// of the simulator's state.  Writes the environment's observation; its reward and flags become 0.  After a
// failure while simulating, the environment must be reset.
int32_t rlsuite_restore(uint64_t vector, int64_t environment, const uint8_t *bytes, int64_t count);

// Hash of the full state of one environment's simulator, for comparisons.
int32_t rlsuite_state_hash(uint64_t vector, int64_t environment, uint64_t *hash);

// MARK: Policies

// Loads a policy: a run folder, a checkpoint folder, a policy file, or the id of a controller.
// `environment` is the id of the environment it shall act in; NULL for its own.
int32_t rlsuite_policy_load(const char *path, const char *environment, uint64_t *policy);

// The policy as a JSON object: "environment", "path", "agent", "steps", "observation-width", "action-width"
// and "choices" (0 if actions are continuous).
int32_t rlsuite_policy_describe(uint64_t policy, char *buffer, int64_t capacity, int64_t *length);

// Chooses actions for `rows` observations, [rows × O] to [rows × A]; observations must be finite.
//
// Deterministic actions are the modes of the policy's distribution; others are drawn from streams of their
// row, which rlsuite_policy_begin starts.
int32_t rlsuite_policy_act(uint64_t policy, const float *observations, int64_t observation_count,
                           int64_t rows, int32_t is_deterministic, float *actions, int64_t action_count);

// Tells the policy that an episode with a seed begins in a row, below 65,536: its random stream starts anew,
// and a controller forgets the episode before.
int32_t rlsuite_policy_begin(uint64_t policy, int64_t row, uint64_t seed);

// MARK: Datasets

// Writes recorded episodes of one environment as a new dataset that `minari.load_dataset` opens, from a JSON
// object; all members but the first two may be left out.
//
//   "recordings"   paths of recordings (.rlrec), in their order
//   "id"           id of the dataset, such as "rlsuite/walker/expert-v0"
//   "folder"       folder of all datasets; that of the variable MINARI_DATASETS_PATH, or ~/.minari/datasets
//   "description"  what the dataset is
//   "author"       who made it
int32_t rlsuite_write_minari(const char *dataset);

#ifdef __cplusplus
}
#endif

#endif
