#include "modelc_images.h"
#include <stdio.h>
#include <string.h>

static int fail(char *message, size_t capacity, const char *reason) {
  snprintf(message, capacity, "%s", reason);
  return -1;
}

#ifdef MODELC_IMAGES
#include <jpeglib.h>
#include <png.h>
#include <setjmp.h>

int modelc_images_available(void) { return 1; }

static int is_png(const uint8_t *bytes, size_t count) {
  return count >= 8 && png_sig_cmp(bytes, 0, 8) == 0;
}

static int is_jpeg(const uint8_t *bytes, size_t count) {
  return count >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

/* libjpeg's error manager with a way out. */
struct guarded_errors {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char reason[JMSG_LENGTH_MAX];
};

static void escape(j_common_ptr jpeg) {
  struct guarded_errors *errors = (struct guarded_errors *)jpeg->err;
  errors->base.format_message(jpeg, errors->reason);
  longjmp(errors->escape, 1);
}

/* A warning means damaged data; such a picture is refused rather than guessed at. */
static void warn(j_common_ptr jpeg, int level) {
  if (level < 0) escape(jpeg);
}

static int jpeg(const uint8_t *bytes, size_t count, modelc_image_size *size, int channels,
                uint8_t *pixels, size_t capacity, char *message, size_t message_capacity) {
  struct jpeg_decompress_struct decoder;
  struct guarded_errors errors;
  memset(&decoder, 0, sizeof decoder);
  decoder.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = escape;
  errors.base.emit_message = warn;
  errors.reason[0] = 0;
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&decoder);
    return fail(message, message_capacity, errors.reason);
  }
  jpeg_create_decompress(&decoder);
  decoder.mem->max_memory_to_use = 256L << 20;
  jpeg_mem_src(&decoder, bytes, (unsigned long)count);
  jpeg_read_header(&decoder, TRUE);
  if (size) {
    size->width = decoder.image_width;
    size->height = decoder.image_height;
    size->is_colour = decoder.num_components > 1;
    jpeg_destroy_decompress(&decoder);
    return 0;
  }
  decoder.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&decoder);
  size_t row_size = (size_t)decoder.output_width * (size_t)channels;
  if (decoder.output_components != channels || row_size * decoder.output_height != capacity) {
    jpeg_destroy_decompress(&decoder);
    return fail(message, message_capacity, "its size differs from its header's");
  }
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW row = pixels + decoder.output_scanline * row_size;
    jpeg_read_scanlines(&decoder, &row, 1);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return 0;
}

int modelc_image_header(const uint8_t *bytes, size_t count, modelc_image_size *size,
                        char *message, size_t message_capacity) {
  if (is_jpeg(bytes, count)) {
    return jpeg(bytes, count, size, 0, NULL, 0, message, message_capacity);
  }
  if (!is_png(bytes, count)) return fail(message, message_capacity, "neither PNG nor JPEG");
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, bytes, count)) {
    return fail(message, message_capacity, image.message);
  }
  size->width = image.width;
  size->height = image.height;
  size->is_colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png_image_free(&image);
  return 0;
}

int modelc_image_decode(const uint8_t *bytes, size_t count, int channels, uint8_t *pixels,
                        size_t capacity, char *message, size_t message_capacity) {
  if (is_jpeg(bytes, count)) {
    return jpeg(bytes, count, NULL, channels, pixels, capacity, message, message_capacity);
  }
  if (!is_png(bytes, count)) return fail(message, message_capacity, "neither PNG nor JPEG");
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, bytes, count)) {
    return fail(message, message_capacity, image.message);
  }
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  if ((size_t)image.width * image.height * (size_t)channels != capacity) {
    png_image_free(&image);
    return fail(message, message_capacity, "its size differs from its header's");
  }
  png_color white = {255, 255, 255};
  int done = png_image_finish_read(&image, &white, pixels, 0, NULL);
  /* A warning (1) is common and harmless; an error is 2. */
  if (!done || (image.warning_or_error & 2)) {
    int status = fail(message, message_capacity, image.message);
    png_image_free(&image);
    return status;
  }
  return 0;
}

size_t modelc_image_encode_png(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                               uint8_t *bytes, size_t capacity) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = capacity;
  return png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL) ? size : 0;
}

#else

static const char *missing = "this build cannot read pictures";

int modelc_images_available(void) { return 0; }

int modelc_image_header(const uint8_t *bytes, size_t count, modelc_image_size *size,
                        char *message, size_t message_capacity) {
  (void)bytes, (void)count, (void)size;
  return fail(message, message_capacity, missing);
}

int modelc_image_decode(const uint8_t *bytes, size_t count, int channels, uint8_t *pixels,
                        size_t capacity, char *message, size_t message_capacity) {
  (void)bytes, (void)count, (void)channels, (void)pixels, (void)capacity;
  return fail(message, message_capacity, missing);
}

size_t modelc_image_encode_png(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                               uint8_t *bytes, size_t capacity) {
  (void)pixels, (void)width, (void)height, (void)channels, (void)bytes, (void)capacity;
  return 0;
}
#endif
