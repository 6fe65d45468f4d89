/* What a fuzz target offers, to libFuzzer and to the replay of the test run. */
#ifndef WAITLIST_TESTS_FUZZ_H
#define WAITLIST_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The name and signature are libFuzzer's. Ends the program when a promise is broken; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
