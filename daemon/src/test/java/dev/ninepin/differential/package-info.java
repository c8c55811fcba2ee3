/**
 * Differential tests: random sequences of system calls run on a mount and on a plain directory, and the results must
 * agree.
 */
@NullMarked
package dev.ninepin.differential;

import org.jspecify.annotations.NullMarked;
