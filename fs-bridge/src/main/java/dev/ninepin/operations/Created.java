package dev.ninepin.operations;

/**
 * A file that was created and opened by one request.
 *
 * @param entry the file's entry
 * @param handle the handle, as from {@link FileOperations#open}
 */
public record Created(Entry entry, long handle) {}
