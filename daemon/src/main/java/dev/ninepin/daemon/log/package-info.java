/** The format and the place of log lines. */
@NullMarked
package dev.ninepin.daemon.log;

import org.jspecify.annotations.NullMarked;
