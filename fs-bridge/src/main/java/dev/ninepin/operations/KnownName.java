package dev.ninepin.operations;

import dev.ninepin.p9.ByteString;

/**
 * A name for which the kernel was given a node.
 *
 * @param parent the node ID of the directory
 * @param name the name in the directory
 */
public record KnownName(long parent, ByteString name) {}
