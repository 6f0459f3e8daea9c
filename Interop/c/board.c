/* The same on an emulated board: the examples are in the image, the outputs go through semihosting. */
#include "model.h"

#include <stdint.h>

#include "examples.h" /* EXAMPLES and `static const float examples[EXAMPLES][MODEL_INPUT_COUNT]` */

static float out[MODEL_OUTPUT_COUNT];

static int call(int operation, const void *argument)
{
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void say(const char *text) { call(0x04, text); }

int main(void)
{
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < EXAMPLES; i++) {
    char line[8 * MODEL_OUTPUT_COUNT + 2], *end = line;
    model_predict(examples[i], out);
    for (int j = 0; j < MODEL_OUTPUT_COUNT; j++) {
      union { float value; uint32_t bits; } number;
      number.value = out[j];
      for (int shift = 28; shift >= 0; shift -= 4) *end++ = digits[number.bits >> shift & 15];
    }
    *end++ = '\n';
    *end = 0;
    say(line);
  }
  return 0;
}

/* Start-up: memory, the floating-point unit, main, and the end of the emulation. */
extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

void reset(void)
{
  volatile uint32_t *const access = (uint32_t *)0xE000ED88; /* CPACR */
  for (uint32_t *from = data_load, *to = data_start; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  *access |= 0xFu << 20;
  __asm__ volatile("dsb\n isb");
  const uint32_t block[2] = {0x20026, (uint32_t)main()};
  call(0x20, block); /* SYS_EXIT_EXTENDED */
  for (;;) {}
}

static void fault(void)
{
  static const uint32_t block[2] = {0x20024, 99};
  say("fault\n");
  call(0x20, block);
  for (;;) {}
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))(uintptr_t)stack_top, reset, fault, fault, fault, fault, fault};
