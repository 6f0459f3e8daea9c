#ifndef MODELC_COPENBLAS_SHIM_H
#define MODELC_COPENBLAS_SHIM_H
#include <cblas.h>
#endif
