package dev.ninepin.operations;

/**
 * The result of a lookup or of the creation of a file.
 *
 * @param node the number by which the kernel identifies the file until it forgets it; never reused
 * @param attributes the file's attributes
 */
public record Entry(long node, Attributes attributes) {}
