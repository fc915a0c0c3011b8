// Contacts: their making, updating and ending, with the events that set the touching flags.
#include <stdlib.h>
#include <string.h>

#include "apart.h"

static int32_t flag_of_body(const world *w, int32_t index) { return w->obstacle_count + 1 + index; }

static void set_touching(world *w, const contact *c, bool begins) {
  uint8_t *flags[2] = {
    &w->flags[static_body(w, c->leaf)], &w->flags[flag_of_body(w, c->body)]
  };
  for (int i = 0; i < 2; ++i) {
    if (begins) *flags[i] |= TOUCHING | TOUCHED;
    else *flags[i] &= (uint8_t)~TOUCHING;
  }
}

void contact_update(world *w, contact *c) {
  manifold new;
  contact_evaluate(w, c, &new);
  c->manifold = new;
  c->enabled = true;
  const bool touches = new.count > 0;
  if (touches == c->touching) return;
  wake(&w->bodies[c->body]);
  c->touching = touches;
  set_touching(w, c, touches);
}

// An update of two that do not touch and are surely too far apart to do so changes nothing.
static bool update_is_needless(const world *w, const contact *c) {
  const outline *now = &w->bodies[c->body].now;
  return !c->touching
      && surely_apart(w, now, now, w->shapes[c->body].count, c->leaf, MANIFOLD_MARGIN);
}

static void check_update(world *w, const contact *c) {
  manifold new;
  contact_evaluate(w, c, &new);
  if (new.count > 0) ++counts.wrong;
}

void contacts_collide(world *w) {
  int32_t kept = 0;
  for (int32_t i = 0; i < w->contact_count; ++i) {
    contact *c = &w->contacts[i];
    body *b = &w->bodies[c->body];
    if (b->awake) {
      const box fat = w->nodes[node_of_leaf(c->leaf)].fat;
      if (!overlap(fat, w->nodes[node_of_leaf(static_count(w) + c->body)].fat)) {
        if (c->touching) set_touching(w, c, false);
        if (c->manifold.count > 0) wake(b);
        continue;
      }
      if (update_is_needless(w, c)) {
        if (checks_shortcuts) check_update(w, c);
        c->enabled = true;
        ++counts.manifolds_skipped;
      } else {
        contact_update(w, c);
        ++counts.manifolds_computed;
      }
    }
    if (kept < i) w->contacts[kept] = *c;
    ++kept;
  }
  w->contact_count = kept;
}

static void add_contact(world *w, int32_t leaf, int32_t index) {
  for (int32_t i = 0; i < w->contact_count; ++i)
    if (w->contacts[i].leaf == leaf && w->contacts[i].body == index) return;
  if (w->contact_count == w->contact_capacity) {
    const int32_t capacity = 2 * w->contact_capacity;
    contact *larger = realloc(w->contacts, (size_t)capacity * sizeof(contact));
    if (larger == NULL) abort();
    w->contacts = larger;
    w->contact_capacity = capacity;
  }
  memmove(w->contacts + 1, w->contacts, (size_t)w->contact_count * sizeof(contact));
  ++w->contact_count;
  contact *c = &w->contacts[0];
  memset(c, 0, sizeof *c);
  c->leaf = (int16_t)leaf;
  c->body = (uint8_t)index;
  c->enabled = true;
}

void contacts_find_new(world *w) {
  // All queries come before the first new contact, but none of them depends on contacts.  Bodies do
  // not collide with each other, so only static leaves count.
  const int32_t statics = static_count(w);
  for (int32_t i = 0; i < w->moved_count; ++i) {
    const int32_t index = w->moved[i];
    const box fat = w->nodes[node_of_leaf(statics + index)].fat;
    int16_t stack[NODES];
    int32_t depth = 0;
    if (w->root != NONE) stack[depth++] = w->root;
    while (depth > 0) {
      const int16_t at = stack[--depth];
      const node *n = &w->nodes[at];
      if (!overlap(n->fat, fat)) continue;
      if (n->children[0] == NONE) {
        const int32_t leaf = leaf_of_node(at);
        if (leaf < statics) add_contact(w, leaf, index);
      } else {
        stack[depth++] = n->children[0];
        stack[depth++] = n->children[1];
      }
    }
  }
  w->moved_count = 0;
}

void body_synchronize(world *w, int32_t index) {
  body *b = &w->bodies[index];
  outline_set(&b->now, &w->shapes[index], b->pose);
  // A body that has just fallen asleep has no sweep.
  const outline *start = b->awake ? &b->before : &b->now;
  const box first = grown(start->tight, RADIUS), second = grown(b->now.tight, RADIUS);
  const point from = scale(0.5f, add(first.lower, first.upper));
  const point to = scale(0.5f, add(second.lower, second.upper));
  if (tree_move(w, static_count(w) + index, around(first, second), subtract(to, from)))
    w->moved[w->moved_count++] = (int16_t)index;
}
