// PNG files in memory, by libpng: its errors leave functions by longjmp, which Swift can't survive.
#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// A growing run of bytes; all zero at first, reused from picture to picture.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} cpng_buffer;

// Room for one sentence on what went wrong.
enum { cpng_message_capacity = 128 };

// Replaces a buffer's bytes by a file of 24-bit colour.  Pixels are blue, green, red, unused.
// Returns 0, or -1 with a sentence in `message`.
int cpng_encode(cpng_buffer *buffer, const uint8_t *pixels, uint32_t width, uint32_t height,
                size_t stride, char message[cpng_message_capacity]);

// Finds the size of a picture.  Returns 0, or -1 with a sentence in `message`.
int cpng_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height,
              char message[cpng_message_capacity]);

// Decodes a picture into `height` rows of `stride` bytes, of the size that `cpng_size` found.
// Returns 0, or -1 with a sentence in `message`.
int cpng_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                uint8_t *pixels, size_t stride, char message[cpng_message_capacity]);

void cpng_free(cpng_buffer *buffer);

#endif
