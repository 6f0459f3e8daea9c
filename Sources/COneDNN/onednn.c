#include "modelc_onednn.h"

#ifndef MODELC_ONEDNN

int modelc_onednn_available(void) { return 0; }
modelc_convolution *modelc_convolution_create(
  const modelc_convolution_shape *shape, int wants_kernel_gradient, int wants_image_gradient) {
  (void)shape, (void)wants_kernel_gradient, (void)wants_image_gradient;
  return NULL;
}
void modelc_convolution_destroy(modelc_convolution *convolution) { (void)convolution; }
int modelc_convolution_forward(
  modelc_convolution *convolution, const float *x, const float *w, const float *bias, float *y,
  int keeps_kernel) {
  (void)convolution, (void)x, (void)w, (void)bias, (void)y, (void)keeps_kernel;
  return -1;
}
int modelc_convolution_image_gradient(
  modelc_convolution *convolution, const float *d, const float *w, float *dx) {
  (void)convolution, (void)d, (void)w, (void)dx;
  return -1;
}
int modelc_convolution_kernel_gradient(
  modelc_convolution *convolution, const float *x, const float *d, float *dw) {
  (void)convolution, (void)x, (void)d, (void)dw;
  return -1;
}

#else

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t layout_view;
#define VIEW(l) (l)
#define OF_VERSION(f)                                                                    \
  f(memory_desc_create_with_tag) f(memory_desc_destroy) f(memory_desc_equal)             \
  f(convolution_forward_primitive_desc_create)                                           \
  f(convolution_backward_data_primitive_desc_create)                                     \
  f(convolution_backward_weights_primitive_desc_create)
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_view;
#define VIEW(l) (&(l))
#define OF_VERSION(f)                                                                    \
  f(memory_desc_init_by_tag) f(memory_desc_equal) f(primitive_desc_create)               \
  f(dilated_convolution_forward_desc_init) f(dilated_convolution_backward_data_desc_init) \
  f(dilated_convolution_backward_weights_desc_init)
#endif

#define ALL(f)                                                                           \
  f(version) f(engine_create) f(stream_create) f(stream_wait) f(primitive_attr_create)   \
  f(primitive_attr_destroy) f(primitive_attr_set_post_ops)                               \
  f(primitive_attr_set_scratchpad_mode) f(post_ops_create)                               \
  f(post_ops_destroy) f(post_ops_append_eltwise) f(primitive_desc_query_md)              \
  f(primitive_desc_query) f(primitive_desc_destroy) f(primitive_create) f(primitive_execute)    \
  f(primitive_destroy) f(reorder_primitive_desc_create) f(memory_create)                 \
  f(memory_set_data_handle) f(memory_destroy) OF_VERSION(f)

// The library's functions, under their own names without the prefix.
#define DECLARE(name) __typeof__(&dnnl_##name) name;
static struct { ALL(DECLARE) } dnn;
static dnnl_engine_t engine;
static void (*set_thread_count)(int);
static int is_available;

static void open_library(void) {
  void *library = dlopen("libdnnl.so." TEXT(DNNL_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define FIND(name) \
  if (!(dnn.name = (__typeof__(dnn.name))dlsym(library, "dnnl_" #name))) return;
  ALL(FIND)
  // Present where the library runs on OpenMP; the thread pool and sequential builds have no such count.
  set_thread_count = (void (*)(int))dlsym(library, "omp_set_num_threads");
  is_available = dnn.version()->major == DNNL_VERSION_MAJOR
    && dnn.engine_create(&engine, dnnl_cpu, 0) == dnnl_success;
}

int modelc_onednn_available(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return is_available;
}

// The count belongs to the calling thread; callers share work by batches, not inside a product.
static void use_one_thread(void) {
  if (set_thread_count) set_thread_count(1);
}

enum { IMAGE, KERNEL, BIAS, RESULT, ROLES };

// One primitive with its memories; the kernel may have another layout inside than outside. Scratch
// space is the primitive's own: the library's belongs to the thread that made the primitive, and
// others may run or destroy it.
typedef struct {
  dnnl_primitive_t primitive, reorder;
  dnnl_memory_t memory[ROLES], plain_kernel, scratch, reorder_scratch;
} product;

struct modelc_convolution {
  dnnl_stream_t stream;
  product forward, image_gradient, kernel_gradient;
};

static void free_product(product *p) {
  if (p->primitive) dnn.primitive_destroy(p->primitive);
  if (p->reorder) dnn.primitive_destroy(p->reorder);
  for (int i = 0; i < ROLES; i++) if (p->memory[i]) dnn.memory_destroy(p->memory[i]);
  if (p->plain_kernel) dnn.memory_destroy(p->plain_kernel);
  if (p->scratch) dnn.memory_destroy(p->scratch);
  if (p->reorder_scratch) dnn.memory_destroy(p->reorder_scratch);
}

void modelc_convolution_destroy(modelc_convolution *convolution) {
  if (!convolution) return;
  free_product(&convolution->forward);
  free_product(&convolution->image_gradient);
  free_product(&convolution->kernel_gradient);
  free(convolution);
}

// The four tensors of a convolution as the caller lays them, and with the kernel's layout left open.
typedef struct {
  layout image, kernel, open_kernel, bias, result;
  dnnl_dims_t strides, dilations, before, after;
  int has_bias;
} description;

static int lay(layout *l, int order, const dnnl_dims_t extents, dnnl_format_tag_t tag) {
#if DNNL_VERSION_MAJOR >= 3
  return dnn.memory_desc_create_with_tag(l, order, extents, dnnl_f32, tag) == dnnl_success;
#else
  return dnn.memory_desc_init_by_tag(l, order, extents, dnnl_f32, tag) == dnnl_success;
#endif
}

static void forget(description *d) {
#if DNNL_VERSION_MAJOR >= 3
  layout all[] = {d->image, d->kernel, d->open_kernel, d->bias, d->result};
  for (int i = 0; i < 5; i++) if (all[i]) dnn.memory_desc_destroy(all[i]);
#else
  (void)d;
#endif
}

static int describe(description *d, const modelc_convolution_shape *s) {
  memset(d, 0, sizeof *d);
  const dnnl_dims_t image = {s->batch, s->channels, s->height, s->width};
  const dnnl_dims_t result = {s->batch, s->outputs, s->output_height, s->output_width};
  const dnnl_dims_t bias = {s->outputs};
  const ptrdiff_t inputs = s->channels / s->groups, outputs = s->outputs / s->groups;
  const dnnl_dims_t kernel = {s->outputs, inputs, s->kernel_height, s->kernel_width};
  const dnnl_dims_t grouped = {s->groups, outputs, inputs, s->kernel_height, s->kernel_width};
  const int is_grouped = s->groups > 1, order = is_grouped ? 5 : 4;
  d->strides[0] = s->row_stride, d->strides[1] = s->column_stride;
  d->dilations[0] = s->row_dilation - 1, d->dilations[1] = s->column_dilation - 1;
  d->before[0] = s->top, d->before[1] = s->left;
  d->after[0] = s->bottom, d->after[1] = s->right;
  d->has_bias = s->has_bias;
  return lay(&d->image, 4, image, dnnl_nhwc) && lay(&d->result, 4, result, dnnl_nhwc)
    && lay(&d->bias, 1, bias, dnnl_a)
    && lay(&d->kernel, order, is_grouped ? grouped : kernel, is_grouped ? dnnl_hwigo : dnnl_hwio)
    && lay(&d->open_kernel, order, is_grouped ? grouped : kernel, dnnl_format_tag_any);
}

typedef enum { FORWARD, IMAGE_GRADIENT, KERNEL_GRADIENT } pass;

static dnnl_primitive_desc_t chosen(
  pass which, const description *d, dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attributes) {
  dnnl_primitive_desc_t result = NULL;
  const dnnl_alg_kind_t direct = dnnl_convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  const layout_view bias = d->has_bias ? d->bias : NULL;
  if (which == FORWARD) {
    dnn.convolution_forward_primitive_desc_create(
      &result, engine, dnnl_forward_training, direct, d->image, d->open_kernel, bias, d->result,
      d->strides, d->dilations, d->before, d->after, attributes);
  } else if (which == IMAGE_GRADIENT) {
    dnn.convolution_backward_data_primitive_desc_create(
      &result, engine, direct, d->image, d->open_kernel, d->result, d->strides, d->dilations,
      d->before, d->after, hint, attributes);
  } else {
    dnn.convolution_backward_weights_primitive_desc_create(
      &result, engine, direct, d->image, d->open_kernel, NULL, d->result, d->strides, d->dilations,
      d->before, d->after, hint, attributes);
  }
#else
  dnnl_convolution_desc_t wanted;
  dnnl_status_t status;
  if (which == FORWARD) {
    status = dnn.dilated_convolution_forward_desc_init(
      &wanted, dnnl_forward_training, direct, &d->image, &d->open_kernel,
      d->has_bias ? &d->bias : NULL, &d->result, d->strides, d->dilations, d->before, d->after);
  } else if (which == IMAGE_GRADIENT) {
    status = dnn.dilated_convolution_backward_data_desc_init(
      &wanted, direct, &d->image, &d->open_kernel, &d->result, d->strides, d->dilations, d->before,
      d->after);
  } else {
    status = dnn.dilated_convolution_backward_weights_desc_init(
      &wanted, direct, &d->image, &d->open_kernel, NULL, &d->result, d->strides, d->dilations,
      d->before, d->after);
  }
  if (status == dnnl_success) {
    dnn.primitive_desc_create(&result, &wanted, attributes, engine, hint);
  }
#endif
  return result;
}

// Implementations called "ref" are for checking and far slower than a product over gathered rows.
static int is_fast(dnnl_primitive_desc_t chosen) {
  const char *name = NULL;
  return dnn.primitive_desc_query(chosen, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name
    && strncmp(name, "ref", 3) != 0 && strncmp(name, "gemm:ref", 8) != 0;
}

static int remember(dnnl_memory_t *memory, layout_view l, void *values) {
  return dnn.memory_create(memory, l, engine, values) == dnnl_success;
}

// Scratch space that the caller hands over, and clipping of the result if asked for.
static dnnl_primitive_attr_t settings(int clips) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t after = NULL;
  if (dnn.primitive_attr_create(&attributes) != dnnl_success) return NULL;
  int is_set =
    dnn.primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success;
  if (is_set && clips && (is_set = dnn.post_ops_create(&after) == dnnl_success)) {
#if DNNL_VERSION_MAJOR >= 3
    is_set = dnn.post_ops_append_eltwise(after, dnnl_eltwise_relu, 0, 0) == dnnl_success;
#else
    is_set = dnn.post_ops_append_eltwise(after, 1, dnnl_eltwise_relu, 0, 0) == dnnl_success;
#endif
    is_set = is_set && dnn.primitive_attr_set_post_ops(attributes, after) == dnnl_success;
    dnn.post_ops_destroy(after);
  }
  if (is_set) return attributes;
  dnn.primitive_attr_destroy(attributes);
  return NULL;
}

// Makes a primitive and the scratch space that it asks for.
static int realise(dnnl_primitive_t *primitive, dnnl_memory_t *scratch, dnnl_primitive_desc_t desc) {
  return dnn.primitive_create(primitive, desc) == dnnl_success
    && remember(scratch, dnn.primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0), DNNL_MEMORY_ALLOCATE);
}

static int reordering(product *p, layout_view from, layout_view to) {
  dnnl_primitive_desc_t desc = NULL;
  const dnnl_primitive_attr_t attributes = settings(0);
  const int is_made = attributes
    && dnn.reorder_primitive_desc_create(&desc, from, engine, to, engine, attributes) == dnnl_success
    && realise(&p->reorder, &p->reorder_scratch, desc);
  if (desc) dnn.primitive_desc_destroy(desc);
  if (attributes) dnn.primitive_attr_destroy(attributes);
  return is_made;
}

static int make(product *p, pass which, const description *d, dnnl_primitive_desc_t desc) {
  if (!desc || !is_fast(desc) || !realise(&p->primitive, &p->scratch, desc)) return 0;
  const layout_view inner = dnn.primitive_desc_query_md(
    desc, which == KERNEL_GRADIENT ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
  if (!remember(&p->memory[IMAGE], VIEW(d->image), DNNL_MEMORY_NONE)
    || !remember(&p->memory[RESULT], VIEW(d->result), DNNL_MEMORY_NONE)
    || !remember(&p->memory[BIAS], VIEW(d->bias), DNNL_MEMORY_NONE)
    || !remember(&p->plain_kernel, VIEW(d->kernel), DNNL_MEMORY_NONE)) return 0;
  if (dnn.memory_desc_equal(inner, VIEW(d->kernel))) {
    return remember(&p->memory[KERNEL], inner, DNNL_MEMORY_NONE);
  }
  // Blocked layouts pad channels: the library allocates what they need.
  if (!remember(&p->memory[KERNEL], inner, DNNL_MEMORY_ALLOCATE)) return 0;
  return which == KERNEL_GRADIENT ? reordering(p, inner, VIEW(d->kernel))
                                  : reordering(p, VIEW(d->kernel), inner);
}

// The stream is shared: it holds nothing but its engine, and work on it is done when a call returns.
static dnnl_stream_t only_stream(void) {
  static dnnl_stream_t stream;
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  if (!stream) dnn.stream_create(&stream, engine, dnnl_stream_default_flags);
  pthread_mutex_unlock(&lock);
  return stream;
}

modelc_convolution *modelc_convolution_create(
  const modelc_convolution_shape *shape, int wants_kernel_gradient, int wants_image_gradient) {
  if (!modelc_onednn_available()) return NULL;
  use_one_thread();
  modelc_convolution *convolution = calloc(1, sizeof *convolution);
  const dnnl_primitive_attr_t attributes = settings(shape->clips), plain = settings(0);
  dnnl_primitive_desc_t forward = NULL, image = NULL, kernel = NULL;
  description d;
  int is_made =
    convolution && describe(&d, shape) && (convolution->stream = only_stream()) && attributes && plain;
  if (is_made) {
    forward = chosen(FORWARD, &d, NULL, attributes);
    is_made = make(&convolution->forward, FORWARD, &d, forward);
  }
  if (is_made && wants_kernel_gradient) {
    kernel = chosen(KERNEL_GRADIENT, &d, forward, plain);
    is_made = make(&convolution->kernel_gradient, KERNEL_GRADIENT, &d, kernel);
  }
  if (is_made && wants_image_gradient) {
    image = chosen(IMAGE_GRADIENT, &d, forward, plain);
    is_made = make(&convolution->image_gradient, IMAGE_GRADIENT, &d, image);
  }
  if (forward) dnn.primitive_desc_destroy(forward);
  if (image) dnn.primitive_desc_destroy(image);
  if (kernel) dnn.primitive_desc_destroy(kernel);
  if (attributes) dnn.primitive_attr_destroy(attributes);
  if (plain) dnn.primitive_attr_destroy(plain);
  if (convolution) forget(&d);
  if (is_made) return convolution;
  modelc_convolution_destroy(convolution);
  return NULL;
}

static int point(dnnl_memory_t memory, const float *values) {
  // The interface has no constant memories; operands are only read.
  return dnn.memory_set_data_handle(memory, (void *)values) == dnnl_success;
}

static int reordered(const product *p, dnnl_stream_t stream, dnnl_memory_t from, dnnl_memory_t to) {
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, p->reorder_scratch}};
  return dnn.primitive_execute(p->reorder, stream, 3, arguments) == dnnl_success;
}

// Brings the caller's kernel into the layout inside.
static int take_kernel(product *p, dnnl_stream_t stream, const float *w) {
  if (!p->reorder) return point(p->memory[KERNEL], w);
  return point(p->plain_kernel, w) && reordered(p, stream, p->plain_kernel, p->memory[KERNEL]);
}

int modelc_convolution_forward(
  modelc_convolution *convolution, const float *x, const float *w, const float *bias, float *y,
  int keeps_kernel) {
  use_one_thread();
  product *p = &convolution->forward;
  if (!(keeps_kernel && p->reorder) && !take_kernel(p, convolution->stream, w)) return -1;
  if (!point(p->memory[IMAGE], x) || !point(p->memory[RESULT], y)) return -1;
  if (bias && !point(p->memory[BIAS], bias)) return -1;
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, p->memory[IMAGE]}, {DNNL_ARG_WEIGHTS, p->memory[KERNEL]},
    {DNNL_ARG_DST, p->memory[RESULT]}, {DNNL_ARG_SCRATCHPAD, p->scratch},
    {DNNL_ARG_BIAS, p->memory[BIAS]}};
  return dnn.primitive_execute(p->primitive, convolution->stream, bias ? 5 : 4, arguments) == dnnl_success
    && dnn.stream_wait(convolution->stream) == dnnl_success ? 0 : -1;
}

int modelc_convolution_image_gradient(
  modelc_convolution *convolution, const float *d, const float *w, float *dx) {
  use_one_thread();
  product *p = &convolution->image_gradient;
  if (!take_kernel(p, convolution->stream, w) || !point(p->memory[IMAGE], dx)
    || !point(p->memory[RESULT], d)) return -1;
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_DIFF_DST, p->memory[RESULT]}, {DNNL_ARG_WEIGHTS, p->memory[KERNEL]},
    {DNNL_ARG_DIFF_SRC, p->memory[IMAGE]}, {DNNL_ARG_SCRATCHPAD, p->scratch}};
  return dnn.primitive_execute(p->primitive, convolution->stream, 4, arguments) == dnnl_success
    && dnn.stream_wait(convolution->stream) == dnnl_success ? 0 : -1;
}

int modelc_convolution_kernel_gradient(
  modelc_convolution *convolution, const float *x, const float *d, float *dw) {
  use_one_thread();
  product *p = &convolution->kernel_gradient;
  if (!point(p->memory[IMAGE], x) || !point(p->memory[RESULT], d)) return -1;
  if (!p->reorder && !point(p->memory[KERNEL], dw)) return -1;
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, p->memory[IMAGE]}, {DNNL_ARG_DIFF_DST, p->memory[RESULT]},
    {DNNL_ARG_DIFF_WEIGHTS, p->memory[KERNEL]}, {DNNL_ARG_SCRATCHPAD, p->scratch}};
  if (dnn.primitive_execute(p->primitive, convolution->stream, 4, arguments) != dnnl_success) return -1;
  if (p->reorder && !(point(p->plain_kernel, dw)
    && reordered(p, convolution->stream, p->memory[KERNEL], p->plain_kernel))) return -1;
  return dnn.stream_wait(convolution->stream) == dnnl_success ? 0 : -1;
}

#endif
