/* The address that this module's C++ static objects pass to __cxa_atexit. A module is one image, so one value will do.
 */
__attribute__((visibility("hidden"))) void *__dso_handle;
