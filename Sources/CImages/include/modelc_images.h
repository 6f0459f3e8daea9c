#ifndef MODELC_IMAGES_H
#define MODELC_IMAGES_H
#include <stddef.h>
#include <stdint.h>

/* PNG and JPEG pictures in memory, by libpng and libjpeg. libjpeg reports errors through longjmp,
   which Swift cannot cross, so every call is finished in C. */

/* Width, height and whether there is colour; filled by modelc_image_header. */
typedef struct {
  uint32_t width;
  uint32_t height;
  int32_t is_colour;
} modelc_image_size;

/* 1 if this build can read pictures. */
int modelc_images_available(void);

/* Reads the header. Returns 0, or -1 with a NUL-terminated reason in message. */
int modelc_image_header(const uint8_t *bytes, size_t count, modelc_image_size *size,
                        char *message, size_t message_capacity);

/* Decodes into pixels: height x width x channels bytes, channels 1 (grey) or 3 (RGB); transparency
   is laid over white. The capacity must be exactly the size that the header gives. Returns 0, or -1
   with a reason. */
int modelc_image_decode(const uint8_t *bytes, size_t count, int channels, uint8_t *pixels,
                        size_t capacity, char *message, size_t message_capacity);

/* Encodes pixels as PNG; for tests. Returns the size, or 0; with pixels that need more than
   capacity bytes, 0 as well. */
size_t modelc_image_encode_png(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                               uint8_t *bytes, size_t capacity);
#endif
