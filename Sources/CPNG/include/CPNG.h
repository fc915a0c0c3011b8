// PNG files in memory, by libpng.  It reports errors by longjmp, which must not cross Swift code.
#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

// A growing buffer of bytes, reused from picture to picture; initialise it with zeros.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} cpng_buffer;

// Size of a buffer for an error message of one sentence.
enum { cpng_message_capacity = 128 };

// Replaces a buffer's bytes by a PNG file of 24-bit colour.  Pixels are blue, green, red, unused.
// Returns 0, or -1 with an error in `message`.
int cpng_encode(cpng_buffer *buffer, const uint8_t *pixels, uint32_t width, uint32_t height,
                size_t stride, char message[cpng_message_capacity]);

// Reads the size of a picture, in pixels.  Returns 0, or -1 with an error in `message`.
int cpng_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height,
              char message[cpng_message_capacity]);

// Decodes a picture into `height` rows of `stride` bytes, of the size that `cpng_size` found.
// Returns 0, or -1 with an error in `message`.
int cpng_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                uint8_t *pixels, size_t stride, char message[cpng_message_capacity]);

void cpng_free(cpng_buffer *buffer);

#endif
