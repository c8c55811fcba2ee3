/** The life of a mount: start, readiness, service and end, in the foreground or as a daemon. */
@NullMarked
package dev.ninepin.daemon.life;

import org.jspecify.annotations.NullMarked;
