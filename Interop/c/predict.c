/* Reads float32 examples from stdin, writes the model's outputs to stdout. */
#include "model.h"

#include <stdio.h>

#if defined MODEL_INPUT_COUNT && defined MODEL_OUTPUT_COUNT
static float in[MODEL_INPUT_COUNT], out[MODEL_OUTPUT_COUNT];

int main(void)
{
#ifdef MODEL_SELF_TEST
  const int failed = model_self_test();
  if (failed) {
    fprintf(stderr, "self-test: example %d differs\n", failed);
    return 1;
  }
#endif
  while (fread(in, sizeof in, 1, stdin) == 1) {
    model_predict(in, out);
    if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;
  }
  return 0;
}
#else
/* Models of several inputs or outputs only have their self-test. */
int main(void) { return model_self_test(); }
#endif
