// No fused products and sums: trajectories may not depend on the processor.
#pragma STDC FP_CONTRACT OFF

#include "CBox2D.h"

#include <box2d/box2d.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

// Box2D asks for the time of day a dozen times in every step, for a profile that nobody reads.  These
// definitions replace those of the shared library: `cartpole-swingup` takes 7.3 instead of 11.3 µs a
// step (rlsuite stress zero --env cartpole-swingup --grid pole-mass=0.09..0.11:15), with the same bits.
b2Timer::b2Timer() {}
void b2Timer::Reset() {}
float b2Timer::GetMilliseconds() const { return 0; }

namespace {

constexpr uint8_t kTouching = 1;
constexpr uint8_t kTouched = 2;

struct Hasher {
  uint64_t value = 0x9E3779B97F4A7C15;

  void add(uint64_t word) {
    uint64_t z = (value ^ word) * 0xff51afd7ed558ccd;
    z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53;
    value = (z ^ (z >> 33)) + 0x9E3779B97F4A7C15;
  }
  void add(float number) {
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    add(static_cast<uint64_t>(bits));
  }
  void add(b2Vec2 vector) {
    add(vector.x);
    add(vector.y);
  }
};

struct Obstacle {
  const b2Fixture *fixture;
  float left, right;
};

// GetUserData lacks its const.
size_t index_of(const b2Body *body) { return const_cast<b2Body *>(body)->GetUserData().pointer; }

}  // namespace

struct cb2_world final : b2ContactListener {
  explicit cb2_world(b2Vec2 gravity) : world(gravity) { world.SetContactListener(this); }

  void BeginContact(b2Contact *contact) override {
    flags[index_of(contact->GetFixtureA()->GetBody())] |= kTouching | kTouched;
    flags[index_of(contact->GetFixtureB()->GetBody())] |= kTouching | kTouched;
  }

  void EndContact(b2Contact *contact) override {
    flags[index_of(contact->GetFixtureA()->GetBody())] &= ~kTouching;
    flags[index_of(contact->GetFixtureB()->GetBody())] &= ~kTouching;
  }

  int32_t add(b2BodyDef &definition) {
    definition.userData.pointer = bodies.size();
    bodies.push_back(world.CreateBody(&definition));
    flags.push_back(0);
    return static_cast<int32_t>(bodies.size()) - 1;
  }

  const b2Fixture *add(int32_t body, const b2Shape &shape, cb2_material material) {
    b2FixtureDef definition;
    definition.shape = &shape;
    definition.density = material.density;
    definition.friction = material.friction;
    definition.restitution = material.restitution;
    definition.filter.categoryBits = material.category;
    definition.filter.maskBits = material.mask;
    built.add(static_cast<uint64_t>(body));
    built.add(b2Vec2(material.density, material.friction));
    built.add(material.restitution);
    return bodies[body]->CreateFixture(&definition);
  }

  // What the listener writes to must outlive the world, so the world comes last.
  std::vector<b2Body *> bodies;
  std::vector<b2Joint *> joints;
  std::vector<uint8_t> flags;
  std::vector<const b2Fixture *> edges;
  std::vector<Obstacle> obstacles;
  Hasher built;  // of all that the world was made of
  float first_edge = 0, edge_spacing = 1;
  b2World world;
};

void cb2_prepare(void) {
  // Box2D fills its table of contact types when it makes the first contact.
  b2World world(b2Vec2(0, 0));
  b2BodyDef definition;
  definition.type = b2_dynamicBody;
  b2PolygonShape box;
  box.SetAsBox(1, 1);
  for (int i = 0; i < 2; ++i) world.CreateBody(&definition)->CreateFixture(&box, 1);
  world.Step(0.01f, 1, 1);
}

cb2_world *cb2_world_create(float gravity_x, float gravity_y) {
  return new (std::nothrow) cb2_world(b2Vec2(gravity_x, gravity_y));
}

void cb2_world_destroy(cb2_world *world) { delete world; }

int32_t cb2_add_static_body(cb2_world *world) {
  b2BodyDef definition;
  return world->add(definition);
}

int32_t cb2_add_dynamic_body(cb2_world *world, cb2_body_state state, bool may_sleep) {
  b2BodyDef definition;
  definition.type = b2_dynamicBody;
  definition.position.Set(state.x, state.y);
  definition.angle = state.angle;
  definition.linearVelocity.Set(state.vx, state.vy);
  definition.angularVelocity = state.omega;
  definition.allowSleep = may_sleep;
  return world->add(definition);
}

void cb2_add_polygon(
    cb2_world *world, int32_t body, const float *vertices, int32_t count, cb2_material material) {
  b2Vec2 points[b2_maxPolygonVertices];
  count = std::min(count, static_cast<int32_t>(b2_maxPolygonVertices));
  Obstacle obstacle = {nullptr, vertices[0], vertices[0]};
  for (int32_t i = 0; i < count; ++i) {
    points[i].Set(vertices[2 * i], vertices[2 * i + 1]);
    obstacle.left = std::min(obstacle.left, points[i].x);
    obstacle.right = std::max(obstacle.right, points[i].x);
  }
  b2PolygonShape shape;
  shape.Set(points, count);
  for (int32_t i = 0; i < shape.m_count; ++i) world->built.add(shape.m_vertices[i]);
  obstacle.fixture = world->add(body, shape, material);
  if (world->bodies[body]->GetType() == b2_staticBody) world->obstacles.push_back(obstacle);
}

void cb2_add_box(
    cb2_world *world, int32_t body, float half_width, float half_height, cb2_material material) {
  b2PolygonShape shape;
  shape.SetAsBox(half_width, half_height);
  world->built.add(b2Vec2(half_width, half_height));
  world->add(body, shape, material);
}

void cb2_add_edge(
    cb2_world *world, int32_t body, float x1, float y1, float x2, float y2,
    cb2_material material) {
  b2EdgeShape shape;
  shape.SetTwoSided(b2Vec2(x1, y1), b2Vec2(x2, y2));
  world->built.add(b2Vec2(x1, y1));
  world->built.add(b2Vec2(x2, y2));
  if (world->edges.empty()) {
    world->first_edge = x1;
    world->edge_spacing = x2 - x1;
  }
  world->edges.push_back(world->add(body, shape, material));
}

void cb2_set_mass(cb2_world *world, int32_t body, cb2_mass mass) {
  const b2MassData data = {mass.mass, b2Vec2(mass.center_x, mass.center_y), mass.inertia};
  world->bodies[body]->SetMassData(&data);
  world->built.add(b2Vec2(mass.mass, mass.inertia));
  world->built.add(data.center);
}

void cb2_set_velocity(cb2_world *world, int32_t body, float vx, float vy, float omega) {
  world->bodies[body]->SetLinearVelocity(b2Vec2(vx, vy));
  world->bodies[body]->SetAngularVelocity(omega);
}

int32_t cb2_add_revolute(cb2_world *world, cb2_revolute definition) {
  b2RevoluteJointDef joint;
  joint.bodyA = world->bodies[definition.body_a];
  joint.bodyB = world->bodies[definition.body_b];
  joint.localAnchorA.Set(definition.anchor_ax, definition.anchor_ay);
  joint.localAnchorB.Set(definition.anchor_bx, definition.anchor_by);
  joint.referenceAngle = definition.reference_angle;
  joint.enableLimit = definition.has_limits;
  joint.lowerAngle = definition.lower;
  joint.upperAngle = definition.upper;
  joint.enableMotor = definition.has_motor;
  world->joints.push_back(world->world.CreateJoint(&joint));
  return static_cast<int32_t>(world->joints.size()) - 1;
}

int32_t cb2_add_slide(cb2_world *world, cb2_slide definition) {
  b2PrismaticJointDef joint;
  joint.bodyA = world->bodies[definition.body_a];
  joint.bodyB = world->bodies[definition.body_b];
  joint.localAxisA.Set(1, 0);
  if (definition.has_limits) {
    joint.enableLimit = true;
    joint.lowerTranslation = definition.lower;
    joint.upperTranslation = definition.upper;
    world->built.add(b2Vec2(definition.lower, definition.upper));
  }
  world->joints.push_back(world->world.CreateJoint(&joint));
  return static_cast<int32_t>(world->joints.size()) - 1;
}

void cb2_apply_force(cb2_world *world, int32_t body, float fx, float fy) {
  world->bodies[body]->ApplyForceToCenter(b2Vec2(fx, fy), true);
}

void cb2_apply_torque(cb2_world *world, int32_t body, float torque) {
  world->bodies[body]->ApplyTorque(torque, true);
}

void cb2_apply_impulse(
    cb2_world *world, int32_t body, float px, float py, float x, float y) {
  world->bodies[body]->ApplyLinearImpulse(b2Vec2(px, py), b2Vec2(x, y), true);
}

void cb2_drive(cb2_world *world, int32_t joint, float speed, float torque) {
  auto *revolute = static_cast<b2RevoluteJoint *>(world->joints[joint]);
  revolute->SetMotorSpeed(speed);
  revolute->SetMaxMotorTorque(torque);
}

void cb2_step(
    cb2_world *world, float seconds, int32_t velocity_iterations, int32_t position_iterations) {
  world->world.Step(seconds, velocity_iterations, position_iterations);
}

cb2_body_state cb2_get_body(const cb2_world *world, int32_t body) {
  const b2Body *b = world->bodies[body];
  const b2Vec2 position = b->GetPosition();
  const b2Vec2 velocity = b->GetLinearVelocity();
  return {position.x, position.y, b->GetAngle(), velocity.x, velocity.y, b->GetAngularVelocity()};
}

cb2_mass cb2_get_mass(const cb2_world *world, int32_t body) {
  b2MassData data;
  world->bodies[body]->GetMassData(&data);
  return {data.mass, data.I, data.center.x, data.center.y};
}

int32_t cb2_get_polygon(const cb2_world *world, int32_t body, float *vertices) {
  for (const b2Fixture *f = world->bodies[body]->GetFixtureList(); f; f = f->GetNext()) {
    if (f->GetType() != b2Shape::e_polygon) continue;
    const auto *shape = static_cast<const b2PolygonShape *>(f->GetShape());
    for (int32_t i = 0; i < shape->m_count; ++i) {
      vertices[2 * i] = shape->m_vertices[i].x;
      vertices[2 * i + 1] = shape->m_vertices[i].y;
    }
    return shape->m_count;
  }
  return 0;
}

cb2_joint_state cb2_get_joint(const cb2_world *world, int32_t joint) {
  const auto *revolute = static_cast<const b2RevoluteJoint *>(world->joints[joint]);
  return {revolute->GetJointAngle(), revolute->GetJointSpeed()};
}

bool cb2_is_touching(const cb2_world *world, int32_t body) {
  return (world->flags[body] & kTouching) != 0;
}

bool cb2_has_touched(const cb2_world *world, int32_t body) {
  return (world->flags[body] & kTouched) != 0;
}

bool cb2_is_awake(const cb2_world *world, int32_t body) { return world->bodies[body]->IsAwake(); }

namespace {

struct ClosestStatic final : b2RayCastCallback {
  float ReportFixture(b2Fixture *fixture, const b2Vec2 &, const b2Vec2 &, float hit) override {
    if (fixture->GetBody()->GetType() != b2_staticBody) return -1;
    fraction = hit;
    return hit;
  }
  float fraction = 1;
};

}  // namespace

float cb2_cast_ray(const cb2_world *world, float x1, float y1, float x2, float y2) {
  // Box2D aborts at a ray without a direction, which a body that has diverged has.
  const b2Vec2 way(x2 - x1, y2 - y1);
  if (!way.IsValid() || way.LengthSquared() <= 0) return 1;
  ClosestStatic closest;
  world->world.RayCast(&closest, b2Vec2(x1, y1), b2Vec2(x2, y2));
  return closest.fraction;
}

void cb2_cast_fan(
    const cb2_world *world, int32_t body, const double *offsets, int32_t count,
    float *fractions) {
  const b2Vec2 origin = world->bodies[body]->GetPosition();
  const int32_t edge_count = static_cast<int32_t>(world->edges.size());
  // One edge more on either side than the division says, against its rounding.
  const float column = std::floor((origin.x - world->first_edge) / world->edge_spacing) - 1;
  const int32_t first =
      column > 0 ? static_cast<int32_t>(std::min(column, static_cast<float>(edge_count))) : 0;
  for (int32_t i = 0; i < count; ++i) {
    b2RayCastInput input;
    input.p1 = origin;
    input.p2.Set(
        static_cast<float>(static_cast<double>(origin.x) + offsets[2 * i]),
        static_cast<float>(static_cast<double>(origin.y) + offsets[2 * i + 1]));
    input.maxFraction = 1;
    b2RayCastOutput output;
    const float reach = input.p2.x - world->first_edge + world->edge_spacing;
    int32_t last = first;
    while (last < edge_count && static_cast<float>(last) * world->edge_spacing <= reach) ++last;
    for (int32_t edge = first; edge < last; ++edge) {
      if (!world->edges[edge]->RayCast(&output, input, 0)) continue;
      input.maxFraction = output.fraction;
      // Edges follow each other along x, so only a shared end can be hit a second time.
      last = std::min(last, edge + 2);
    }
    for (const Obstacle &obstacle : world->obstacles) {
      if (obstacle.right < input.p1.x || obstacle.left > input.p2.x) continue;
      if (obstacle.fixture->RayCast(&output, input, 0)) input.maxFraction = output.fraction;
    }
    fractions[i] = input.maxFraction;
  }
}

uint64_t cb2_hash(const cb2_world *world) {
  Hasher hasher = world->built;
  hasher.add(world->world.GetGravity());
  for (size_t i = 0; i < world->bodies.size(); ++i) {
    const b2Body *body = world->bodies[i];
    hasher.add(uint64_t{world->flags[i]} << 1 | (body->IsAwake() ? 1 : 0));
    if (body->GetType() == b2_staticBody) continue;
    hasher.add(body->GetWorldCenter());
    hasher.add(body->GetAngle());
    hasher.add(body->GetLinearVelocity());
    hasher.add(body->GetAngularVelocity());
  }
  // Impulses start the next step's solver; a reaction "per 1 second" is the impulse itself.
  for (const b2Joint *joint : world->joints) {
    hasher.add(joint->GetReactionForce(1));
    hasher.add(joint->GetReactionTorque(1));
    if (joint->GetType() != e_revoluteJoint) continue;
    hasher.add(static_cast<const b2RevoluteJoint *>(joint)->GetMotorTorque(1));
  }
  // The order of contacts is the order in which the solver meets them.
  for (const b2Contact *c = world->world.GetContactList(); c; c = c->GetNext()) {
    const b2Manifold *manifold = c->GetManifold();
    hasher.add(
        static_cast<uint64_t>(index_of(c->GetFixtureA()->GetBody())) << 32 |
        static_cast<uint64_t>(index_of(c->GetFixtureB()->GetBody())) << 8 |
        static_cast<uint64_t>(manifold->pointCount) << 1 | (c->IsTouching() ? 1u : 0u));
    for (int32_t i = 0; i < manifold->pointCount; ++i) {
      hasher.add(manifold->points[i].localPoint);
      hasher.add(manifold->points[i].normalImpulse);
      hasher.add(manifold->points[i].tangentImpulse);
    }
  }
  return hasher.value;
}

extern "C" int32_t cb2_version(int32_t part) {
  return part == 0 ? b2_version.major : part == 1 ? b2_version.minor : b2_version.revision;
}
