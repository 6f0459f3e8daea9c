#ifndef MODELC_CHDF5_SHIM_H
#define MODELC_CHDF5_SHIM_H
#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Most of libhdf5's constants are macros that first call H5open(); Swift cannot import those, so
   each that is needed has a function here. */
static inline hid_t modelc_h5p_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t modelc_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t modelc_h5p_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t modelc_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t modelc_h5t_ieee_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t modelc_h5t_ieee_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t modelc_h5t_c_s1(void) { return H5T_C_S1; }
static inline hid_t modelc_h5t_std_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t modelc_h5t_std_u8le(void) { return H5T_STD_U8LE; }

static inline unsigned modelc_h5f_acc_trunc(void) { return H5F_ACC_TRUNC; }
static inline hid_t modelc_h5p_default(void) { return H5P_DEFAULT; }
static inline hid_t modelc_h5s_all(void) { return H5S_ALL; }

/* Error printing is switched off per thread, so before every call; filter plug-ins named by the
   environment are never loaded. libhdf5 1.10 crashes in its exit handler once the closing of a file
   has failed, as on a full disk; files are closed one by one here, so there is nothing to do at exit. */
static inline void modelc_h5_prepare(void) {
  H5dont_atexit();
  H5open();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5Eclear2(H5E_DEFAULT);
  H5PLset_loading_state(0);
}

typedef struct {
  char *text;
  size_t size;
} modelc_h5_report;

static inline herr_t modelc_h5_append(unsigned n, const H5E_error2_t *entry, void *context) {
  modelc_h5_report *report = (modelc_h5_report *)context;
  const char *text = entry->desc != NULL ? entry->desc : "";
  size_t length = strlen(text);
  (void)n;
  if (length + 2 > report->size) return 0;
  memcpy(report->text, text, length);
  report->text[length] = '\n';
  report->text[length + 1] = 0;
  report->text += length + 1;
  report->size -= length + 1;
  return 0;
}

/* Writes the error stack's descriptions, innermost first, one a line, into a buffer. */
static inline void modelc_h5_errors(char *buffer, size_t size) {
  modelc_h5_report report = {buffer, size};
  if (size > 0) buffer[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, modelc_h5_append, &report);
}

/* H5Tset_cset and H5Tset_strpad for the two kinds of text that are written. */
static inline herr_t modelc_h5_make_text(hid_t type, size_t size, bool padded) {
  if (H5Tset_size(type, size == 0 ? H5T_VARIABLE : size) < 0) return -1;
  if (H5Tset_strpad(type, padded ? H5T_STR_NULLPAD : H5T_STR_NULLTERM) < 0) return -1;
  return H5Tset_cset(type, H5T_CSET_UTF8);
}
#endif
