package dev.ninepin.share;

/**
 * A file that was made and opened at once.
 *
 * @param entry its name
 * @param handle as {@link FileOperations#open} gives it
 */
public record Created(Entry entry, long handle) {}
