#include "CSDL2.h"

#include <SDL2/SDL.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

// Every function of SDL in use.  Only the types of SDL's headers are used, never its symbols.
#define FUNCTIONS(X)                                                                              \
  X(CreateRenderer) X(CreateTexture) X(CreateWindow) X(DestroyRenderer) X(DestroyTexture)         \
  X(DestroyWindow) X(GameControllerClose) X(GameControllerGetJoystick) X(GameControllerName)      \
  X(GameControllerOpen) X(GetError) X(GetRendererOutputSize) X(GetTicks64)                        \
  X(GetWindowSize) X(Init) X(InitSubSystem) X(IsGameController) X(JoystickInstanceID)             \
  X(NumJoysticks) X(PollEvent) X(Quit) X(RenderClear) X(RenderCopy) X(RenderPresent) X(SetHint)   \
  X(SetRenderDrawColor) X(SetTextureBlendMode) X(SetWindowMinimumSize)                            \
  X(UpdateTexture) X(WaitEventTimeout)

static struct {
#define MEMBER(name) __typeof__(&SDL_##name) name;
  FUNCTIONS(MEMBER)
#undef MEMBER
} sdl;

struct csdl2_window {
  SDL_Window *window;
  SDL_Renderer *renderer;
  SDL_Texture *texture;  // NULL before the first picture
  int32_t texture_width, texture_height;
  SDL_GameController *pad;  // NULL without one
};

const char *csdl2_load(void) {
  static void *library = NULL;
  if (library) return NULL;
  void *loaded = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!loaded) return dlerror();
#define FIND(name)                                                                   \
  sdl.name = (__typeof__(sdl.name))dlsym(loaded, "SDL_" #name);                      \
  if (!sdl.name) {                                                                   \
    dlclose(loaded);                                                                 \
    return "libSDL2-2.0.so.0 is too old: it has no SDL_" #name;                      \
  }
  FUNCTIONS(FIND)
#undef FIND
  library = loaded;
  return NULL;
}

static void free_window(csdl2_window *window) {
  if (window->pad) sdl.GameControllerClose(window->pad);
  if (window->texture) sdl.DestroyTexture(window->texture);
  if (window->renderer) sdl.DestroyRenderer(window->renderer);
  if (window->window) sdl.DestroyWindow(window->window);
  free(window);
}

static bool is_set(const char *name) {
  const char *value = getenv(name);
  return value && value[0];
}

// Left alone, SDL would go on to take over the console, or show its windows nowhere at all.
static bool init_video(void) {
  if (is_set("SDL_VIDEODRIVER")) return sdl.Init(SDL_INIT_VIDEO) == 0;
  static const struct { const char *variable, *driver; } displays[] = {
    {"DISPLAY", "x11"}, {"WAYLAND_DISPLAY", "wayland"},
  };
  for (int i = 0; i < 2; i++) {
    if (!is_set(displays[i].variable)) continue;
    sdl.SetHint(SDL_HINT_VIDEODRIVER, displays[i].driver);
    if (sdl.Init(SDL_INIT_VIDEO) == 0) return true;
  }
  return false;
}

csdl2_window *csdl2_open(const char *title, int32_t width, int32_t height) {
  // Ctrl-C stays the program's own business, and other windows keep their compositor.
  sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  sdl.SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
  if (!init_video()) return NULL;
  csdl2_window *window = calloc(1, sizeof *window);
  if (!window) {
    sdl.Quit();
    return NULL;
  }
  window->window = sdl.CreateWindow(
    title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
    SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
  if (window->window) {
    sdl.SetWindowMinimumSize(window->window, 240, 160);
    window->renderer = sdl.CreateRenderer(window->window, -1, 0);
    if (!window->renderer) {
      window->renderer = sdl.CreateRenderer(window->window, -1, SDL_RENDERER_SOFTWARE);
    }
  }
  if (!window->renderer) {
    // Quitting clears no error text.
    free_window(window);
    sdl.Quit();
    return NULL;
  }
  // A machine that knows no game pads still has keys.
  sdl.InitSubSystem(SDL_INIT_GAMECONTROLLER);
  return window;
}

void csdl2_close(csdl2_window *window) {
  free_window(window);
  sdl.Quit();
}

const char *csdl2_error(void) { return sdl.GetError(); }

csdl2_size csdl2_drawing_size(csdl2_window *window) {
  int width = 0, height = 0;
  if (sdl.GetRendererOutputSize(window->renderer, &width, &height) != 0) {
    sdl.GetWindowSize(window->window, &width, &height);
  }
  return (csdl2_size){width, height};
}


bool csdl2_present(
  csdl2_window *window, const uint8_t *pixels, int32_t width, int32_t height, int32_t stride
) {
  if (!window->texture || window->texture_width != width || window->texture_height != height) {
    if (window->texture) sdl.DestroyTexture(window->texture);
    // Without an alpha channel, so that the unused byte of a pixel can't make it transparent.
    window->texture = sdl.CreateTexture(
      window->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, width, height);
    if (!window->texture) return false;
    window->texture_width = width;
    window->texture_height = height;
    sdl.SetTextureBlendMode(window->texture, SDL_BLENDMODE_NONE);
  }
  if (sdl.UpdateTexture(window->texture, NULL, pixels, stride) != 0) return false;

  csdl2_size area = csdl2_drawing_size(window);
  SDL_Rect target = {0, 0, area.width, area.height};
  if ((int64_t)area.width * height > (int64_t)area.height * width) {
    target.w = (int)((int64_t)area.height * width / height);
    target.x = (area.width - target.w) / 2;
  } else {
    target.h = (int)((int64_t)area.width * height / width);
    target.y = (area.height - target.h) / 2;
  }
  sdl.SetRenderDrawColor(window->renderer, 0, 0, 0, 255);
  if (sdl.RenderClear(window->renderer) != 0) return false;
  if (sdl.RenderCopy(window->renderer, window->texture, NULL, &target) != 0) return false;
  sdl.RenderPresent(window->renderer);
  return true;
}

// Mouse events come in points, which are larger than pixels on some screens.
static void set_mouse(csdl2_window *window, int32_t x, int32_t y, csdl2_event *event) {
  csdl2_size area = csdl2_drawing_size(window);
  int width = 0, height = 0;
  sdl.GetWindowSize(window->window, &width, &height);
  event->x = width > 0 ? (float)x * (float)area.width / (float)width : (float)x;
  event->y = height > 0 ? (float)y * (float)area.height / (float)height : (float)y;
}

static bool is_own_pad(csdl2_window *window, SDL_JoystickID joystick) {
  return window->pad
    && sdl.JoystickInstanceID(sdl.GameControllerGetJoystick(window->pad)) == joystick;
}

static bool open_first_pad(csdl2_window *window) {
  for (int i = 0; i < sdl.NumJoysticks() && !window->pad; i++) {
    if (sdl.IsGameController(i)) window->pad = sdl.GameControllerOpen(i);
  }
  return window->pad != NULL;
}

static int32_t key_of_symbol(SDL_Keycode symbol) {
  switch (symbol) {
    case SDLK_RETURN: case SDLK_KP_ENTER: return csdl2_key_enter;
    case SDLK_ESCAPE: return csdl2_key_escape;
    case SDLK_LEFT: return csdl2_key_left;
    case SDLK_RIGHT: return csdl2_key_right;
    case SDLK_UP: return csdl2_key_up;
    case SDLK_DOWN: return csdl2_key_down;
    case SDLK_HOME: return csdl2_key_home;
    case SDLK_END: return csdl2_key_end;
    case SDLK_PAGEUP: return csdl2_key_page_up;
    case SDLK_PAGEDOWN: return csdl2_key_page_down;
    case SDLK_KP_PLUS: return '+';
    case SDLK_KP_MINUS: return '-';
    default: return symbol >= 32 && symbol < 127 ? symbol : csdl2_key_other;
  }
}

static int32_t key_at_position(SDL_Scancode place) {
  if (place >= SDL_SCANCODE_A && place <= SDL_SCANCODE_Z) {
    return 'a' + (int32_t)(place - SDL_SCANCODE_A);
  }
  switch (place) {
    case SDL_SCANCODE_SPACE: return ' ';
    case SDL_SCANCODE_RETURN: return csdl2_key_enter;
    case SDL_SCANCODE_ESCAPE: return csdl2_key_escape;
    case SDL_SCANCODE_MINUS: return '-';
    case SDL_SCANCODE_EQUALS: return '=';
    default: return key_of_symbol(SDL_SCANCODE_TO_KEYCODE(place));
  }
}

static csdl2_button button_of(Uint8 button) {
  switch (button) {
    case SDL_CONTROLLER_BUTTON_A: return csdl2_button_south;
    case SDL_CONTROLLER_BUTTON_B: return csdl2_button_east;
    case SDL_CONTROLLER_BUTTON_X: return csdl2_button_west;
    case SDL_CONTROLLER_BUTTON_Y: return csdl2_button_north;
    case SDL_CONTROLLER_BUTTON_BACK: return csdl2_button_back;
    case SDL_CONTROLLER_BUTTON_START: return csdl2_button_start;
    case SDL_CONTROLLER_BUTTON_DPAD_LEFT: return csdl2_button_left;
    case SDL_CONTROLLER_BUTTON_DPAD_RIGHT: return csdl2_button_right;
    case SDL_CONTROLLER_BUTTON_DPAD_UP: return csdl2_button_up;
    case SDL_CONTROLLER_BUTTON_DPAD_DOWN: return csdl2_button_down;
    default: return csdl2_button_other;
  }
}

static csdl2_axis axis_of(Uint8 axis) {
  switch (axis) {
    case SDL_CONTROLLER_AXIS_LEFTX: return csdl2_axis_left_x;
    case SDL_CONTROLLER_AXIS_LEFTY: return csdl2_axis_left_y;
    case SDL_CONTROLLER_AXIS_RIGHTX: return csdl2_axis_right_x;
    case SDL_CONTROLLER_AXIS_RIGHTY: return csdl2_axis_right_y;
    default: return csdl2_axis_other;
  }
}

// Whether an event of SDL's matters, and as what.
static bool translate(csdl2_window *window, const SDL_Event *source, csdl2_event *event) {
  *event = (csdl2_event){.kind = csdl2_event_quit};
  switch (source->type) {
    case SDL_QUIT:
      return true;
    case SDL_KEYDOWN:
    case SDL_KEYUP:
      event->kind = source->type == SDL_KEYDOWN ? csdl2_event_key_down : csdl2_event_key_up;
      event->position = key_at_position(source->key.keysym.scancode);
      event->symbol = key_of_symbol(source->key.keysym.sym);
      event->is_repeat = source->key.repeat != 0;
      event->shift = (source->key.keysym.mod & KMOD_SHIFT) != 0;
      return true;
    case SDL_WINDOWEVENT:
      switch (source->window.event) {
        case SDL_WINDOWEVENT_FOCUS_LOST: event->kind = csdl2_event_focus_lost; return true;
        case SDL_WINDOWEVENT_SIZE_CHANGED: event->kind = csdl2_event_resized; return true;
        case SDL_WINDOWEVENT_EXPOSED: event->kind = csdl2_event_exposed; return true;
        default: return false;
      }
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
      if (source->button.button != SDL_BUTTON_LEFT) return false;
      event->kind =
        source->type == SDL_MOUSEBUTTONDOWN ? csdl2_event_mouse_down : csdl2_event_mouse_up;
      set_mouse(window, source->button.x, source->button.y, event);
      return true;
    case SDL_MOUSEMOTION:
      if ((source->motion.state & SDL_BUTTON_LMASK) == 0) return false;
      event->kind = csdl2_event_mouse_moved;
      set_mouse(window, source->motion.x, source->motion.y, event);
      return true;
    case SDL_CONTROLLERDEVICEADDED:
      event->kind = csdl2_event_pad_connected;
      return !window->pad && open_first_pad(window);
    case SDL_CONTROLLERDEVICEREMOVED:
      if (!is_own_pad(window, source->cdevice.which)) return false;
      sdl.GameControllerClose(window->pad);
      window->pad = NULL;
      event->kind = csdl2_event_pad_disconnected;
      // Another one that is plugged in takes over.
      open_first_pad(window);
      return true;
    case SDL_CONTROLLERBUTTONDOWN:
    case SDL_CONTROLLERBUTTONUP:
      event->kind = source->type == SDL_CONTROLLERBUTTONDOWN ? csdl2_event_pad_button_down
                                                             : csdl2_event_pad_button_up;
      event->button = button_of(source->cbutton.button);
      return is_own_pad(window, source->cbutton.which);
    case SDL_CONTROLLERAXISMOTION:
      event->kind = csdl2_event_pad_axis;
      event->axis = axis_of(source->caxis.axis);
      event->deflection = source->caxis.value;
      return is_own_pad(window, source->caxis.which);
    default:
      return false;
  }
}

bool csdl2_next_event(csdl2_window *window, int32_t milliseconds, csdl2_event *event) {
  uint64_t deadline = sdl.GetTicks64() + (uint64_t)(milliseconds > 0 ? milliseconds : 0);
  for (;;) {
    SDL_Event source;
    uint64_t now = sdl.GetTicks64();
    int got = now < deadline ? sdl.WaitEventTimeout(&source, (int)(deadline - now))
                             : sdl.PollEvent(&source);
    if (!got) return false;
    // Events that do not matter must not make the wait longer.
    if (translate(window, &source, event)) return true;
  }
}

const char *csdl2_pad_name(csdl2_window *window) {
  return window->pad ? sdl.GameControllerName(window->pad) : NULL;
}
