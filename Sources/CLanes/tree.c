// The tree of fat boxes that finds new contacts: Box2D's dynamic tree, copied operation by operation,
// because the order in which contacts are made, and hence solved, is the order of its nodes.
#include "world.h"

static const float kExtension = 0.1f;
static const float kPrediction = 4.0f;

INLINE bool is_leaf(const node *n) { return n->children[0] == NONE; }

static int16_t allocate(world *w) {
  const int16_t index = w->first_free;
  node *n = &w->nodes[index];
  w->first_free = n->parent;
  n->parent = n->children[0] = n->children[1] = NONE;
  n->height = 0;
  return index;
}

static void release(world *w, int16_t index) {
  w->nodes[index].parent = w->first_free;
  w->nodes[index].height = -1;
  w->first_free = index;
}

INLINE void replace_child(world *w, int16_t parent, int16_t old, int16_t new) {
  if (parent == NONE) {
    w->root = new;
    return;
  }
  node *p = &w->nodes[parent];
  p->children[p->children[0] == old ? 0 : 1] = new;
}

INLINE int16_t taller(const node *a, const node *b) {
  return (int16_t)(1 + (a->height > b->height ? a->height : b->height));
}

// Rotates the taller child of `a`, on the given side, into its place; returns the child.
static int16_t rotate_up(world *w, int16_t a, int side) {
  node *nodes = w->nodes;
  node *A = &nodes[a];
  const int16_t raised = A->children[side];
  const node *other = &nodes[A->children[1 - side]];
  node *R = &nodes[raised];
  const int16_t first = R->children[0], second = R->children[1];
  R->children[0] = a;
  R->parent = A->parent;
  A->parent = raised;
  replace_child(w, R->parent, a, raised);
  const bool first_stays = nodes[first].height > nodes[second].height;
  const int16_t stays = first_stays ? first : second, moves = first_stays ? second : first;
  R->children[1] = stays;
  A->children[side] = moves;
  nodes[moves].parent = a;
  A->fat = around(other->fat, nodes[moves].fat);
  R->fat = around(A->fat, nodes[stays].fat);
  A->height = taller(other, &nodes[moves]);
  R->height = taller(A, &nodes[stays]);
  return raised;
}

static int16_t balance(world *w, int16_t a) {
  const node *A = &w->nodes[a];
  if (is_leaf(A) || A->height < 2) return a;
  const int difference = w->nodes[A->children[1]].height - w->nodes[A->children[0]].height;
  if (difference > 1) return rotate_up(w, a, 1);
  if (difference < -1) return rotate_up(w, a, 0);
  return a;
}

static void repair_upwards(world *w, int16_t index) {
  while (index != NONE) {
    index = balance(w, index);
    node *n = &w->nodes[index];
    const node *first = &w->nodes[n->children[0]], *second = &w->nodes[n->children[1]];
    n->height = taller(first, second);
    n->fat = around(first->fat, second->fat);
    index = n->parent;
  }
}

// The cost of putting a leaf below a child.
INLINE float descent_cost(const node *child, box leaf, float inheritance) {
  const float size = perimeter(around(leaf, child->fat));
  if (is_leaf(child)) return size + inheritance;
  return (size - perimeter(child->fat)) + inheritance;
}

static void insert(world *w, int16_t leaf) {
  node *nodes = w->nodes;
  if (w->root == NONE) {
    w->root = leaf;
    nodes[leaf].parent = NONE;
    return;
  }
  const box fat = nodes[leaf].fat;
  int16_t sibling = w->root;
  while (!is_leaf(&nodes[sibling])) {
    const node *n = &nodes[sibling];
    const float combined = perimeter(around(n->fat, fat));
    const float cost = 2.0f * combined;
    const float inheritance = 2.0f * (combined - perimeter(n->fat));
    const float first = descent_cost(&nodes[n->children[0]], fat, inheritance);
    const float second = descent_cost(&nodes[n->children[1]], fat, inheritance);
    if (cost < first && cost < second) break;
    sibling = n->children[first < second ? 0 : 1];
  }
  const int16_t old_parent = nodes[sibling].parent, parent = allocate(w);
  nodes[parent].parent = old_parent;
  nodes[parent].fat = around(fat, nodes[sibling].fat);
  nodes[parent].height = (int16_t)(nodes[sibling].height + 1);
  replace_child(w, old_parent, sibling, parent);
  nodes[parent].children[0] = sibling;
  nodes[parent].children[1] = leaf;
  nodes[sibling].parent = nodes[leaf].parent = parent;
  repair_upwards(w, parent);
}

static void take_out(world *w, int16_t leaf) {
  node *nodes = w->nodes;
  if (leaf == w->root) {
    w->root = NONE;
    return;
  }
  const int16_t parent = nodes[leaf].parent, grandparent = nodes[parent].parent;
  const int16_t sibling = nodes[parent].children[nodes[parent].children[0] == leaf ? 1 : 0];
  replace_child(w, grandparent, parent, sibling);
  nodes[sibling].parent = grandparent;
  release(w, parent);
  repair_upwards(w, grandparent);
}

void tree_build(world *w, const box *leaves, int32_t count) {
  for (int32_t i = 0; i < NODES; ++i) {
    w->nodes[i].parent = (int16_t)(i + 1 < NODES ? i + 1 : NONE);
    w->nodes[i].height = -1;
  }
  w->first_free = 0;
  w->root = NONE;
  for (int32_t i = 0; i < count; ++i) {
    const int16_t leaf = allocate(w);
    w->nodes[leaf].fat = grown(leaves[i], kExtension);
    insert(w, leaf);
  }
}

bool tree_move(world *w, int32_t leaf, box swept, point displacement) {
  const int16_t index = node_of_leaf(leaf);
  box fat = grown(swept, kExtension);
  const point ahead = scale(kPrediction, displacement);
  if (ahead.x < 0) fat.lower.x += ahead.x; else fat.upper.x += ahead.x;
  if (ahead.y < 0) fat.lower.y += ahead.y; else fat.upper.y += ahead.y;
  const box old = w->nodes[index].fat;
  if (contains(old, swept) && contains(grown(fat, 4.0f * kExtension), old)) return false;
  take_out(w, index);
  w->nodes[index].fat = fat;
  insert(w, index);
  return true;
}
