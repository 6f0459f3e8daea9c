// Convolutions by oneDNN, on the caller's thread alone. The library is opened when first asked for,
// so that a program that convolves nothing pays nothing, and one that runs where it is missing goes
// on without it. Versions 2 and 3 of its interface differ; the difference ends in onednn.c.
#ifndef MODELC_ONEDNN_H
#define MODELC_ONEDNN_H

#include <stddef.h>

// Images lie as batch x height x width x channels, kernels as height x width x inputs x outputs,
// where a group reads channels/groups and makes outputs/groups. Dilation 1 is a dense window.
typedef struct {
  ptrdiff_t batch, channels, height, width;
  ptrdiff_t outputs, output_height, output_width;
  ptrdiff_t kernel_height, kernel_width, row_stride, column_stride, row_dilation, column_dilation;
  ptrdiff_t top, left, bottom, right, groups;
  int has_bias, clips;
} modelc_convolution_shape;

typedef struct modelc_convolution modelc_convolution;

// 1 if this build knows oneDNN and the library could be opened.
int modelc_onednn_available(void);

// A convolution of one shape: its forward product, and the gradients that are wanted. NULL where the
// library has no fast code for one of them; a plain path must serve then.
modelc_convolution *modelc_convolution_create(
  const modelc_convolution_shape *shape, int wants_kernel_gradient, int wants_image_gradient);
void modelc_convolution_destroy(modelc_convolution *convolution);

// Each returns 0, or -1 if the library reports an error.
// y <- x * w + bias, negative values replaced by 0 if the shape clips. With `keeps_kernel` the kernel
// is that of the last call, whose rearranged copy is used again.
int modelc_convolution_forward(
  modelc_convolution *convolution, const float *x, const float *w, const float *bias, float *y,
  int keeps_kernel);
// dx <- the gradient in the image of d, which is that of the bare product.
int modelc_convolution_image_gradient(
  modelc_convolution *convolution, const float *d, const float *w, float *dx);
// dw <- the gradient in the kernel.
int modelc_convolution_kernel_gradient(
  modelc_convolution *convolution, const float *x, const float *d, float *dw);

#endif
