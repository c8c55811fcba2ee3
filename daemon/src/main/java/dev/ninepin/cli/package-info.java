/** The commands. Only this package writes to standard output and standard error for the user. */
@NullMarked
package dev.ninepin.cli;

import org.jspecify.annotations.NullMarked;
