/** The checks of what a mount needs, with a remedy for each that fails. */
@NullMarked
package dev.ninepin.daemon.doctor;

import org.jspecify.annotations.NullMarked;
