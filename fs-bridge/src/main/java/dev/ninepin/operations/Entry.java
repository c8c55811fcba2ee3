package dev.ninepin.operations;

/**
 * The result of a lookup or of the creation of a file.
 *
 * @param node the number by which the kernel identifies the file until it forgets it; never reused
 * @param attributes the file's attributes
 * @param ageNanos the time since the server was asked for the name and the attributes, in nanoseconds, if that was
 *     before this operation began; else 0
 */
public record Entry(long node, Attributes attributes, long ageNanos) {
    /** Creates an entry that this operation has requested, or predicted. */
    public Entry(final long node, final Attributes attributes) {
        this(node, attributes, 0);
    }
}
