/**
 * Tests of the installed product in real guests, with systemd as PID 1. A class annotated with {@link
 * dev.ninepin.guest.InGuest} gets the running guest of a kind, which all classes share. See {@code
 * systemd/guest/README.md}.
 */
package dev.ninepin.guest;
