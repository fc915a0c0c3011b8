// Answers to HTTP requests of browsers on this machine, by libevent.  Its headers can't be imported beside Swift's: both describe
// sets of file descriptors, with other names.
#ifndef CEVENT_H
#define CEVENT_H

#include <stddef.h>
#include <stdint.h>

typedef struct cevent_server cevent_server;
typedef struct cevent_reply cevent_reply;

// What a GET or HEAD request asks for; NULL where it says nothing.  Texts are valid until it is answered.
typedef struct {
  const char *host;
  const char *path;
  const char *known_tag;
} cevent_request;

// Called for each request; it answers with `cevent_answer` before it returns.
typedef void (*cevent_handler)(void *context, const cevent_request *request, cevent_reply *reply);

// Listens at an address.  Returns NULL with a reason in `errno`.
cevent_server *cevent_start(const char *address, uint16_t port, cevent_handler handler,
                            void *context);

// The port, which the system has chosen if 0 was asked for.
uint16_t cevent_port(const cevent_server *server);

// Answers requests for some milliseconds.
void cevent_serve(cevent_server *server, int milliseconds);

void cevent_stop(cevent_server *server);

// Sends a status, and headers and contents where they are not NULL.
void cevent_answer(cevent_reply *reply, int status, const char *tag, const char *type,
                   const uint8_t *contents, size_t count);

#endif
