// Convolutions with dense 3x3 windows by Winograd's minimal filtering F(2x2, 3x3): 16 products of
// matrices where the plain way takes 36. Written for processors with 32 vector registers; the caller
// asks `modelc_has_wide_registers` first. Source: Lavin and Gray, "Fast algorithms for convolutional
// neural networks", 2016.
#ifndef MODELC_WINOGRAD_H
#define MODELC_WINOGRAD_H

#include <stddef.h>

// Images lie as height x width x channels; `top` and `left` are the pixels of padding before them.
// Inputs and outputs must be at least 16 each.
typedef struct {
  ptrdiff_t height, width, inputs, result_height, result_width, outputs, top, left;
} modelc_winograd;

// Floats of scratch space, a multiple of which need not be cleared.
ptrdiff_t modelc_winograd_scratch(const modelc_winograd *window);

// u [16 x inputs x outputs] <- the kernel w [3 x 3 x inputs x outputs] transformed.
void modelc_winograd_kernel(ptrdiff_t inputs, ptrdiff_t outputs, const float *w, float *u);
// u [16 x outputs x inputs] <- the same of w turned by 180 degrees, with inputs and outputs exchanged:
// the kernel that makes an image's gradient of the result's.
void modelc_winograd_turned_kernel(ptrdiff_t inputs, ptrdiff_t outputs, const float *w, float *u);

// y <- x * w for `batch` images, plus bias unless that is null; with `clips` negative values become 0.
void modelc_winograd_product(
  const modelc_winograd *window, ptrdiff_t batch, const float *x, const float *u, const float *bias,
  int clips, float *scratch, float *y);

// u [16 x inputs x outputs] <- the transformed kernel's gradient for images x and gradients d.
void modelc_winograd_gradient(
  const modelc_winograd *window, ptrdiff_t batch, const float *x, const float *d, float *scratch,
  float *u);
// g [3 x 3 x inputs x outputs] <- the kernel's gradient of the transformed kernel's, added if `adds`.
void modelc_winograd_kernel_gradient(
  ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *u, float *g);

#endif
