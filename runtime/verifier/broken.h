/* broken(condition) marks every check of the verifier: true when a rule is broken.
 *
 * test/verifier/mutate.py builds the verifier again and again, each time with one of a file's checks switched off
 * (BH_VERIFY_WITHOUT is its number, counted from 0 in the order of the text), and demands that a test fails. In a
 * normal build it is the condition itself.
 */
#ifndef BULKHEAD_VERIFIER_BROKEN_H
#define BULKHEAD_VERIFIER_BROKEN_H

#ifdef BH_VERIFY_WITHOUT
#define broken(condition) (__COUNTER__ != BH_VERIFY_WITHOUT && (condition))
#else
#define broken(condition) (condition)
#endif

#endif
