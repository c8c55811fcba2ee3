/**
 * Tests of the installed product in real guests, with systemd as PID 1. A class annotated with {@link
 * dev.ninepin.guest.InGuest} gets a running guest of the kind that it names. All classes of a kind share one guest. See
 * {@code systemd/guest/README.md}.
 */
package dev.ninepin.guest;
