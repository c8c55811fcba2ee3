package dev.ninepin.share;

/**
 * A name that was found or made.
 *
 * @param node the number by which the kernel names the file from now on, until it forgets it; never reused
 * @param attributes of the file
 */
public record Entry(long node, Attributes attributes) {}
