#ifndef RLSUITE_CSDL2_H
#define RLSUITE_CSDL2_H

// A plain-C interface to the parts of SDL 2 that a window needs.
//
// SDL is loaded at run time and not linked: linking it would cost every run of the program 4.5 MB
// and 7 ms, and machines without a display need no SDL at all.  All functions belong on one thread.

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csdl2_window csdl2_window;

typedef enum {
  csdl2_event_quit,           // a request to close the window or the session
  csdl2_event_key_down,
  csdl2_event_key_up,
  csdl2_event_focus_lost,
  csdl2_event_resized,
  csdl2_event_exposed,        // the window must be drawn again
  csdl2_event_mouse_down,     // the left button
  csdl2_event_mouse_moved,    // while the left button is down
  csdl2_event_mouse_up,
  csdl2_event_pad_connected,
  csdl2_event_pad_disconnected,
  csdl2_event_pad_button_down,
  csdl2_event_pad_button_up,
  csdl2_event_pad_axis,
} csdl2_event_kind;

// Keys that don't print; a printing key is its lower-case ASCII character.
typedef enum {
  csdl2_key_other = 0,
  csdl2_key_enter = 13,
  csdl2_key_escape = 27,
  csdl2_key_left = 256,
  csdl2_key_right,
  csdl2_key_up,
  csdl2_key_down,
  csdl2_key_home,
  csdl2_key_end,
  csdl2_key_page_up,
  csdl2_key_page_down,
} csdl2_key;

// Buttons of a game pad, by position: south is A on some pads and a cross on others.
typedef enum {
  csdl2_button_other,
  csdl2_button_south,
  csdl2_button_east,
  csdl2_button_west,
  csdl2_button_north,
  csdl2_button_back,
  csdl2_button_start,
  csdl2_button_left,          // of the directional pad, like the next three
  csdl2_button_right,
  csdl2_button_up,
  csdl2_button_down,
} csdl2_button;

typedef enum {
  csdl2_axis_other,
  csdl2_axis_left_x,
  csdl2_axis_left_y,
  csdl2_axis_right_x,
  csdl2_axis_right_y,
} csdl2_axis;

typedef struct {
  csdl2_event_kind kind;
  int32_t position;           // of a key: the key at its position on an American keyboard
  int32_t symbol;             // of a key: its label in the user's keyboard layout
  bool is_repeat, shift;      // of a key
  float x, y;                 // of the mouse, in pixels of the drawing area, y downwards
  csdl2_button button;
  csdl2_axis axis;
  int16_t deflection;         // of an axis, y downwards as in SDL
} csdl2_event;

typedef struct {
  int32_t width, height;
} csdl2_size;

// Loads SDL.  Returns NULL on success, otherwise the reason of the failure.
const char *_Nullable csdl2_load(void);

// Opens a window with a size in points and starts watching for game pads.  Returns NULL on failure,
// for the reason in csdl2_error.  There can be one window at a time; csdl2_load must have
// succeeded.
csdl2_window *_Nullable csdl2_open(const char *_Nonnull title, int32_t width, int32_t height);

// Closes the window and shuts SDL down.
void csdl2_close(csdl2_window *_Nonnull window);

// Returns SDL's latest error; valid until the next call.
const char *_Nonnull csdl2_error(void);

// Returns the size of the drawing area, in pixels.
csdl2_size csdl2_drawing_size(csdl2_window *_Nonnull window);

// Shows a picture of 32-bit pixels B, G, R, X: pixel for pixel if it has the size of the drawing
// area, otherwise scaled to fit with black bars.  Returns false on failure, for the reason in
// csdl2_error.
bool csdl2_present(
  csdl2_window *_Nonnull window, const uint8_t *_Nonnull pixels, int32_t width, int32_t height,
  int32_t stride);

// Waits until there is an event or the time is over; returns whether there was one.
bool csdl2_next_event(
  csdl2_window *_Nonnull window, int32_t milliseconds, csdl2_event *_Nonnull event);

// Returns the name of the game pad in use, NULL if there is none; valid until the next event.
const char *_Nullable csdl2_pad_name(csdl2_window *_Nonnull window);

#ifdef __cplusplus
}
#endif
#endif
