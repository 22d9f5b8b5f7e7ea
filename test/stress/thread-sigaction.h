/* Included before the files of handlers where ThreadSanitizer is used: see CMakeLists.txt. The struct keeps its name. */
#define sigaction(signal, set, get) stress_sigaction(signal, set, get)
