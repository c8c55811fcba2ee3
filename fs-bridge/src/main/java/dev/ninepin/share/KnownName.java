package dev.ninepin.share;

import dev.ninepin.p9.ByteString;

/**
 * A name that the kernel was given a node for.
 *
 * @param parent the node of the directory
 */
public record KnownName(long parent, ByteString name) {}
