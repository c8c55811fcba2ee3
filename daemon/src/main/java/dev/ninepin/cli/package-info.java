/** The commands. The only place that writes to standard output and error for the user. */
@NullMarked
package dev.ninepin.cli;

import org.jspecify.annotations.NullMarked;
