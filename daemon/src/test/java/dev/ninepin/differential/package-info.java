/** Random sequences of system calls on a mount and on a plain directory, side by side: all that is said must agree. */
@NullMarked
package dev.ninepin.differential;

import org.jspecify.annotations.NullMarked;
