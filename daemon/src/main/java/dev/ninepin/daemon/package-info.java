/**
 * A mount's life: what can be mounted and how, checks, start, readiness, service, end; the control socket and the
 * status that is read over it.
 */
@NullMarked
package dev.ninepin.daemon;

import org.jspecify.annotations.NullMarked;
