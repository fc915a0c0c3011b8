// Position iterations in lanes.  Included once per width.

static int NAME(gather_pushers)(
    NAME(pusher) *pushers, const NAME(block) *b, lane_world *const *worlds, int32_t count) {
  const int used = NAME(most_constraints)(worlds, count);
  for (int k = 0; k < used; ++k) {
    NAME(pusher) *p = &pushers[k];
    memset(p, 0, sizeof *p);
    for (int lane = 0; lane < count; ++lane) {
      if (k >= worlds[lane]->constraint_count) continue;
      const constraint *from = &worlds[lane]->constraints[k];
      const manifold *m = &from->contact->manifold;
      NAME(add_owner)(&p->owners, from->body, lane);
      p->on[lane] = -1;
      p->two[lane] = m->count == 2 ? -1 : 0;
      p->is_face_b[lane] = m->is_face_b ? -1 : 0;
      for (int i = 0; i < m->count; ++i) {
        p->local[i].x[lane] = m->points[i].local.x;
        p->local[i].y[lane] = m->points[i].local.y;
      }
      p->normal.x[lane] = m->normal.x;
      p->normal.y[lane] = m->normal.y;
      p->point.x[lane] = m->point.x;
      p->point.y[lane] = m->point.y;
    }
    p->inverse_mass = NAME(of_owner)(&p->owners, b->inverse_mass);
    p->inverse_inertia = NAME(of_owner)(&p->owners, b->inverse_inertia);
    p->local_center = NAME(point_of_owner)(&p->owners, b->local_center);
  }
  return used;
}

// Pushes one contact of each lane; returns the least separation.
INLINE V NAME(push_contact)(const NAME(pusher) *p, NAME(block) *b, V least) {
  P center = NAME(point_of_owner)(&p->owners, b->center);
  V angle = NAME(of_owner)(&p->owners, b->angle);
  const V mass = p->inverse_mass, inertia = p->inverse_inertia;
  const V zero = 0, one = 1;
  for (int i = 0; i < 2; ++i) {
    const M on = i == 0 ? p->on : p->two;
    if (i == 1 && !NAME(any)(on)) break;
    V s, c;
    vturned(angle, &s, &c);
    const P origin = vsubtract(center, vrotate(s, c, p->local_center));
    // The pose of the face's body and of the other; the ground's is the identity.
    const V face_s = p->is_face_b ? s : zero, face_c = p->is_face_b ? c : one;
    const V other_s = p->is_face_b ? zero : s, other_c = p->is_face_b ? one : c;
    const P nothing = {zero, zero};
    const P face_p = vselect(p->is_face_b, origin, nothing);
    const P other_p = vselect(p->is_face_b, nothing, origin);
    P normal = vrotate(face_s, face_c, p->normal);
    const P plane = vadd(vrotate(face_s, face_c, p->point), face_p);
    const P at = vadd(vrotate(other_s, other_c, p->local[i]), other_p);
    const V separation = vdot(vsubtract(at, plane), normal) - RADIUS - RADIUS;
    normal = vselect(p->is_face_b, (P){-normal.x, -normal.y}, normal);
    const P arm = vsubtract(at, center);
    least = on ? vsmaller(least, separation) : least;
    const V error = vclamp(0.2f * (separation + LINEAR_SLOP), (V)-0.2f, zero);
    const V rn = vcross(arm, normal);
    const V k = mass + inertia * rn * rn;
    const V push = k > 0 ? -error / k : zero;
    const P impulse = vscale(push, normal);
    center = vselect(on, vadd(center, vscale(mass, impulse)), center);
    angle = on ? angle + inertia * vcross(arm, impulse) : angle;
  }
  NAME(set_owner_point)(&p->owners, b->center, center);
  NAME(set_owner)(&p->owners, b->angle, angle);
  return least;
}

// Pushes one hinge; returns the lanes in which it holds well enough.
INLINE M NAME(push_hinge)(const cl_hinge *shape, NAME(block) *b) {
  const int i1 = shape->first, i2 = shape->second;
  const V m1 = b->inverse_mass[i1], m2 = b->inverse_mass[i2];
  const V n1 = b->inverse_inertia[i1], n2 = b->inverse_inertia[i2];
  const float lower = shape->lower, upper = shape->upper;
  const V largest_step = 8.0f / 180.0f * PI, zero = 0;
  V angle1 = b->angle[i1], angle2 = b->angle[i2];
  const V angle = angle2 - angle1 - shape->reference_angle;
  V error = 0;
  if (magnitude(upper - lower) < 2.0f * ANGULAR_SLOP) {
    error = vclamp(angle - lower, -largest_step, largest_step);
  } else {
    const V low = vclamp(angle - lower + ANGULAR_SLOP, -largest_step, zero);
    const V high = vclamp(angle - upper - ANGULAR_SLOP, zero, largest_step);
    error = angle >= upper ? high : zero;
    error = angle <= lower ? low : error;
  }
  const V axial_mass = 1.0f / (n1 + n2);
  const V limit_impulse = -axial_mass * error;
  angle1 -= n1 * limit_impulse;
  angle2 += n2 * limit_impulse;

  V s1, c1, s2, c2;
  vturned(angle1, &s1, &c1);
  vturned(angle2, &s2, &c2);
  const P anchor1 = {shape->first_anchor.x - b->local_center[i1].x,
                     shape->first_anchor.y - b->local_center[i1].y};
  const P anchor2 = {shape->second_anchor.x - b->local_center[i2].x,
                     shape->second_anchor.y - b->local_center[i2].y};
  const P r1 = vrotate(s1, c1, anchor1), r2 = vrotate(s2, c2, anchor2);
  const P gap = vsubtract(vsubtract(vadd(b->center[i2], r2), b->center[i1]), r1);
  const V size = __builtin_elementwise_sqrt(gap.x * gap.x + gap.y * gap.y);
  const V k11 = m1 + m2 + n1 * r1.y * r1.y + n2 * r2.y * r2.y;
  const V k12 = -n1 * r1.x * r1.y - n2 * r2.x * r2.y;
  const V k22 = m1 + m2 + n1 * r1.x * r1.x + n2 * r2.x * r2.x;
  V determinant = k11 * k22 - k12 * k12;
  determinant = determinant != 0 ? 1.0f / determinant : determinant;
  const P impulse = {
    -(determinant * (k22 * gap.x - k12 * gap.y)), -(determinant * (k11 * gap.y - k12 * gap.x))
  };
  b->center[i1] = vsubtract(b->center[i1], vscale(m1, impulse));
  b->angle[i1] = angle1 - n1 * vcross(r1, impulse);
  b->center[i2] = vadd(b->center[i2], vscale(m2, impulse));
  b->angle[i2] = angle2 + n2 * vcross(r2, impulse);
  const V absolute = error > 0 ? error : -error;
  return (size <= LINEAR_SLOP) & (absolute <= ANGULAR_SLOP);
}

// Iterates until all lanes are solved, at most a number of times; counts down what is left to each.
static void NAME(push)(
    NAME(block) *b, const NAME(pusher) *pushers, int used, lane_world *const *worlds,
    int32_t count, int32_t most) {
  const cl_hinge *hinges = worlds[0]->world->model->hinges;
  M open = 0;
  for (int lane = 0; lane < count; ++lane) open[lane] = -1;
  for (int k = 0; k < most && NAME(any)(open); ++k) {
    NAME(block) before = *b;
    V least = 0;
    for (int i = 0; i < used; ++i) least = NAME(push_contact)(&pushers[i], b, least);
    M solved = least >= -3.0f * LINEAR_SLOP;
    for (int i = 0; i < HINGES; ++i) solved &= NAME(push_hinge)(&hinges[kHingeOrder[i]], b);
    for (int i = 0; i < BODIES; ++i) {
      b->center[i] = vselect(open, b->center[i], before.center[i]);
      b->angle[i] = open ? b->angle[i] : before.angle[i];
    }
    solved &= open;
    open &= ~solved;
    for (int lane = 0; lane < count; ++lane)
      if (solved[lane]) worlds[lane]->pushes_left = -1;
  }
  for (int lane = 0; lane < count; ++lane)
    if (worlds[lane]->pushes_left > 0) worlds[lane]->pushes_left -= most;
}

// Only the narrow one is used.
__attribute__((unused)) static void NAME(push_rest)(
    lane_world *const *worlds, int32_t count, int32_t most) {
  NAME(block) b;
  NAME(pusher) pushers[WORLD_SLOTS];
  NAME(gather_bodies)(&b, worlds, count);
  const int used = NAME(gather_pushers)(pushers, &b, worlds, count);
  const int32_t left = worlds[0]->pushes_left;
  NAME(push)(&b, pushers, used, worlds, count, most < left ? most : left);
  NAME(scatter_positions)(&b, worlds, count);
}
