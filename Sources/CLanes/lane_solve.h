// Velocity iterations in lanes.  Included once per width.

INLINE void NAME(fill_slot)(NAME(slot) *s, const constraint *from, int lane) {
  s->on[lane] = -1;
  s->two[lane] = from->count == 2 ? -1 : 0;
  if (from->count == 2) s->any_two = true; else s->any_one = true;
  for (int i = 0; i < from->count; ++i) {
    const constraint_point *p = &from->points[i];
    s->arm[i].x[lane] = p->arm.x;
    s->arm[i].y[lane] = p->arm.y;
    s->still[i].x[lane] = p->still.x;
    s->still[i].y[lane] = p->still.y;
    s->normal_impulse[i][lane] = p->normal_impulse;
    s->tangent_impulse[i][lane] = p->tangent_impulse;
    s->normal_mass[i][lane] = p->normal_mass;
    s->tangent_mass[i][lane] = p->tangent_mass;
  }
  s->normal.x[lane] = from->normal.x;
  s->normal.y[lane] = from->normal.y;
  s->friction[lane] = from->friction;
  if (from->count < 2) return;
  s->k11[lane] = from->k11;
  s->k12[lane] = from->k12;
  s->k22[lane] = from->k22;
  s->i11[lane] = from->i11;
  s->i12[lane] = from->i12;
  s->i22[lane] = from->i22;
}

static int NAME(gather_slots)(
    NAME(slot) *slots, const NAME(block) *b, lane_world *const *worlds, int32_t count) {
  const int used = NAME(most_constraints)(worlds, count);
  for (int k = 0; k < used; ++k) {
    NAME(slot) *s = &slots[k];
    memset(s, 0, sizeof *s);
    for (int lane = 0; lane < count; ++lane) {
      if (k >= worlds[lane]->constraint_count) continue;
      const constraint *from = &worlds[lane]->constraints[k];
      NAME(add_owner)(&s->owners, from->body, lane);
      NAME(fill_slot)(s, from, lane);
    }
    s->inverse_mass = NAME(of_owner)(&s->owners, b->inverse_mass);
    s->inverse_inertia = NAME(of_owner)(&s->owners, b->inverse_inertia);
  }
  return used;
}

static void NAME(scatter_slots)(
    const NAME(slot) *slots, lane_world *const *worlds, int32_t count) {
  for (int lane = 0; lane < count; ++lane)
    for (int k = 0; k < worlds[lane]->constraint_count; ++k) {
      const constraint *from = &worlds[lane]->constraints[k];
      manifold *m = &((contact *)from->contact)->manifold;
      for (int j = 0; j < from->count; ++j) {
        m->points[j].normal_impulse = slots[k].normal_impulse[j][lane];
        m->points[j].tangent_impulse = slots[k].tangent_impulse[j][lane];
      }
    }
}

INLINE P NAME(relative)(const NAME(slot) *s, int i, P v, V w) {
  return vsubtract(vadd(v, vcross_left(w, s->arm[i])), s->still[i]);
}

INLINE void NAME(solve_slot)(NAME(slot) *s, NAME(block) *b) {
  P v = NAME(point_of_owner)(&s->owners, b->velocity);
  V w = NAME(of_owner)(&s->owners, b->omega);
  const V mass = s->inverse_mass, inertia = s->inverse_inertia, zero = 0;
  const P normal = s->normal, tangent = {normal.y, -normal.x};
  for (int i = 0; i < 2; ++i) {
    if (i == 1 && !s->any_two) break;
    const V vt = vdot(NAME(relative)(s, i, v, w), tangent);
    const V most = s->friction * s->normal_impulse[i];
    const V new = vclamp(s->tangent_impulse[i] + s->tangent_mass[i] * (-vt), -most, most);
    const P impulse = vscale(new - s->tangent_impulse[i], tangent);
    s->tangent_impulse[i] = new;
    const P pushed = vadd(v, vscale(mass, impulse));
    const V turned = w + inertia * vcross(s->arm[i], impulse);
    // Lanes without a contact are not stored, so that only the second point needs a mask.
    v = i == 0 ? pushed : vselect(s->two, pushed, v);
    w = i == 0 ? turned : (s->two ? turned : w);
  }
  P single_v = v;
  V single_w = w, single_impulse = s->normal_impulse[0];
  if (s->any_one) {
    const V vn = vdot(NAME(relative)(s, 0, v, w), normal);
    single_impulse = vlarger(s->normal_impulse[0] + -s->normal_mass[0] * vn, zero);
    const P impulse = vscale(single_impulse - s->normal_impulse[0], normal);
    single_v = vadd(v, vscale(mass, impulse));
    single_w = w + inertia * vcross(s->arm[0], impulse);
  }
  if (!s->any_two) {
    s->normal_impulse[0] = single_impulse;
    NAME(set_owner_point)(&s->owners, b->velocity, single_v);
    NAME(set_owner)(&s->owners, b->omega, single_w);
    return;
  }
  const P a = {s->normal_impulse[0], s->normal_impulse[1]};
  const V b1 = vdot(NAME(relative)(s, 0, v, w), normal) - (s->k11 * a.x + s->k12 * a.y);
  const V b2 = vdot(NAME(relative)(s, 1, v, w), normal) - (s->k12 * a.x + s->k22 * a.y);
  // The four cases, the first valid one last; without any, nothing changes.
  P x = a;
  M found = (b1 >= 0) & (b2 >= 0);
  x = vselect(found, (P){zero, zero}, x);
  const V x2 = -s->normal_mass[1] * b2;
  M valid = (x2 >= 0) & (s->k12 * x2 + b1 >= 0);
  x = vselect(valid, (P){zero, x2}, x);
  found |= valid;
  const V x1 = -s->normal_mass[0] * b1;
  valid = (x1 >= 0) & (s->k12 * x1 + b2 >= 0);
  x = vselect(valid, (P){x1, zero}, x);
  found |= valid;
  const P both = {-(s->i11 * b1 + s->i12 * b2), -(s->i12 * b1 + s->i22 * b2)};
  valid = (both.x >= 0) & (both.y >= 0);
  x = vselect(valid, both, x);
  found |= valid;
  const P d = vsubtract(x, a);
  const P first = vscale(d.x, normal), second = vscale(d.y, normal);
  P double_v = vadd(v, vscale(mass, vadd(first, second)));
  V double_w = w + inertia * (vcross(s->arm[0], first) + vcross(s->arm[1], second));
  double_v = vselect(found, double_v, v);
  double_w = found ? double_w : w;
  const M two = s->two;
  s->normal_impulse[0] = two ? x.x : single_impulse;
  s->normal_impulse[1] = x.y;
  NAME(set_owner_point)(&s->owners, b->velocity, vselect(two, double_v, single_v));
  NAME(set_owner)(&s->owners, b->omega, two ? double_w : single_w);
}

static void NAME(gather_hinge)(
    NAME(vhinge) *j, int index, NAME(block) *b, lane_world *const *worlds, int32_t count) {
  const world *any = worlds[0]->world;
  const cl_hinge *shape = &any->model->hinges[index];
  const float h = any->model->seconds, inverse_h = 1.0f / h;
  const int i1 = shape->first, i2 = shape->second;
  V s1, c1, s2, c2, impulse_scale;
  for (int lane = 0; lane < LANES; ++lane) {
    const world *w = worlds[lane < count ? lane : 0]->world;
    const hinge *from = &w->hinges[index];
    const rotation q1 = w->bodies[i1].pose.q, q2 = w->bodies[i2].pose.q;
    s1[lane] = q1.s;
    c1[lane] = q1.c;
    s2[lane] = q2.s;
    c2[lane] = q2.c;
    impulse_scale[lane] = w->inverse_seconds_before * h;
    j->impulse.x[lane] = from->impulse.x;
    j->impulse.y[lane] = from->impulse.y;
    j->motor_impulse[lane] = from->motor_impulse;
    j->lower_impulse[lane] = from->lower_impulse;
    j->upper_impulse[lane] = from->upper_impulse;
    j->speed[lane] = from->speed;
    j->most[lane] = h * from->torque;
  }
  const V m1 = b->inverse_mass[i1], m2 = b->inverse_mass[i2];
  const V n1 = b->inverse_inertia[i1], n2 = b->inverse_inertia[i2], zero = 0;
  const P anchor1 = {shape->first_anchor.x - b->local_center[i1].x,
                     shape->first_anchor.y - b->local_center[i1].y};
  const P anchor2 = {shape->second_anchor.x - b->local_center[i2].x,
                     shape->second_anchor.y - b->local_center[i2].y};
  const P r1 = vrotate(s1, c1, anchor1), r2 = vrotate(s2, c2, anchor2);
  j->arm1 = r1;
  j->arm2 = r2;
  j->k11 = m1 + m2 + r1.y * r1.y * n1 + r2.y * r2.y * n2;
  j->k12 = -r1.y * r1.x * n1 - r2.y * r2.x * n2;
  j->k22 = m1 + m2 + r1.x * r1.x * n1 + r2.x * r2.x * n2;
  const V determinant = j->k11 * j->k22 - j->k12 * j->k12;
  j->determinant = determinant != 0 ? 1.0f / determinant : determinant;
  j->minus_axial = -(1.0f / (n1 + n2));
  const V angle = b->angle[i2] - b->angle[i1] - shape->reference_angle;
  j->lower_room = vlarger(angle - shape->lower, zero) * inverse_h;
  j->upper_room = vlarger(shape->upper - angle, zero) * inverse_h;
  j->impulse = (P){j->impulse.x * impulse_scale, j->impulse.y * impulse_scale};
  j->motor_impulse *= impulse_scale;
  j->lower_impulse *= impulse_scale;
  j->upper_impulse *= impulse_scale;
  const V axial = j->motor_impulse + j->lower_impulse - j->upper_impulse;
  b->velocity[i1] = vsubtract(b->velocity[i1], vscale(m1, j->impulse));
  b->omega[i1] -= n1 * (vcross(r1, j->impulse) + axial);
  b->velocity[i2] = vadd(b->velocity[i2], vscale(m2, j->impulse));
  b->omega[i2] += n2 * (vcross(r2, j->impulse) + axial);
}

INLINE void NAME(solve_hinge)(NAME(vhinge) *j, int i1, int i2, NAME(block) *b) {
  P v1 = b->velocity[i1], v2 = b->velocity[i2];
  V w1 = b->omega[i1], w2 = b->omega[i2];
  const V n1 = b->inverse_inertia[i1], n2 = b->inverse_inertia[i2], zero = 0;
  {
    const V impulse = j->minus_axial * (w2 - w1 - j->speed);
    const V new = vclamp(j->motor_impulse + impulse, -j->most, j->most);
    const V change = new - j->motor_impulse;
    j->motor_impulse = new;
    w1 -= n1 * change;
    w2 += n2 * change;
  }
  {
    const V new =
        vlarger(j->lower_impulse + j->minus_axial * (w2 - w1 + j->lower_room), zero);
    const V change = new - j->lower_impulse;
    j->lower_impulse = new;
    w1 -= n1 * change;
    w2 += n2 * change;
  }
  {
    const V new =
        vlarger(j->upper_impulse + j->minus_axial * (w1 - w2 + j->upper_room), zero);
    const V change = new - j->upper_impulse;
    j->upper_impulse = new;
    w1 += n1 * change;
    w2 -= n2 * change;
  }
  const P r1 = j->arm1, r2 = j->arm2;
  const P gap =
      vsubtract(vsubtract(vadd(v2, vcross_left(w2, r2)), v1), vcross_left(w1, r1));
  const P error = {-gap.x, -gap.y};
  const P impulse = {
    j->determinant * (j->k22 * error.x - j->k12 * error.y),
    j->determinant * (j->k11 * error.y - j->k12 * error.x),
  };
  j->impulse = vadd(j->impulse, impulse);
  b->velocity[i1] = vsubtract(v1, vscale(b->inverse_mass[i1], impulse));
  b->omega[i1] = w1 - n1 * vcross(r1, impulse);
  b->velocity[i2] = vadd(v2, vscale(b->inverse_mass[i2], impulse));
  b->omega[i2] = w2 + n2 * vcross(r2, impulse);
}

INLINE void NAME(integrate)(NAME(block) *b, float h) {
  for (int i = 0; i < BODIES; ++i) {
    P v = b->velocity[i];
    V w = b->omega[i];
    const P translation = vscale((V)h, v);
    const V squared = vdot(translation, translation);
    const M far = squared > 2.0f * 2.0f;
    const V ratio = 2.0f / __builtin_elementwise_sqrt(squared);
    v = vselect(far, (P){v.x * ratio, v.y * ratio}, v);
    const V turn = h * w;
    const M fast = turn * turn > (0.5f * PI) * (0.5f * PI);
    w = fast ? w * ((0.5f * PI) / (turn > 0 ? turn : -turn)) : w;
    b->velocity[i] = v;
    b->omega[i] = w;
    b->center[i] = vadd(b->center[i], vscale((V)h, v));
    b->angle[i] += h * w;
  }
}

static void NAME(solve)(lane_world *const *worlds, int32_t count) {
  const cl_model *model = worlds[0]->world->model;
  NAME(block) b;
  NAME(slot) slots[WORLD_SLOTS];
  NAME(vhinge) hinges[HINGES];
  NAME(gather_bodies)(&b, worlds, count);
  for (int lane = 0; lane < LANES; ++lane) {
    const lane_world *lw = worlds[lane < count ? lane : 0];
    for (int i = 0; i < BODIES; ++i) {
      b.velocity[i].x[lane] = lw->motions[i].v.x;
      b.velocity[i].y[lane] = lw->motions[i].v.y;
      b.omega[i][lane] = lw->motions[i].w;
    }
  }
  const int used = NAME(gather_slots)(slots, &b, worlds, count);
  for (int i = 0; i < HINGES; ++i)
    NAME(gather_hinge)(&hinges[i], kHingeOrder[i], &b, worlds, count);

  for (int32_t k = 0; k < model->velocity_iterations; ++k) {
    NAME(solve_hinge)(&hinges[0], 3, 4, &b);
    NAME(solve_hinge)(&hinges[1], 0, 3, &b);
    NAME(solve_hinge)(&hinges[2], 0, 1, &b);
    NAME(solve_hinge)(&hinges[3], 1, 2, &b);
    for (int i = 0; i < used; ++i) NAME(solve_slot)(&slots[i], &b);
  }

  NAME(scatter_slots)(slots, worlds, count);
  NAME(integrate)(&b, model->seconds);
  for (int lane = 0; lane < count; ++lane) {
    world *w = worlds[lane]->world;
    for (int i = 0; i < HINGES; ++i) {
      hinge *to = &w->hinges[kHingeOrder[i]];
      to->impulse = (point){hinges[i].impulse.x[lane], hinges[i].impulse.y[lane]};
      to->motor_impulse = hinges[i].motor_impulse[lane];
      to->lower_impulse = hinges[i].lower_impulse[lane];
      to->upper_impulse = hinges[i].upper_impulse[lane];
    }
    for (int i = 0; i < BODIES; ++i) {
      w->bodies[i].velocity = (point){b.velocity[i].x[lane], b.velocity[i].y[lane]};
      w->bodies[i].omega = b.omega[i][lane];
    }
  }
  NAME(pusher) pushers[WORLD_SLOTS];
  const int pushing = NAME(gather_pushers)(pushers, &b, worlds, count);
  const int32_t most =
      model->position_iterations < COMMON_PUSHES ? model->position_iterations : COMMON_PUSHES;
  NAME(push)(&b, pushers, pushing, worlds, count, most);
  NAME(scatter_positions)(&b, worlds, count);
}

// Solves the velocities of bodies after impacts, one of each world.
__attribute__((unused)) static void NAME(solve_impacts)(impact *const *impacts, int32_t count) {
  NAME(block) b;
  NAME(slot) slots[WORLD_SLOTS];
  int32_t used = 0;
  for (int lane = 0; lane < LANES; ++lane) {
    const impact *from = impacts[lane < count ? lane : 0];
    const body *of = &from->world->bodies[from->body];
    b.velocity[0].x[lane] = from->motion.v.x;
    b.velocity[0].y[lane] = from->motion.v.y;
    b.omega[0][lane] = from->motion.w;
    b.inverse_mass[0][lane] = of->inverse_mass;
    b.inverse_inertia[0][lane] = of->inverse_inertia;
    used = from->count > used ? from->count : used;
  }
  for (int k = 0; k < used; ++k) {
    NAME(slot) *s = &slots[k];
    memset(s, 0, sizeof *s);
    for (int lane = 0; lane < count; ++lane) {
      if (k >= impacts[lane]->count) continue;
      NAME(add_owner)(&s->owners, 0, lane);
      NAME(fill_slot)(s, &impacts[lane]->constraints[k], lane);
    }
    s->inverse_mass = b.inverse_mass[0];
    s->inverse_inertia = b.inverse_inertia[0];
  }
  const int32_t iterations = impacts[0]->world->model->velocity_iterations;
  for (int32_t k = 0; k < iterations; ++k) {
    // An iteration that changes no bit in any lane is repeated by all that follow.
    const bool looks = k % 8 == 7;
    M changes = 0;
    const P v = b.velocity[0];
    const V w = b.omega[0];
    for (int i = 0; i < used; ++i) {
      NAME(slot) *s = &slots[i];
      const V n1 = s->normal_impulse[0], n2 = s->normal_impulse[1];
      const V t1 = s->tangent_impulse[0], t2 = s->tangent_impulse[1];
      NAME(solve_slot)(s, &b);
      if (looks)
        changes |= s->on
            & (((M)n1 ^ (M)s->normal_impulse[0]) | ((M)n2 ^ (M)s->normal_impulse[1])
               | ((M)t1 ^ (M)s->tangent_impulse[0]) | ((M)t2 ^ (M)s->tangent_impulse[1]));
    }
    changes |= ((M)v.x ^ (M)b.velocity[0].x) | ((M)v.y ^ (M)b.velocity[0].y)
        | ((M)w ^ (M)b.omega[0]);
    if (looks && !NAME(any)(changes)) break;
  }
  for (int lane = 0; lane < count; ++lane)
    impacts[lane]->motion = (motion){
      {b.velocity[0].x[lane], b.velocity[0].y[lane]}, b.omega[0][lane]
    };
}
