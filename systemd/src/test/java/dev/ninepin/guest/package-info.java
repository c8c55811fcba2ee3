/**
 * The installed product in real guests, under systemd as PID 1. A class that is annotated with {@link
 * dev.ninepin.guest.InGuest} gets the running guest of a kind, which all classes share: {@code systemd/guest/README.md}.
 */
package dev.ninepin.guest;
