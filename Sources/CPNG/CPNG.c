#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static void say(char *message, const char *text) {
  strncpy(message, text, cpng_message_capacity - 1);
  message[cpng_message_capacity - 1] = 0;
}

static void fail(png_structp png, png_const_charp text) {
  say(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  cpng_buffer *buffer = png_get_io_ptr(png);
  if (buffer->capacity - buffer->count < count) {
    size_t capacity = 2 * buffer->capacity + count + 4096;
    uint8_t *larger = realloc(buffer->bytes, capacity);
    if (larger == NULL) png_error(png, "out of memory");
    buffer->bytes = larger;
    buffer->capacity = capacity;
  }
  memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

static void flush(png_structp png) { (void)png; }

int cpng_encode(cpng_buffer *buffer, const uint8_t *pixels, uint32_t width, uint32_t height,
                size_t stride, char message[cpng_message_capacity]) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  uint8_t *volatile colors = info == NULL ? NULL : malloc(3 * (size_t)width);
  if (colors == NULL) {
    png_destroy_write_struct(&png, &info);
    say(message, "out of memory");
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(colors);
    return -1;
  }
  buffer->count = 0;
  png_set_write_fn(png, buffer, append, flush);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  // Drawn pictures are flat areas and vertical gradients: rows without a filter are runs already.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_set_compression_level(png, 1);
  png_write_info(png, info);
  for (uint32_t row = 0; row < height; row++) {
    // Faster than libpng's own reordering of colours.
    const uint8_t *pixel = pixels + row * stride;
    uint8_t *color = colors;
    for (uint32_t x = 0; x < width; x++, pixel += 4, color += 3) {
      color[0] = pixel[2];
      color[1] = pixel[1];
      color[2] = pixel[0];
    }
    png_write_row(png, colors);
  }
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  free(colors);
  return 0;
}

int cpng_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height,
              char message[cpng_message_capacity]) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  int is_good = png_image_begin_read_from_memory(&image, bytes, count);
  *width = image.width;
  *height = image.height;
  if (!is_good) say(message, image.message);
  png_image_free(&image);
  return is_good ? 0 : -1;
}

int cpng_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                uint8_t *pixels, size_t stride, char message[cpng_message_capacity]) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (png_image_begin_read_from_memory(&image, bytes, count)) {
    image.format = PNG_FORMAT_BGRA;
    if (image.width != width || image.height != height) {
      say(message, "it is of another size than was announced");
      png_image_free(&image);
      return -1;
    }
    if (png_image_finish_read(&image, NULL, pixels, (png_int_32)stride, NULL)) {
      // A warning means that something was made up for what is missing.
      if (image.warning_or_error == 0) return 0;
    }
  }
  say(message, image.message);
  png_image_free(&image);
  return -1;
}

void cpng_free(cpng_buffer *buffer) {
  free(buffer->bytes);
  *buffer = (cpng_buffer){0};
}
