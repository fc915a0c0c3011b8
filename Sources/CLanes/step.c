// A step: its phases, for one world and for many.
#include "lanes.h"

// Worlds that go through the phases together.
enum { CHUNK = 128 };

static void begin(world *w) {
  if (w->moved_count > 0) contacts_find_new(w);
  contacts_collide(w);
}

// After the solver: boxes, new contacts, and the beginning of the search for impacts.
static void follow(world *w, const bool *in_island) {
  // Box2D's list of bodies has the newest first.
  for (int32_t i = BODIES - 1; i >= 0; --i)
    if (in_island[i]) body_synchronize(w, i);
  contacts_find_new(w);
  impacts_begin(w);
}

static void end(world *w) {
  w->inverse_seconds_before = 1.0f / w->model->seconds;
  for (int32_t i = 0; i < BODIES; ++i) w->bodies[i].force = (point){0, 0};
}

static void step_alone(world *w) {
  bool in_island[BODIES];
  island_solve(w, in_island);
  follow(w, in_island);
  impact next;
  while (impacts_next(w, &next)) {
    impact_solve(&next);
    impacts_conclude(&next);
  }
  end(w);
}

static _Thread_local int32_t most_contacts = WORLD_SLOTS;

void cl_limit_contacts(int32_t most) {
  most_contacts = most < 0 || most > WORLD_SLOTS ? WORLD_SLOTS : most;
}

// Prepares a world for the lanes; false if they don't cover its state.
static bool enter_lanes(lane_world *lw, world *w) {
  int32_t touching = 0;
  for (int32_t i = 0; i < BODIES; ++i)
    if (!w->bodies[i].awake) return false;
  for (int32_t i = 0; i < w->contact_count; ++i)
    touching += w->contacts[i].enabled && w->contacts[i].touching;
  if (touching > most_contacts) return false;
  lw->world = w;
  lw->constraint_count = 0;
  lw->sort_key = (uint64_t)touching;
  const float h = w->model->seconds, impulse_scale = w->inverse_seconds_before * h;
  for (int32_t order = 0; order < BODIES; ++order) {
    const int32_t index = kBodyOrder[order];
    body *b = &w->bodies[index];
    motion *m = &lw->motions[index];
    *m = motion_begun(w, b);
    for (int32_t i = 0; i < w->contact_count; ++i) {
      const contact *c = &w->contacts[i];
      if (c->body != index || !c->enabled || !c->touching) continue;
      constraint *k = &lw->constraints[lw->constraint_count++];
      constraint_set(k, w, c, impulse_scale);
      constraint_prepare(k, b, b->center, b->pose);
      constraint_warm_start(k, b, &m->v, &m->w);
      lw->sort_key = 12 * lw->sort_key + (uint64_t)(2 * order + (k->count == 2));
    }
  }
  // Worlds with as many contacts come first by the bodies of the first ones.
  for (int32_t i = touching; i < WORLD_SLOTS; ++i) lw->sort_key *= 12;
  lw->pushes_left = w->model->position_iterations;
  return true;
}

// Puts worlds with alike contacts next to each other; which share a block changes no bit.
static void sort(lane_world **worlds, int32_t count) {
  for (int32_t i = 1; i < count; ++i) {
    lane_world *moving = worlds[i];
    int32_t k = i;
    for (; k > 0 && worlds[k - 1]->sort_key > moving->sort_key; --k) worlds[k] = worlds[k - 1];
    worlds[k] = moving;
  }
}

static void solve_in_lanes(lane_world **worlds, int32_t count) {
  const lanes_table *lanes = lanes_chosen();
  sort(worlds, count);
  for (int32_t at = 0; at < count;) {
    const int32_t left = count - at;
    if (left > lanes->narrow) {
      const int32_t n = left < lanes->wide ? left : lanes->wide;
      lanes->solve_wide(worlds + at, n);
      at += n;
    } else {
      lanes->solve_narrow(worlds + at, left);
      at += left;
    }
  }
  // The worlds that need more pushes than most are packed, and packed again as they become fewer.
  lane_world *rest[CHUNK];
  for (int32_t most = 2 * COMMON_PUSHES;; most *= 3) {
    int32_t rest_count = 0;
    for (int32_t i = 0; i < count; ++i)
      if (worlds[i]->pushes_left > 0) rest[rest_count++] = worlds[i];
    if (rest_count == 0) return;
    for (int32_t at = 0; at < rest_count; at += lanes->narrow) {
      const int32_t left = rest_count - at;
      lanes->push_narrow(rest + at, left < lanes->narrow ? left : lanes->narrow, most);
    }
  }
}

// Solves impacts of different worlds.
static void solve_impacts(impact *impacts, int32_t count) {
  impact *together[MOST_LANES];
  int32_t n = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (impacts[i].count <= WORLD_SLOTS) together[n++] = &impacts[i];
    else impact_solve(&impacts[i]);
  }
  if (n >= FEWEST_IMPACTS) lanes_chosen()->solve_impacts(together, n);
  else
    for (int32_t i = 0; i < n; ++i) impact_solve(together[i]);
  for (int32_t i = 0; i < count; ++i) impacts_conclude(&impacts[i]);
}

// Goes through the impacts of worlds in rounds, one of each world in a round.
static void solve_all_impacts(lane_world **worlds, int32_t count) {
  enum { BATCH = 16 };
  const int32_t most = lanes_chosen()->narrow < BATCH ? lanes_chosen()->narrow : BATCH;
  impact impacts[BATCH];
  while (count > 0) {
    int32_t open = 0, waiting = 0;
    for (int32_t i = 0; i < count; ++i) {
      if (!impacts_next(worlds[i]->world, &impacts[waiting])) {
        end(worlds[i]->world);
        continue;
      }
      worlds[open++] = worlds[i];
      if (++waiting < most) continue;
      solve_impacts(impacts, waiting);
      waiting = 0;
    }
    solve_impacts(impacts, waiting);
    count = open;
  }
}

static void step_chunk(cl_worlds *all, const int32_t *indices, int32_t count) {
  static const bool whole[BODIES] = {true, true, true, true, true};
  static const int32_t every[BODIES] = {0, 1, 2, 3, 4};
  lane_world lane_worlds[CHUNK];
  lane_world *entered[CHUNK];
  int32_t entered_count = 0;
  for (int32_t i = 0; i < count; ++i) {
    world *w = &all->worlds[indices[i]];
    begin(w);
    lane_world *next = &lane_worlds[entered_count];
    if (enter_lanes(next, w)) {
      entered[entered_count++] = next;
      continue;
    }
    step_alone(w);
    ++counts.single_steps;
  }
  solve_in_lanes(entered, entered_count);
  for (int32_t i = 0; i < entered_count; ++i) {
    world *w = entered[i]->world;
    island_sleep(w, every, BODIES, entered[i]->pushes_left < 0);
    follow(w, whole);
  }
  solve_all_impacts(entered, entered_count);
  counts.lane_steps += entered_count;
}

void cl_step(cl_worlds *all, const int32_t *indices, int32_t count) {
  for (int32_t at = 0; at < count; at += CHUNK)
    step_chunk(all, indices + at, count - at < CHUNK ? count - at : CHUNK);
}
