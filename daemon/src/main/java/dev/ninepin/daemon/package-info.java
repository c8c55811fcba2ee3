/**
 * The life of a mount: source and options, checks, start, readiness, service and end. Includes the control socket, and
 * the status that commands read from it.
 */
@NullMarked
package dev.ninepin.daemon;

import org.jspecify.annotations.NullMarked;
