#include "CEvent.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

struct cevent_server {
  struct event_base *base;
  struct evhttp *http;
  cevent_handler handler;
  void *context;
  uint16_t port;
};

static void answer(struct evhttp_request *request, void *context) {
  cevent_server *server = context;
  struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
  const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
  cevent_request asked = {
      .host = evhttp_find_header(headers, "Host"),
      .path = uri == NULL ? NULL : evhttp_uri_get_path(uri),
      .known_tag = evhttp_find_header(headers, "If-None-Match"),
  };
  server->handler(server->context, &asked, (cevent_reply *)request);
}

cevent_server *cevent_start(const char *address, uint16_t port, cevent_handler handler,
                            void *context) {
  enum { longest_headers = 16 << 10, seconds = 30 };
  cevent_server *server = calloc(1, sizeof *server);
  if (server == NULL) return NULL;
  server->handler = handler;
  server->context = context;
  struct evhttp_bound_socket *socket = NULL;
  errno = ENOMEM;
  if ((server->base = event_base_new()) != NULL && (server->http = evhttp_new(server->base)) != NULL)
    socket = evhttp_bind_socket_with_handle(server->http, address, port);
  struct sockaddr_in bound = {0};
  socklen_t size = sizeof bound;
  if (socket == NULL ||
      getsockname(evhttp_bound_socket_get_fd(socket), (struct sockaddr *)&bound, &size) != 0) {
    int reason = errno;
    cevent_stop(server);
    errno = reason;
    return NULL;
  }
  server->port = ntohs(bound.sin_port);
  evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
  evhttp_set_max_headers_size(server->http, longest_headers);
  evhttp_set_max_body_size(server->http, 0);
  evhttp_set_timeout(server->http, seconds);
  evhttp_set_gencb(server->http, answer, server);
  return server;
}

uint16_t cevent_port(const cevent_server *server) { return server->port; }

void cevent_serve(cevent_server *server, int milliseconds) {
  struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  event_base_loopexit(server->base, &time);
  event_base_dispatch(server->base);
}

void cevent_stop(cevent_server *server) {
  if (server->http != NULL) evhttp_free(server->http);
  if (server->base != NULL) event_base_free(server->base);
  free(server);
}

void cevent_answer(cevent_reply *reply, int status, const char *tag, const char *type,
                   const uint8_t *contents, size_t count) {
  struct evhttp_request *request = (struct evhttp_request *)reply;
  struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
  if (tag != NULL) {
    evhttp_add_header(headers, "ETag", tag);
    evhttp_add_header(headers, "Cache-Control", "no-cache");
  }
  if (type != NULL) evhttp_add_header(headers, "Content-Type", type);
  struct evbuffer *body = NULL;
  if (contents != NULL && evhttp_request_get_command(request) == EVHTTP_REQ_GET)
    body = evbuffer_new();
  if (body != NULL) evbuffer_add(body, contents, count);
  evhttp_send_reply(request, status, NULL, body);
  if (body != NULL) evbuffer_free(body);
}
